"""How moments, versions and reworded passages look on a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.forms import MomentInput
from documents.services.comparison import WordRun
from documents.templatetags.versions import moment, rewording
from documents.text.diff import WordKind
from documents.types import AsOf

END = datetime(2026, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
NOON = datetime(2026, 5, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        (AsOf(moment=END, asked="2026-05-31"), "31 May 2026"),
        (AsOf(moment=NOON, asked="2026-05-31T12:00"), "31 May 2026, 12:00 UTC"),
        (AsOf(moment=NOON, asked="2026-05-31"), "31 May 2026"),
        (AsOf(moment=NOON, asked="2999-01-01"), "31 May 2026, 12:00 UTC"),
        (AsOf(version=2, asked="v2"), "version 2"),
    ],
)
def test_a_state_that_was_is_said_as_people_say_it(as_of: AsOf, said: str) -> None:
    assert moment(as_of) == said


def _run(kind: WordKind, text: str) -> WordRun:
    return WordRun(kind, text, (0, 1), (0, 1))


def _shown(*runs: tuple[WordKind, str]) -> str:
    html = str(rewording(_run(kind, text) for kind, text in runs))
    for said in ("removed: ", "added: "):
        html = html.replace(f'<span class="spoken">{said}</span>', "")
    return html


def test_what_went_stands_apart_from_what_came() -> None:
    runs = [(WordKind.REMOVED, "nine"), (WordKind.ADDED, "eight"), (WordKind.SAME, ", sharp")]
    assert _shown(*runs) == "<del>nine</del> <ins>eight</ins>, sharp"


def test_space_after_a_word_is_not_struck_out() -> None:
    runs = [(WordKind.SAME, "at "), (WordKind.REMOVED, "about "), (WordKind.SAME, "nine")]
    assert _shown(*runs) == "at <del>about</del> nine"


def test_words_of_a_document_stay_words() -> None:
    assert _shown((WordKind.ADDED, "<b>")) == "<ins>&lt;b&gt;</ins>"
    assert _shown((WordKind.SAME, "<b>")) == "&lt;b&gt;"


def test_a_change_is_told_to_who_cannot_see_it() -> None:
    html = rewording([_run(WordKind.REMOVED, "x"), _run(WordKind.ADDED, "y")])
    assert "removed: </span>x</del>" in html
    assert "added: </span>y</ins>" in html


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (None, "date", None),
        ("", "date", None),
        ("2026-05-31", "date", "2026-05-31"),
        ("2026-05-31T12:00", "datetime-local", "2026-05-31T12:00"),
        ("2026-05-31 12:00:01", "datetime-local", "2026-05-31T12:00:01"),
        ("2026-05-31T12:00Z", "text", "2026-05-31T12:00Z"),
        ("v2", "text", "v2"),
    ],
)
def test_the_field_for_a_time_can_show_what_it_holds(
    value: str | None, kind: str, shown: str | None
) -> None:
    widget = MomentInput().get_context("as_of", value, {})["widget"]
    assert (widget["type"], widget["value"]) == (kind, shown)
