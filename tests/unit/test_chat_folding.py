"""Finding words whatever their case and accents."""

from __future__ import annotations

import pytest

from chat.search.folding import LINE, folded, holds, line_with, query_words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Müller", "muller"),
        ("CAFÉ", "cafe"),
        ("Straße", "strasse"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "cafe"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("ﬁne", "fine"),
        ("東京", "東京"),
    ],
)
def test_case_and_accents_do_not_count(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_the_words_of_a_query_count_once_and_are_bounded() -> None:
    assert query_words("  Wren wren\nEGGS ") == ("wren", "eggs")
    assert len(query_words(" ".join(map(str, range(100))))) == 12


def test_every_word_must_be_held() -> None:
    assert holds("seven eggs in april", ("egg", "april"))
    assert not holds("seven eggs", ("egg", "may"))


def _marked(text: str, query: str) -> list[str]:
    line = line_with(text, query_words(query))
    assert line is not None
    return [line.text[start:end] for start, end in line.highlights]


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Frau Müller lacht", "muller", ["Müller"]),
        ("Die Straße", "strasse", ["Straße"]),
        ("Die Straße", "STRA", ["Stra"]),
        ("cafe\N{COMBINING ACUTE ACCENT} au lait", "au", ["au"]),
        ("one two one", "one two", ["one", "two", "one"]),
        ("keeper", "keep keeper", ["keeper"]),
    ],
)
def test_the_words_are_marked_where_they_stand(text: str, query: str, marked: list[str]) -> None:
    assert _marked(text, query) == marked


def test_a_long_text_is_cut_around_the_first_word() -> None:
    line = line_with("before " * 100 + "the wren sings " + "after " * 100, ("wren",))
    assert line is not None
    assert line.text.startswith("…")
    assert line.text.endswith("…")
    assert len(line.text) <= LINE + 2
    assert [line.text[a:b] for a, b in line.highlights] == ["wren"]


def test_spaces_and_breaks_become_single_spaces() -> None:
    line = line_with("The\n\n  wren   sings", ("wren",))
    assert line is not None
    assert line.text == "The wren sings"


@pytest.mark.parametrize("words", [(), ("heron",), ("wren", "heron")])
def test_what_is_not_there_gives_no_line(words: tuple[str, ...]) -> None:
    assert line_with("The wren sings", words) is None
