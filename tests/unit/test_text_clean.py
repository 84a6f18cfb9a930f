"""What is kept of a text."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

import pytest

from documents.text.clean import MAX_MARKS, clean, one_line


@pytest.mark.parametrize(
    "hidden",
    [
        "\0", "\x07", "\x1b", "\x9f", "\u00ad", "\u200b", "\u200e", "\u202e", "\u2066", "\u2069",
        "\u2060", "\ufeff", "\ud800", "\ue123", "\ufdd0", "\uffff", "\U000e0041", "\U000e007f",
        "\U000f1234", "\u3164", "\u061c", "\u2063", "\u180e", "\ufff9", "\ufe0f", "\U000e0100",
        "\u200d", "\u200c",
    ],
)  # fmt: skip
def test_what_no_eye_can_see_is_taken_out(hidden: str) -> None:
    assert clean(f"se{hidden}cret{hidden} {hidden}word") == "secret word"


@pytest.mark.parametrize(
    "text",
    ["می‌خواهم", "👩‍👩‍👧", "❤️", "1️⃣", "葛\U000e0100城", "क्‍ष", "שָׁלוֹם", "Việt Nam", "a\tb", "𝒳 𠀀"],
)
def test_what_changes_how_a_text_looks_is_kept(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


def test_text_comes_out_composed() -> None:
    assert clean("re\u0301sume\u0301 Å") == "résumé Å"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028"])
def test_line_ends_are_of_one_kind(end: str) -> None:
    assert clean(f"one{end}two") == "one\ntwo"


def test_spaces_and_blank_lines_do_not_pile_up() -> None:
    assert clean("  a  \u00a0 b \t c  \n\n\n\n  d\u2003\n") == "a b\tc\n\nd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exam-\nple", "example"),
        ("exam- \n  ple", "example"),
        ("exam\u2010\nple", "example"),
        ("exam\u00ad\nple", "example"),
        ("exam\x02\nple", "example"),
        ("exam\ufffe\r\nple", "example"),
        ("well-\nknown", "well-known"),
        ("Anglo-\nSaxon", "Anglo-Saxon"),
        ("COVID-\npatients", "COVID-patients"),
        ("x-\naxis", "x-axis"),
        ("1990-\n1995", "1990-\n1995"),
        ("one -\ntwo", "one -\ntwo"),
    ],
)
def test_words_hyphenated_at_a_line_end_are_joined_with_care(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_decorations_on_a_letter_are_limited() -> None:
    found = unicodedata.normalize("NFD", clean("z\u0321" + "\u0301\u0323" * 500 + "algo"))
    assert sum(unicodedata.category(char) == "Mn" for char in found) <= MAX_MARKS
    assert found.endswith("algo")


def test_bullets_of_symbol_fonts_become_bullets() -> None:
    assert clean("\uf0b7 item") == "• item"


def test_code_keeps_its_indentation() -> None:
    assert clean("\n    if x:  \n\t\treturn  1-\n\n", verbatim=True) == "    if x:\n\t\treturn  1-"


def test_one_line_has_no_line_break() -> None:
    assert one_line(" a\n\n b\tc ") == "a b c"


@pytest.mark.parametrize(
    "text", ["exam-\nple  x", "a\u200d\u200d b", "\r\n\r\n\r\nx", "e\u0301" * 9]
)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


MAKERS: dict[str, Callable[[int], str]] = {
    "words": lambda n: "a " * n,
    "spaces": lambda n: " " * n,
    "blank lines": lambda n: " \n" * n,
    "hyphens": lambda n: "a-\n" * n,
    "loose hyphens": lambda n: "a-" + " " * n,
    "one word": lambda n: "a" * n,
    "marks": lambda n: "e" + "\u0301\u0323" * n,
    "joiners": lambda n: "é" + "\u200d" * n,
    "joined": lambda n: "é\u200d" * n,
    "nul": lambda n: "\0" * n,
    "directions": lambda n: "\u202e" * n,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_time_grows_with_the_length_and_not_faster(make: Callable[[int], str]) -> None:
    def seconds(text: str) -> float:
        return min(_timed(text) for _ in range(2))

    small, large = seconds(make(4_000)), seconds(make(32_000))
    assert large < 0.1 + small * 8 * 2.5


def _timed(text: str) -> float:
    started = time.process_time()
    clean(text)
    return time.process_time() - started
