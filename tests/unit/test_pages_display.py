"""Marks in passages, portions of texts, and times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from documents.templatetags.display import (
    EXCERPT,
    ago,
    kind_name,
    marked,
    part_name,
    percent,
    stage_name,
)
from documents.types import MediaType, Stage
from documents.views.reading import PORTION, boundaries, portion


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(seconds=50), "1 minute ago"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(minutes=59, seconds=50), "1 hour ago"),
        (timedelta(hours=23, minutes=50), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=-90), None),
        (timedelta(hours=-5), "in 5 hours"),
    ],
)
def test_a_time_is_said_as_people_say_it(past: timedelta, said: str | None) -> None:
    shown = ago(timezone.now() - past)
    assert said is None or f">{said}</time>" in shown


def test_a_time_long_ago_is_a_date_with_the_exact_time_on_hover() -> None:
    shown = ago(datetime(2019, 3, 5, 14, 30, 1, tzinfo=UTC))
    assert shown == (
        '<time datetime="2019-03-05T14:30:01+00:00" title="5 March 2019, 14:30:01 UTC">'
        "5 Mar 2019</time>"
    )


def test_no_time_is_nothing() -> None:
    assert ago(None) == ""


def test_every_stage_and_every_kind_of_file_has_a_name() -> None:
    assert len({stage_name(stage) for stage in Stage}) == len(Stage)
    assert len({kind_name(kind) for kind in MediaType}) == len(MediaType)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(MediaType.PPTX, "slide"), (MediaType.ODS, "sheet"), (MediaType.PDF, "page"), ("", "page")],
)
def test_a_numbered_part_is_called_what_people_call_it(kind: str, name: str) -> None:
    assert part_name(kind) == name


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0 %"), (0.426, "43 %"), (1.0, "100 %")])
def test_a_share_is_rounded(value: float, shown: str) -> None:
    assert percent(value) == shown


# --- marks --------------------------------------------------------------------------


def test_spans_are_marked_and_everything_is_escaped() -> None:
    assert marked("a <b> & c", [(2, 5)]) == "a <mark>&lt;b&gt;</mark> &amp; c"


def test_overlapping_and_disordered_spans_become_one_mark() -> None:
    assert marked("abcdef", [(3, 5), (1, 4)]) == "a<mark>bcde</mark>f"


@pytest.mark.parametrize("span", [(5, 2), (9, 12), (-3, 0), (3, 3)])
def test_a_span_that_marks_nothing_is_left_out(span: tuple[int, int]) -> None:
    assert marked("abc", [span]) == "abc"


def test_a_long_passage_is_cut_around_its_first_mark() -> None:
    text = "word " * 300 + "wren " + "word " * 300
    shown = marked(text, [(1500, 1504)])
    assert "<mark>wren</mark>" in shown
    assert shown.startswith("…word")
    assert len(shown) < EXCERPT + 40


def test_a_short_passage_is_shown_whole() -> None:
    assert marked("Wrens sing.", []) == "Wrens sing."


# --- portions -----------------------------------------------------------------------


def test_portions_put_together_are_the_text() -> None:
    text = "".join(f"Line {i} of a long text.\n\n" for i in range(4000))
    begins = boundaries(text, [])
    parts = [portion(text, [], number=n) for n in range(1, len(begins) + 1)]
    assert "".join(p.before + p.passage + p.after for p in parts) == text
    assert all(len(p.before) + len(p.after) <= PORTION for p in parts)
    assert all(p.after.startswith("Line") for p in parts)


def test_a_text_without_any_border_is_cut_all_the_same() -> None:
    assert boundaries("x" * (2 * PORTION + 1), []) == [0, PORTION, 2 * PORTION]


def test_a_span_opens_the_page_it_begins_on() -> None:
    part = portion("one two three", [0, 4, 8], span=(4, 7))
    assert (part.number, part.count, part.passage) == (2, 3, "two")


def test_a_span_over_two_pages_is_marked_on_both() -> None:
    text, starts, span = "one two three", [0, 4, 8], (5, 11)
    assert portion(text, starts, span=span).passage == "wo "
    assert portion(text, starts, span=span, number=3).passage == "thr"


def test_a_page_that_does_not_exist_is_the_nearest_that_does() -> None:
    assert portion("one two", [0, 4], number=9).number == 2
    assert portion("one two", [0, 4], number=0).number == 1


def test_an_empty_text_is_one_empty_portion() -> None:
    part = portion("", [])
    assert (part.number, part.count, part.before) == (1, 1, "")
