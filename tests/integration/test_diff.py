"""What changed between two versions, by the API and on its page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents.models import DocumentVersion
from documents.types import Status
from documents.views import comparing
from tests.integration.factories import Api, assert_problem, work
from tests.integration.pages import browser, html_of, text_of
from tests.integration.versions import wren_of_three
from tests.samples import pdf_bytes

pytestmark = pytest.mark.django_db

BEFORE = b"""Rules

Ferries leave at nine in the morning.

Dogs need a ticket of their own.

Adult | 5
Child | 3"""
AFTER = b"""Rules

Ferries leave at eight in the morning.

Adult | 5
Child | 3
Senior | 4"""


@pytest.fixture
def rules(ada: Api) -> dict[str, Any]:
    """A document with two versions."""
    document = ada.ready("rules.txt", BEFORE)
    ada.add_version(document["id"], "rules.txt", AFTER)
    work()
    return document


def _diff(api: Api, document: dict[str, Any], **query: Any) -> Any:
    return api.get(f"/api/documents/{document['id']}/diff", **query)


def _page(user: Any, document: dict[str, Any], **query: Any) -> Any:
    return browser(user).get(reverse("document_diff", args=[document["id"]]), query)


# --- the API --------------------------------------------------------------------------


def test_the_changes_come_by_kind_with_their_text(ada: Api, rules: dict[str, Any]) -> None:
    body = _diff(ada, rules, **{"from": 1, "to": 2}).json()
    assert (body["document"], body["from"], body["to"]) == (rules["id"], 1, 2)
    assert body["stats"] == {"unchanged": 3, "added": 1, "removed": 1, "reworded": 1, "moved": 0}
    kinds = [change["kind"] for change in body["changes"]]
    assert kinds == ["reworded", "removed", "added"]
    assert body["changes"][2]["to"]["text"] == "Senior | 4"
    assert body["changes"][2]["from"] is None


def test_every_place_is_the_text_at_its_offsets(ada: Api, rules: dict[str, Any]) -> None:
    texts = {"from": ada.content(rules["id"], 1), "to": ada.content(rules["id"], 2)}
    for change in _diff(ada, rules).json()["changes"]:
        for side, text in texts.items():
            if place := change[side]:
                assert text[place["start"] : place["end"]] == place["text"]
            for run in change["words"]:
                if run[side]:
                    assert run["kind"] == "same" or text[slice(*run[side])] == run["text"]


def test_the_words_that_changed_are_told(ada: Api, rules: dict[str, Any]) -> None:
    (reworded, *_) = _diff(ada, rules).json()["changes"]
    words = [(run["kind"], run["text"]) for run in reworded["words"]]
    assert words[1:3] == [("removed", "nine "), ("added", "eight ")]


def test_without_numbers_the_present_version_is_compared_with_the_one_before(ada: Api) -> None:
    document = wren_of_three(ada)
    body = _diff(ada, document).json()
    assert (body["from"], body["to"]) == (2, 3)
    body = _diff(ada, document, to=2).json()
    assert (body["from"], body["to"]) == (1, 2)


def test_a_version_that_failed_is_passed_over(ada: Api) -> None:
    document = wren_of_three(ada)
    DocumentVersion.objects.filter(number=2).update(status=Status.FAILED)
    body = _diff(ada, document).json()
    assert (body["from"], body["to"]) == (1, 3)
    problem = assert_problem(_diff(ada, document, **{"from": 2, "to": 3}), 404)
    assert problem["detail"] == "There is no version 2 that could be compared."


def test_a_comparison_may_look_back(ada: Api, rules: dict[str, Any]) -> None:
    body = _diff(ada, rules, **{"from": 2, "to": 1}).json()
    assert (body["stats"]["added"], body["stats"]["removed"]) == (1, 1)
    assert body["changes"][0]["words"][1]["text"] == "eight "


def test_a_version_compared_with_itself_has_not_changed(ada: Api, rules: dict[str, Any]) -> None:
    body = _diff(ada, rules, **{"from": 1, "to": 1}).json()
    assert (body["count"], body["changes"]) == (0, [])


def test_a_single_version_has_nothing_to_be_compared_with(ada: Api) -> None:
    problem = assert_problem(_diff(ada, ada.ready()), 404)
    assert problem["detail"] == "There is no earlier version to compare with."


@pytest.mark.parametrize("wrong", ["x", "0", "-1", "1.5"])
def test_a_number_that_is_none_is_explained(ada: Api, rules: dict[str, Any], wrong: str) -> None:
    assert_problem(_diff(ada, rules, **{"from": wrong, "to": 2}), 400)


@pytest.mark.parametrize("number", [3, 2**31, 2**70])
def test_a_number_too_high_is_not_found(ada: Api, rules: dict[str, Any], number: int) -> None:
    assert_problem(_diff(ada, rules, **{"from": 1, "to": number}), 404)


def test_many_changes_come_in_pages(ada: Api, rules: dict[str, Any]) -> None:
    first = _diff(ada, rules, page_size=2).json()
    assert (first["count"], len(first["changes"]), first["previous"]) == (3, 2, None)
    second = ada.client.get(first["next"]).json()
    assert (len(second["changes"]), second["next"]) == (1, None)
    assert second["stats"] == first["stats"]


def test_a_change_in_a_pdf_names_its_pages(ada: Api) -> None:
    pages = ["The heron eats eels in the reeds.", "The kite eats carrion on the road."]
    document = ada.ready("birds.pdf", pdf_bytes(pages))
    pages[1] = "The kite eats carrion on the hill."
    ada.add_version(document["id"], "birds.pdf", pdf_bytes(["A first page.", *pages]))
    work()
    (reworded,) = (c for c in _diff(ada, document).json()["changes"] if c["words"])
    assert (reworded["from"]["page"], reworded["to"]["page"]) == (2, 3)


def test_a_strangers_comparison_is_a_404_like_that_of_a_random_id(
    bob: Api, rules: dict[str, Any]
) -> None:
    theirs = assert_problem(_diff(bob, rules), 404)
    random = assert_problem(_diff(bob, {"id": "0" * 32}), 404)
    assert theirs | {"request_id": ""} == random | {"request_id": ""}


# --- the page -------------------------------------------------------------------------


def test_the_page_shows_what_went_and_what_came(ada: Api, rules: dict[str, Any]) -> None:
    page = html_of(_page(ada.user, rules, **{"from": 1, "to": 2}))
    assert "<ins>Senior | 4</ins>" in page
    assert "<del>Dogs need a ticket of their own.</del>" in page
    assert '<del><span class="spoken">removed: </span>nine</del> <ins>' in page
    assert "1 passage added · 1 removed · 1 reworded · 3 unchanged" in page


def test_each_change_leads_to_its_place_in_both_texts(ada: Api, rules: dict[str, Any]) -> None:
    page = html_of(_page(ada.user, rules))
    (change, *_) = _diff(ada, rules).json()["changes"]
    for number, side in ((1, "from"), (2, "to")):
        url = reverse("passage", args=[rules["id"], number])
        place = change[side]
        assert f"{url}?start={place['start']}&amp;end={place['end']}#passage" in page


def test_the_versions_can_be_chosen(ada: Api) -> None:
    document = wren_of_three(ada)
    page = html_of(_page(ada.user, document, **{"from": 1, "to": 3}))
    assert '<option value="1" selected>Version 1, 10 Jan 2026</option>' in page
    assert "seven" in page
    assert "eleven" in page


def test_the_table_of_versions_leads_to_the_changes(ada: Api, rules: dict[str, Any]) -> None:
    page = html_of(browser(ada.user).get(reverse("document", args=[rules["id"]])))
    url = reverse("document_diff", args=[rules["id"]])
    assert f'href="{url}?to=2"' in page
    assert "Changes<span" in page
    assert f'href="{url}?to=1"' not in page
    assert f'href="/?document={rules["id"]}&amp;as_of=1"' in page


def test_versions_that_are_equal_are_said_to_be(ada: Api, rules: dict[str, Any]) -> None:
    page = text_of(_page(ada.user, rules, **{"from": 2, "to": 2}))
    assert "Nothing changed: all 5 passages are the same." in page
    first = text_of(_page(ada.user, rules, to=1))
    assert "Nothing changed" in first


def test_one_version_has_nothing_to_show_yet(ada: Api) -> None:
    assert "only one version" in text_of(_page(ada.user, ada.ready()))


def test_text_of_a_document_stays_text(ada: Api) -> None:
    document = ada.ready("x.txt", b"Plain words stand here for all to read.")
    evil = b"Plain words <script>alert(1)</script> stand here for all to read."
    ada.add_version(document["id"], "x.txt", evil + b"\n\n<img src=x>")
    work()
    page = html_of(_page(ada.user, document))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


def test_many_changes_come_on_several_pages(
    ada: Api, rules: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "SHOWN", 2)
    page = html_of(_page(ada.user, rules))
    assert 'href="?from=1&amp;to=2&amp;page=2"' in page
    assert "Senior" in text_of(_page(ada.user, rules, page=2))
    assert "Senior" in text_of(_page(ada.user, rules, page=99))


@pytest.mark.parametrize("query", [{"from": "x"}, {"to": "9"}, {"from": "-1"}, {"to": "9" * 30}])
def test_a_page_of_versions_that_are_not_there_is_not_found(
    ada: Api, rules: dict[str, Any], query: dict[str, str]
) -> None:
    assert _page(ada.user, rules, **query).status_code == 404


def test_the_page_costs_the_same_for_many_versions(ada: Api) -> None:
    document = wren_of_three(ada)
    client = browser(ada.user)
    few = _queries(client, document)
    for number in range(4, 12):
        ada.add_version(document["id"], "v.txt", f"Version {number}.".encode())
    work()
    assert _queries(client, document) == few


def _queries(client: Client, document: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("document_diff", args=[document["id"]]), {"from": 1, "to": 2})
    return len(captured)
