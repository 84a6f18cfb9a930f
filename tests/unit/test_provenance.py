"""How an answer stands to the library as it is now."""

from __future__ import annotations

from typing import Any

import pytest

from chat.provenance import Source, SourceState, Standing, provenance

CURRENT = Source("a", "Wren", 2, Standing(2, 2))
OLD = Source("a", "Wren", 1, Standing(3, 4))
GONE = Source(None, "Heron", 1, None)
ASKED_THEN = {"as_of": {"asked": "2026-01-31", "moment": None, "version": None}}


@pytest.mark.parametrize(
    ("source", "state"),
    [
        (CURRENT, SourceState.CURRENT),
        (OLD, SourceState.SUPERSEDED),
        (GONE, SourceState.DELETED),
        (Source("a", "Wren", 1, Standing(1, 2)), SourceState.CURRENT),
        (Source("a", "Wren", 1, Standing(None, 1)), SourceState.CURRENT),
    ],
)
def test_a_version_is_current_until_a_newer_one_answers(source: Source, state: SourceState) -> None:
    assert source.state is state


def test_a_citation_says_what_answers_now_and_how_many_there_are() -> None:
    assert OLD.age() == {"current_version": 3, "versions": 4, "outdated": True}
    assert CURRENT.age() == {"current_version": 2, "versions": 2, "outdated": False}
    assert GONE.age() == {"current_version": None, "versions": None, "outdated": True}


def test_what_is_gone_shows_no_id() -> None:
    assert Source("a", "Heron", 1, None).shown()["document_id"] is None


def test_each_version_is_listed_once_in_the_order_of_the_citations() -> None:
    listed = provenance([OLD, CURRENT, OLD, GONE], {})["based_on"]
    assert [(s["title"], s["version"], s["state"]) for s in listed] == [
        ("Wren", 1, "superseded"),
        ("Wren", 2, "current"),
        ("Heron", 1, "deleted"),
    ]


@pytest.mark.parametrize(
    ("sources", "scope", "outdated"),
    [
        ([], {}, False),
        ([CURRENT], {}, False),
        ([CURRENT, OLD], {}, True),
        ([GONE], {}, True),
        ([OLD], ASKED_THEN, False),
        ([OLD, GONE], ASKED_THEN, True),
        ([OLD], {"as_of": None}, True),
    ],
)
def test_an_answer_is_outdated_by_what_it_was_not_asked_for(
    sources: list[Source], scope: dict[str, Any], outdated: bool
) -> None:
    assert provenance(sources, scope)["outdated"] is outdated


@pytest.mark.parametrize(
    ("scope", "asked"), [({}, None), ({"as_of": None}, None), (ASKED_THEN, "2026-01-31")]
)
def test_an_answer_tells_the_time_it_was_asked_of(scope: dict[str, Any], asked: str | None) -> None:
    assert provenance([], scope)["as_of"] == asked
