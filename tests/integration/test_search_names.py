"""A search looks first where the question points, and copies are shown once."""

from __future__ import annotations

from typing import Any

import pytest

from documents.models import Document
from documents.search import titles
from documents.search.hybrid import search
from documents.search.scope import Within, scope_for
from documents.search.titles import named_documents
from documents.types import Mode, Outcome
from tests.integration.factories import Api, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

REPORT = "The inventories of {0} rose to {1} million in the year. {0} sells things."
FIRMS = ["Boeing", "Verizon", "Nikon", "Pepsico", "Amcor", "Pfizer"]
ASKED = "What were Boeing's inventories in 2022?"


@pytest.fixture
def reports(ada: Api) -> Api:
    for number, firm in enumerate(FIRMS):
        ada.upload((f"{firm.upper()}_2022_10K.txt", REPORT.format(firm, number).encode()))
    work()
    return ada


def _named(user: Any, question: str, **within: Any) -> list[str]:
    scope = scope_for(user, Within(**within))
    return [pointed.title for pointed in named_documents(user, scope, question)]


def test_the_document_that_is_named_comes_first_and_is_told(reports: Api) -> None:
    result = search(reports.user, ASKED, explain=True)
    assert result.hits[0].document_title == "BOEING 2022 10K"
    assert result.trace is not None
    assert result.trace.scoped_to == ("BOEING 2022 10K",)


def test_the_others_are_still_found(reports: Api) -> None:
    assert len(search(reports.user, ASKED).hits) == len(FIRMS)


def test_a_question_that_names_nothing_points_nowhere(reports: Api) -> None:
    trace = search(reports.user, "Which inventories rose?", explain=True).trace
    assert trace is not None
    assert trace.scoped_to == ()


def test_titles_of_others_are_never_found_or_told(reports: Api, bob: Api) -> None:
    bob.upload(("garden.txt", b"The inventories of the garden."))
    work()
    assert _named(bob.user, ASKED) == []
    trace = search(bob.user, ASKED, explain=True).trace
    assert trace is not None
    assert trace.scoped_to == ()


def test_what_is_kept_of_titles_gives_way_to_what_is_visible_now(reports: Api) -> None:
    assert _named(reports.user, ASKED) == ["BOEING 2022 10K"]
    kept = dict(titles._ready)
    Document.objects.filter(title="BOEING 2022 10K").update(retired_at="2026-01-01T00:00Z")
    titles._ready.update(kept)
    assert _named(reports.user, ASKED) == []


def test_a_new_title_is_known_at_once(reports: Api) -> None:
    assert _named(reports.user, "What does Siemens build?") == []
    reports.upload(("SIEMENS_2022_10K.txt", b"Siemens builds engines."))
    work()
    assert _named(reports.user, "What does Siemens build?") == ["SIEMENS 2022 10K"]


def test_documents_named_by_the_caller_are_not_named_again(reports: Api) -> None:
    document = Document.objects.get(title="PEPSICO 2022 10K")
    assert _named(reports.user, ASKED, documents=[document.pk]) == []


def test_a_name_that_stands_everywhere_is_a_topic(reports: Api) -> None:
    for number in range(3):
        text = f"Note {number}: everybody compares itself with Boeing, also here."
        reports.upload((f"note{number}.txt", text.encode()))
    work()
    trace = search(reports.user, ASKED, explain=True).trace
    assert trace is not None
    assert trace.scoped_to == ()


def test_too_many_documents_are_searched_without_names(
    reports: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles._ready.clear()
    monkeypatch.setattr(titles, "MOST_TITLES", 2)
    assert _named(reports.user, ASKED) == []
    titles._ready.clear()


# --- copies ---------------------------------------------------------------------------


COPY = "The keeper counts the nests of the wren every spring and writes them down. " * 4


@pytest.fixture
def twice(ada: Api) -> Api:
    ada.upload(("one.txt", COPY.encode()))
    ada.upload(("two.txt", f"{COPY}\n".encode()))
    ada.upload(("else.txt", b"A wren and a nest."))
    work()
    return ada


def test_the_same_text_in_two_documents_is_shown_once(twice: Api) -> None:
    result = search(twice.user, "nests of the wren", explain=True)
    assert len(result.hits) == 2
    assert result.trace is not None
    outcomes = [item.outcome for item in result.trace.candidates]
    assert sorted(outcomes) == [Outcome.DUPLICATE, Outcome.USED, Outcome.USED]


def test_one_channel_alone_shows_them_all(twice: Api) -> None:
    assert len(search(twice.user, "nests of the wren", mode=Mode.KEYWORD).hits) == 3
