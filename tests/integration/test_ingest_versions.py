"""Versions: the last ready one answers, whatever becomes of the next."""

from __future__ import annotations

from typing import Any

import pytest

from documents.errors import ServiceError
from documents.ingest import lease as leases
from documents.ingest import pipeline
from documents.ingest.drain import drain
from documents.ingest.indexing import index_chunks, vectors_of
from documents.models import Chunk, Document, DocumentVersion, Embedding, VersionText
from documents.selectors import configured_embedder, search_index
from documents.types import Scope
from tests.integration.factories import WREN, Api, assert_problem, shelf, work
from tests.samples import pdf_bytes, scanned_pdf_bytes

pytestmark = pytest.mark.django_db

HERON = b"The heron of Low Mere\n\nThe heron stands still for hours. It eats eels and frogs."
KITE = b"The kite of Brown Tor\n\nThe kite circles above the road. It eats carrion."


def _texts(api: Api, query: str) -> set[tuple[int, str]]:
    return {(hit["version"], hit["text"]) for hit in api.found(query)}


def _claim(owner: str = "somebody") -> leases.Lease:
    lease = leases.claim(owner)
    assert lease is not None
    return lease


def test_a_new_version_is_told_with_202_and_the_document(ada: Api) -> None:
    document = ada.ready()
    response = ada.add_version(document["id"], "heron.txt", HERON)
    assert response.status_code == 202
    body = response.json()
    assert (body["id"], body["version"], body["versions"]) == (document["id"], 2, 2)
    assert (body["status"], body["current_version"], body["duplicate"]) == ("queued", 1, False)


def test_the_first_version_answers_while_the_second_waits(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "heron.txt", HERON)
    assert _texts(ada, "eggs in April heron eels") == {(1, WREN.decode())}


def test_the_first_version_answers_until_the_moment_of_the_switch(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, seen = ada.ready(), []
    switch = pipeline.switch

    def watched(*args: Any) -> None:
        seen.append(_texts(ada, "eggs heron eels"))
        switch(*args)

    monkeypatch.setattr(pipeline, "switch", watched)
    ada.add_version(document["id"], "heron.txt", HERON)
    work()
    assert seen == [{(1, WREN.decode())}]
    assert _texts(ada, "eggs heron eels") == {(2, HERON.decode())}


def test_after_the_switch_the_second_version_answers(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "heron.txt", HERON)
    work()
    now = ada.document(document["id"])
    assert (now["version"], now["current_version"], now["status"]) == (2, 2, "ready")
    assert now["filename"] == "heron.txt"


def test_the_first_version_stays_readable_for_ever(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "heron.txt", HERON)
    work()
    assert ada.content(document["id"], 1) == WREN.decode()
    assert ada.content(document["id"], 2) == HERON.decode()
    path = f"/api/documents/{document['id']}/versions"
    rows = {row["number"]: row for row in ada.get(path).json()["results"]}
    assert (rows[1]["current"], rows[2]["current"]) == (False, True)
    assert rows[1]["superseded_at"] == rows[2]["ready_at"]


def test_a_second_version_that_fails_leaves_the_first_answering(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "scan.pdf", scanned_pdf_bytes())
    work()
    now = ada.document(document["id"])
    assert (now["status"], now["error"]["code"], now["current_version"]) == ("failed", "no_text", 1)
    assert _texts(ada, "eggs in April") == {(1, WREN.decode())}


def test_versions_that_finish_out_of_order_leave_the_newest_answering(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "heron.txt", HERON)
    ada.add_version(document["id"], "kite.txt", KITE)
    second, third = _claim("slow"), _claim("fast")
    pipeline.process(third)
    pipeline.process(second)
    assert ada.document(document["id"])["current_version"] == 3
    assert _texts(ada, "wren heron kite eats") == {(3, KITE.decode())}
    late = DocumentVersion.objects.get(number=2)
    assert (late.status, late.superseded_at) == ("ready", late.ready_at)


def test_the_same_bytes_as_the_newest_version_add_none(ada: Api) -> None:
    document = ada.ready()
    response = ada.add_version(document["id"], "again.txt", WREN)
    assert (response.status_code, response.json()["duplicate"]) == (202, True)
    assert response.json()["versions"] == 1


def test_an_earlier_version_may_come_back_as_a_new_one(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "heron.txt", HERON)
    ada.add_version(document["id"], "wren.txt", WREN)
    work()
    assert ada.document(document["id"])["current_version"] == 3
    assert _texts(ada, "eggs in April") == {(3, WREN.decode())}


def test_a_passage_that_both_versions_share_is_embedded_once(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [f"Page {n}. " + f"Fact number {n} about the garden. " * 12 for n in range(4)]
    document = ada.ready("a.pdf", pdf_bytes(pages), title="Garden")
    sent = _counted(monkeypatch)
    pages[2] = "Something else altogether. " * 12
    ada.add_version(document["id"], "a.pdf", pdf_bytes(pages))
    work()
    total = Chunk.objects.filter(version__number=2).count()
    assert 0 < len(sent) < total


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of texts that the embedder will have been sent."""
    embedder, sent = configured_embedder(), list[str]()
    embed = embedder.embed_documents

    def counted(texts: Any) -> Any:
        sent.extend(texts)
        return embed(texts)

    monkeypatch.setattr(embedder, "embed_documents", counted)
    return sent


# --- failing and trying again ---------------------------------------------------------


def test_a_failed_version_says_why_and_can_be_tried_again(ada: Api) -> None:
    document = ada.ready("scan.pdf", scanned_pdf_bytes())
    assert document["error"]["code"] == "no_text"
    assert document["error"]["message"].endswith(".")
    response = ada.post(f"/api/documents/{document['id']}/retry")
    assert (response.status_code, response.json()["status"]) == (202, "queued")
    assert response.json()["error"] is None


def test_what_has_not_failed_cannot_be_tried_again(ada: Api) -> None:
    document = ada.ready()
    assert_problem(ada.post(f"/api/documents/{document['id']}/retry"), 409, "conflict")


def test_a_failed_version_leaves_nothing_in_the_index(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    before = (search_index().counts(), Chunk.objects.count())

    def broken(*args: Any) -> None:
        raise ServiceError

    monkeypatch.setattr(pipeline, "switch", broken)
    assert ada.ready("heron.txt", HERON)["status"] == "failed"
    assert (search_index().counts(), Chunk.objects.count()) == before


def test_a_fault_that_may_pass_is_tried_three_times(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def broken(*args: Any) -> None:
        tries.append(1)
        raise ServiceError("The embedder is away.")

    monkeypatch.setattr(pipeline, "index_chunks", broken)
    document = ada.ready()
    assert (len(tries), document["status"]) == (3, "failed")
    assert document["error"] == {"code": "unavailable", "message": "The embedder is away."}


def test_an_unforeseen_error_ends_in_a_reason_without_its_inside(
    ada: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("secret-inside")

    monkeypatch.setattr(pipeline, "write_chunks", broken)
    document = ada.ready()
    assert document["status"] == "failed"
    assert "secret-inside" not in str(document)
    assert "unexpected error" in caplog.text


# --- rename and move ------------------------------------------------------------------


def test_a_new_title_is_found_after_the_worker_has_passed(ada: Api) -> None:
    document = ada.ready()
    ada.patch(f"/api/documents/{document['id']}", {"title": "Zaunkönig ledger"})
    assert ada.found("ledger", mode="keyword") == []
    work()
    (hit,) = ada.found("ledger", mode="keyword")
    assert hit["document"] == {"id": document["id"], "title": "Zaunkönig ledger"}
    assert ada.found("hollow fell", mode="keyword")  # the text itself still says so


def test_a_renamed_document_keeps_its_name_through_new_versions(ada: Api) -> None:
    document = ada.ready()
    ada.patch(f"/api/documents/{document['id']}", {"title": "Mine", "author": "Me"})
    ada.add_version(document["id"], "x.pdf", pdf_bytes(["Text."], title="Its", author="It"))
    work()
    now = ada.document(document["id"])
    assert (now["title"], now["author"]) == ("Mine", "Me")


def test_refreshing_a_title_leaves_no_vector_behind(ada: Api) -> None:
    document = ada.ready()
    before = search_index().counts()
    ada.patch(f"/api/documents/{document['id']}", {"title": "Another"})
    work()
    assert search_index().counts() == before
    ada.delete(f"/api/documents/{document['id']}")
    work()
    assert _left() == {}


def test_a_title_refreshed_too_late_does_not_bring_an_old_version_back(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = ada.ready()
    ada.patch(f"/api/documents/{document['id']}", {"title": "Another"})

    def overtaken(*args: Any) -> Any:
        monkeypatch.undo()
        ada.add_version(document["id"], "heron.txt", HERON)
        work()
        return vectors_of(*args)

    monkeypatch.setattr("documents.ingest.titles.vectors_of", overtaken)
    work()
    scope = Scope(frozenset({document["collection"]["id"]}))
    found = [hit.chunk_id for hit in search_index().keyword("wren heron", scope, 10)]
    numbers = Chunk.objects.filter(pk__in=found).values_list("version__number", flat=True)
    assert list(numbers) == [2]


def _left() -> dict[str, int]:
    models = (Document, DocumentVersion, VersionText, Chunk, Embedding)
    return {m.__name__: m.objects.count() for m in models if m.objects.exists()}


def test_a_document_that_moves_is_found_in_its_new_collection_alone(ada: Api) -> None:
    document, birds = ada.ready(), shelf(ada.user, "Birds")
    ada.add_version(document["id"], "heron.txt", HERON)
    work()
    response = ada.patch(f"/api/documents/{document['id']}", {"collection": birds.slug})
    assert response.json()["collection"]["slug"] == "birds"
    assert ada.found("heron eels", collection="birds")
    assert ada.found("heron eels", collection=document["collection"]["slug"]) == []


def test_a_document_moved_while_it_is_read_lands_in_its_new_collection(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    birds = shelf(ada.user, "Birds")
    (document,) = ada.upload(("wren.txt", WREN)).json()["documents"]

    def moved(*args: Any) -> None:
        ada.patch(f"/api/documents/{document['id']}", {"collection": birds.slug})
        index_chunks(*args)

    monkeypatch.setattr(pipeline, "index_chunks", moved)
    work()
    assert ada.found("eggs in April", collection="birds")
    assert ada.found("eggs in April", collection=document["collection"]["slug"]) == []


def test_a_document_cannot_move_beside_its_twin(ada: Api) -> None:
    document, birds = ada.ready(), shelf(ada.user, "Birds")
    ada.ready(collection="birds")
    response = ada.patch(f"/api/documents/{document['id']}", {"collection": birds.slug})
    assert_problem(response, 409, "conflict")
    assert ada.document(document["id"])["collection"] == document["collection"]


@pytest.mark.parametrize("title", ["", "   ", "\u200b", "\u0007"])
def test_a_document_cannot_lose_its_title(ada: Api, title: str) -> None:
    document = ada.ready()
    assert_problem(ada.patch(f"/api/documents/{document['id']}", {"title": title}), 400)
    assert ada.document(document["id"])["title"] == "wren"


def test_a_change_of_what_may_not_be_changed_is_ignored(ada: Api) -> None:
    document = ada.ready()
    wanted = {"id": "x", "status": "failed", "created_by": 1, "size": 1, "version": 9}
    assert ada.patch(f"/api/documents/{document['id']}", wanted).status_code == 200
    assert ada.document(document["id"]) | {"updated_at": 0} == document | {"updated_at": 0}


def test_a_worker_that_finds_nothing_does_nothing(ada: Api) -> None:
    assert drain("somebody") == 0
