"""Where a span of cleaned text stands among the characters of its page."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest

from documents.text.placing import _pieces, boxes_of_span
from documents.types import PAGE_UNITS, Box, PageLetters

WIDE, HIGH, STEP = 100, 200, 250


def typed(lines: Sequence[str], places: Sequence[tuple[int, int]] = ()) -> PageLetters:
    """Return a page with these lines, one below the other, or from these places on.

    A character is 100 wide and 200 high. A line ends with a break that has no place.
    """
    text, edges = [], []
    for number, line in enumerate(lines):
        x, y = places[number] if places else (0, number * STEP)
        for column, char in enumerate(line):
            left = x + column * WIDE
            text.append(char)
            edges += [0] * 4 if char in " \x02" else [left, y, left + WIDE, y + HIGH]
        text.append("\n")
        edges += [0] * 4
    return PageLetters(PAGE_UNITS, PAGE_UNITS, "".join(text), edges)


def found(page: PageLetters, text: str, quote: str) -> tuple[Box, ...]:
    start = text.index(quote)
    return boxes_of_span(page, text, start, start + len(quote))


def words_in(page: PageLetters, boxes: Sequence[Box]) -> list[str]:
    """Return what stands in each box, by the middle of the characters."""
    held = []
    for box in boxes:
        inside = []
        for index, char in enumerate(page.text):
            own = page.box(index)
            if own is not None:
                x, y = (own.left + own.right) // 2, (own.top + own.bottom) // 2
                if box.left <= x <= box.right and box.top <= y <= box.bottom:
                    inside.append(char)
        held.append("".join(inside))
    return held


def test_a_span_on_one_line_has_one_box_around_its_letters() -> None:
    page = typed(["The wren lays seven eggs."])
    boxes = found(page, "The wren lays seven eggs.", "wren lays")
    assert boxes == (Box(4 * WIDE, 0, 13 * WIDE, HIGH),)


def test_a_span_over_two_lines_has_a_box_on_each() -> None:
    page = typed(["The wren lays", "seven eggs in April."])
    boxes = found(page, "The wren lays seven eggs in April.", "lays seven eggs")
    assert words_in(page, boxes) == ["lays", "seveneggs"]


def test_a_word_that_a_hyphen_divides_is_found_on_both_lines() -> None:
    page = typed(["The obser\x02", "vation of wrens"])
    boxes = found(page, "The observation of wrens", "observation")
    assert words_in(page, boxes) == ["obser", "vation"]


def test_a_hyphen_that_stays_in_the_text_is_found_too() -> None:
    page = typed(["a well-", "known bird"])
    assert words_in(page, found(page, "a well-known bird", "well-known")) == ["well-", "known"]


def test_a_minus_belongs_to_its_number() -> None:
    page = typed(["from -269 to 41"])
    assert words_in(page, found(page, "from -269 to 41", "-269 to")) == ["-269to"]


def test_a_dash_within_a_word_that_is_cut_there_is_left_to_the_other_part() -> None:
    page = typed(["well-known bird"])
    assert words_in(page, found(page, "well-known bird", "known bird")) == ["knownbird"]


def test_a_ligature_is_found_by_its_letters_and_the_other_way() -> None:
    page = typed(["the ﬁrst ofﬁce"])
    assert words_in(page, found(page, "the first office", "first")) == ["ﬁrst"]
    plain = typed(["the first office"])
    assert words_in(plain, found(plain, "the ﬁrst oﬃce", "oﬃce")) == ["office"]


def test_composed_and_decomposed_accents_are_one() -> None:
    page = typed([unicodedata.normalize("NFD", "Müller sagt é")])
    boxes = found(page, "Müller sagt é", "Müller")
    assert words_in(page, boxes) == [unicodedata.normalize("NFD", "Müller")]


def test_what_stands_between_the_lines_of_a_span_is_not_marked() -> None:
    page = typed(["The wren lays", "Page header 17", "seven eggs."])
    boxes = found(page, "The wren lays seven eggs.", "lays seven eggs")
    assert words_in(page, boxes) == ["lays", "seveneggs."]


def test_columns_in_another_order_than_in_the_text_are_found() -> None:
    page = typed(["right one goes on", "left column ends"], places=[(5000, 0), (0, 0)])
    text = "left column ends right one goes on"
    assert words_in(page, found(page, text, "ends right one")) == ["rightone", "ends"]


def test_two_columns_on_one_line_get_a_box_each() -> None:
    page = typed(["left end", "far right"], places=[(0, 0), (9000, 0)])
    unbroken = PageLetters(page.width, page.height, page.text.replace("\n", " "), page.edges)
    boxes = found(unbroken, "left end far right", "end far")
    assert words_in(unbroken, boxes) == ["end", "far"]


@pytest.mark.parametrize(("which", "line"), [(0, 0), (1, 1), (2, 2)])
def test_of_equal_words_the_one_in_the_same_place_is_marked(which: int, line: int) -> None:
    lines = ["one wren sings here", "two wren sleeps now", "six wren flies off"]
    text = " ".join(lines)
    start = [i for i in range(len(text)) if text.startswith("wren", i)][which]
    (box,) = boxes_of_span(typed(lines), text, start, start + 4)
    assert box.top == line * STEP


def test_of_equal_lines_the_one_as_far_down_is_marked() -> None:
    lines = ["the same again"] * 5
    text = "\n".join(lines)
    start = text.rindex("the same")
    (box,) = boxes_of_span(typed(lines), text, start, len(text))
    assert box.top == 4 * STEP


def test_bullets_and_invisible_signs_do_not_hinder() -> None:
    page = typed(["\uf0b7 First\u200b point", "\uf0b7 Second point"])
    boxes = found(page, "• First point\n• Second point", "First point\n• Second")
    assert words_in(page, boxes)[1] == "Second"


def test_words_that_are_not_on_the_page_mark_nothing() -> None:
    page = typed(["The wren lays seven eggs."])
    assert boxes_of_span(page, "Qqq zzz xxx", 0, 11) == ()


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 3), (900, 950), (3, 4)])
def test_a_span_without_letters_marks_nothing(start: int, end: int) -> None:
    assert boxes_of_span(typed(["The wren"]), "The wren", start, end) == ()


def test_an_empty_page_marks_nothing() -> None:
    assert boxes_of_span(PageLetters(1, 1, "", ()), "The wren", 0, 8) == ()


def test_a_line_that_runs_upwards_has_one_box() -> None:
    text = "upwards"
    edges = [e for i in range(7) for e in (50, 900 - i * 100, 250, 1000 - i * 100)]
    page = PageLetters(PAGE_UNITS, PAGE_UNITS, text, edges)
    assert boxes_of_span(page, text, 0, 7) == (Box(50, 300, 250, 1000),)


def test_lines_that_run_upwards_one_after_the_other_have_a_box_each() -> None:
    places = [(x, 1000 - 100 * i) for x in (0, 300) for i in range(6)]
    edges = [e for x, y in places for e in (x, y, x + 200, y + 100)]
    page = PageLetters(PAGE_UNITS, PAGE_UNITS, "upwardtwice!", edges)
    boxes = boxes_of_span(page, "upward twice!", 0, 13)
    assert boxes == (Box(0, 500, 200, 1100), Box(300, 500, 500, 1100))


def test_a_slanted_line_is_marked_letter_by_letter() -> None:
    edges = [e for i in range(8) for e in (i * 100, i * 100, i * 100 + 90, i * 100 + 90)]
    page = PageLetters(PAGE_UNITS, PAGE_UNITS, "slanting", edges)
    assert len(boxes_of_span(page, "slanting", 0, 8)) == 8


class Counted(str):
    """A text that counts how often something is looked for in it."""

    searches = 0

    def __contains__(self, part: object) -> bool:
        Counted.searches += 1
        return super().__contains__(part)  # type: ignore[operator]


@pytest.mark.parametrize(("length", "most"), [(5_000, 4_100), (200_000, 2_100)])
def test_a_hostile_page_costs_a_bounded_number_of_searches(length: int, most: int) -> None:
    Counted.searches = 0
    page = "abbabaab" * 2_000
    list(_pieces(page, 0, len(page), Counted("aabab" * (length // 5))))
    assert 500 < Counted.searches <= most
