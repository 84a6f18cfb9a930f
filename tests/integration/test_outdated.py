"""Answers that grow old: what they rest on, and what came since."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chat.models import Message
from chat.selectors import answers_of
from documents.models import Document, Membership
from documents.types import Role
from tests.integration.factories import Api, work
from tests.integration.pages import browser, html_of, text_of
from tests.integration.versions import QUESTION, add, text, wren_of_three
from tests.samples import scanned_pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document with one version."""
    return ada.ready(data=text(1))


def _again(api: Api, answer: dict[str, Any]) -> dict[str, Any]:
    return dict(api.get(f"/api/messages/{answer['id']}").json())


def _conversation(api: Api, answer: dict[str, Any]) -> Any:
    url = reverse("conversation", args=[answer["conversation_id"]])
    return browser(api.user).get(url)


def test_a_new_answer_rests_on_what_is_current(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION).json()
    assert answer["outdated"] is False
    assert answer["based_on"] == [
        {
            "document_id": wren["id"],
            "title": "wren",
            "version": 1,
            "current_version": 1,
            "versions": 1,
            "state": "current",
        }
    ]
    assert "Based on" not in text_of(_conversation(ada, answer))


def test_after_a_new_version_the_answer_says_what_it_rests_on(
    ada: Api, wren: dict[str, Any]
) -> None:
    answer = ada.ask(QUESTION).json()
    add(ada, wren, 2)
    now = _again(ada, answer)
    assert now["outdated"] is True
    (source,) = now["based_on"]
    assert (source["version"], source["current_version"], source["state"]) == (1, 2, "superseded")
    for citation in now["citations"]:
        assert (citation["version"], citation["current_version"]) == (1, 2)
        assert (citation["versions"], citation["outdated"]) == (2, True)
    assert now["answer"] == answer["answer"]


def test_the_page_says_so_and_leads_to_what_changed(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION).json()
    for number in (2, 3):
        add(ada, wren, number)
    page = _conversation(ada, answer)
    assert "Based on version 1 of 3 of “wren”" in text_of(page)
    changes = f"{reverse('document_diff', args=[wren['id']])}?from=1&amp;to=3"
    assert f'href="{changes}">what changed</a>' in html_of(page)
    assert reverse("message_again", args=[answer["id"]]) in html_of(page)
    assert "Ask again" in text_of(page)


def test_a_version_that_is_read_or_failed_makes_no_answer_old(
    ada: Api, wren: dict[str, Any]
) -> None:
    answer = ada.ask(QUESTION).json()
    ada.add_version(wren["id"], "scan.pdf", scanned_pdf_bytes())
    waiting = _again(ada, answer)
    work()
    failed = _again(ada, answer)
    for seen in (waiting, failed):
        assert seen["outdated"] is False
        assert (seen["citations"][0]["current_version"], seen["citations"][0]["versions"]) == (1, 2)


def test_an_answer_of_a_day_is_not_nagged_about_newer_versions(ada: Api) -> None:
    wren_of_three(ada)
    answer = ada.ask(QUESTION, as_of="2026-01-20").json()
    assert (answer["outdated"], answer["based_on"][0]["state"]) == (False, "superseded")
    page = text_of(_conversation(ada, answer))
    assert "As of 20 January 2026" in page
    assert "Based on version" not in page
    assert "Based on" not in page


def test_an_answer_of_a_version_says_which(ada: Api) -> None:
    document = wren_of_three(ada)
    answer = ada.ask(QUESTION, as_of="2", documents=[document["id"]]).json()
    assert "As of version 2" in text_of(_conversation(ada, answer))


def test_after_a_deletion_the_answer_names_what_is_gone(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION).json()
    ada.delete(f"/api/documents/{wren['id']}")
    now = _again(ada, answer)
    assert now["outdated"] is True
    assert now["based_on"] == [
        {
            "document_id": None,
            "title": "wren",
            "version": 1,
            "current_version": None,
            "versions": None,
            "state": "deleted",
        }
    ]
    page = text_of(_conversation(ada, answer))
    assert "“wren” was deleted since" in page
    assert "Ask again" in page
    assert "seven eggs" not in page


def test_what_a_reader_may_no_longer_see_is_not_named(
    ada: Api, bob: Api, wren: dict[str, Any]
) -> None:
    collection = wren["collection"]["id"]
    Membership.objects.create(collection_id=collection, user=bob.user, role=Role.VIEWER)
    answer = bob.ask(QUESTION, documents=[wren["id"]]).json()
    Membership.objects.filter(user=bob.user, collection_id=collection).delete()
    (source,) = _again(bob, answer)["based_on"]
    assert (source["document_id"], source["state"]) == (None, "deleted")
    assert "wren" not in source["title"]
    assert "or you may no longer read it" in text_of(_conversation(bob, answer))


def test_another_reader_is_not_told_the_name_of_what_was_deleted(
    ada: Api, bob: Api, wren: dict[str, Any]
) -> None:
    ada.ask(QUESTION)
    ada.delete(f"/api/documents/{wren['id']}")
    ((theirs,), (own,)) = (answers_of(Message.objects.all(), api.user) for api in (bob, ada))
    assert own["based_on"][0]["title"] == "wren"
    assert "wren" not in str((theirs["based_on"], theirs["citations"]))


def test_a_deletion_is_told_of_an_answer_of_a_day_as_well(ada: Api) -> None:
    document = wren_of_three(ada)
    answer = ada.ask(QUESTION, as_of="2026-01-20").json()
    ada.delete(f"/api/documents/{document['id']}")
    assert _again(ada, answer)["outdated"] is True
    assert "was deleted since" in text_of(_conversation(ada, answer))


def test_many_answers_cost_no_more_queries_than_one(ada: Api, wren: dict[str, Any]) -> None:
    for name in ("heron", "kite"):
        ada.ready(f"{name}.txt", f"The {name} lays many eggs in April.".encode())
    ada.ask(QUESTION)
    add(ada, wren, 2)
    one = _queries(ada)
    for _ in range(3):
        ada.ask(QUESTION)
    Document.objects.filter(title="kite").delete()
    assert _queries(ada) <= one + 1  # one more looks up whose answers lost a source


def _queries(api: Api) -> int:
    with CaptureQueriesContext(connection) as captured:
        answers_of(Message.objects.select_related("conversation"), api.user)
    return len(captured)
