"""People take turns: nobody waits behind all that somebody else has queued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from documents.ingest import lease as leases
from documents.ingest import turns
from documents.models import Document, DocumentVersion, Turn
from documents.services.collections import collection_default
from documents.services.folders import file_take_in
from documents.types import Status
from tests.integration.factories import Api, person, shelf, work

pytestmark = pytest.mark.django_db


def queued(user: Any, count: int, **fields: Any) -> list[int]:
    """Queue files of a person, without writing them, and return the ids of the versions."""
    collection = shelf(user, f"Shelf of {user} {DocumentVersion.objects.count()}")
    rows = [Document(collection=collection, title=f"Document {n}") for n in range(count)]
    documents = Document.objects.bulk_create(rows)
    given = {"queued_for": user.pk, "uploaded_by": user} | fields
    made = DocumentVersion.objects.bulk_create(
        DocumentVersion(
            document=document, number=1, filename="x.txt", media_type="text/plain", size=1,
            sha256="0" * 64, original="00/x", **given,
        )
        for document in documents
    )  # fmt: skip
    return [version.pk for version in made]


def claimed(count: int = 1) -> list[int]:
    """Claim the next versions, none of which is given back, and return their ids."""
    found = (leases.claim("me") for _ in range(count))
    return [lease.version_id for lease in found if lease is not None]


def finish() -> None:
    DocumentVersion.objects.filter(status=Status.PROCESSING).update(status=Status.READY)


@pytest.fixture
def alice() -> Any:
    return person("alice")


@pytest.fixture
def bob() -> Any:
    return person("bob")


def test_one_file_is_claimed_next_whatever_another_has_queued(alice: Any, bob: Any) -> None:
    queued(alice, 1000)
    claimed(2)
    (his,) = queued(bob, 1)
    assert claimed() == [his]


def test_two_with_many_files_take_turns(alice: Any, bob: Any) -> None:
    hers, his = queued(alice, 3), queued(bob, 3)
    order = []
    for _ in range(6):
        order += claimed()
        finish()
    assert order == [hers[0], his[0], hers[1], his[1], hers[2], his[2]]


def test_who_has_the_fewest_running_goes_first(alice: Any, bob: Any) -> None:
    hers = queued(alice, 4)
    claimed(2)
    his = queued(bob, 3)
    assert claimed(3) == [his[0], his[1], hers[2]]


def test_files_uploaded_by_hand_go_before_a_folder_of_the_same_person(alice: Any) -> None:
    queued(alice, 20, in_bulk=True)
    (by_hand,) = queued(alice, 1)
    assert claimed() == [by_hand]


def test_a_folder_of_somebody_else_still_has_its_turn(alice: Any, bob: Any) -> None:
    folder, by_hand = queued(alice, 2, in_bulk=True), queued(bob, 2)
    assert sorted(claimed(2)) == sorted([folder[0], by_hand[0]])


def test_recognition_waits_until_nothing_else_does(alice: Any, bob: Any) -> None:
    (scan,) = queued(bob, 1, needs_recognition=True)
    hers = queued(alice, 2)
    assert claimed(3) == [*hers, scan]


def test_what_is_being_deleted_keeps_nobody_from_a_turn(alice: Any, bob: Any) -> None:
    gone, left = queued(alice, 2)
    Document.objects.filter(versions__pk=gone).update(deleting=True)
    (his,) = queued(bob, 1)
    Turn.objects.create(queued_for=bob.pk, served=7)
    assert claimed(3) == [left, his]


def test_somebody_new_goes_before_who_was_served(alice: Any, bob: Any) -> None:
    queued(alice, 2)
    claimed()
    finish()
    (his,) = queued(bob, 1)
    assert claimed() == [his]


def test_a_turn_is_counted_once_a_claim(alice: Any) -> None:
    queued(alice, 3)
    claimed(2)
    assert Turn.objects.get().served == 2


def test_an_upload_takes_the_turn_of_who_sent_it(ada: Api) -> None:
    ada.upload(("a.txt", b"First."))
    version = DocumentVersion.objects.get()
    assert (version.queued_for, version.in_bulk) == (ada.user.pk, False)
    assert work() == 1


def test_a_folder_is_taken_in_behind_what_is_uploaded_by_hand(ada: Api, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    for text in (b"First.", b"First, again."):
        file.write_bytes(text)
        collection = collection_default(ada.user)
        assert file_take_in(user=ada.user, collection=collection, path=file).error is None
    assert {version.in_bulk for version in DocumentVersion.objects.all()} == {True}
    by_hand = ada.upload(("b.txt", b"Second.")).json()["documents"][0]["id"]
    (first,) = claimed()
    assert str(DocumentVersion.objects.get(pk=first).document_id) == by_hand


def test_the_turn_outlives_the_account(ada: Api) -> None:
    ada.upload(("a.txt", b"First."))
    number = ada.user.pk
    ada.user.delete()
    assert DocumentVersion.objects.get().queued_for == number
    assert len(claimed()) == 1


def test_the_next_is_found_by_index_alone(alice: Any) -> None:
    queued(alice, 50)
    plan = turns.explained()
    assert sum("USING COVERING INDEX version_by_turn" in line for line in plan) >= 2
    assert any("USING COVERING INDEX version_processing" in line for line in plan)
    assert not [line for line in plan if line.startswith("SCAN documents_")]


def test_a_claim_costs_as_many_queries_with_many_waiting_as_with_few(alice: Any) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            claimed()
        return len(captured)

    queued(alice, 2)
    few = cost()
    queued(alice, 500)
    assert cost() == few
