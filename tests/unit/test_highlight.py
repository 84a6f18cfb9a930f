"""Marking the words that were asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest

from documents.search.highlight import highlights


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Policies on climate", "climate policy", ["Policies", "climate"]),
        ("Climate change policies", "climate change", ["Climate change"]),
        ("climate, change", "climate change", ["climate", "change"]),
        ("The Café ran late", "CAFE running", ["Café"]),
        ("the cat and the dog", "the cat", ["cat"]),
        ("to be or not", "to be", ["to be"]),
        ("黑豹队的防守丢了308分", "防守丢了多少", ["防守丢了"]),
        ("小狗跑了。大狗", "狗", ["狗", "狗"]),
        ("a <b>bold</b> move", "b bold", ["b", "bold", "b"]),
        ("nothing here", "else", []),
        ("nothing here", "", []),
        ("", "nothing", []),
        ("C++ or C#", "C++", ["C", "C"]),
        ("[a]^-\\", "^-]\\ 狗", []),
    ],
)
def test_words_are_marked_by_stem(text: str, query: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in highlights(text, query)] == marked


def test_marks_are_ordered_and_do_not_overlap() -> None:
    text = "防守丢了防守 alpha beta alpha 守防守"
    found = highlights(text, "防守 丢了 alpha 守")
    assert list(found) == sorted(found)
    assert all(left[1] < right[0] for left, right in pairwise(found))


def test_a_repeated_phrase_is_marked_as_a_whole() -> None:
    assert highlights("alpha beta alpha", "alpha beta") == ((0, 16),)
