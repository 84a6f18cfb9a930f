"""Passages that say the same are shown once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from documents.search.rows import Ranked
from documents.search.same import Seen, cut, without_copies
from documents.types import Outcome

TEXT = " ".join(f"word{n}" for n in range(120))


def _ranked(*texts: str) -> list[Ranked]:
    rows: list[Any] = [SimpleNamespace(chunk=SimpleNamespace(text=text)) for text in texts]
    return [Ranked(row, 1.0, 0.5) for row in rows]


def _outcomes(limit: int, *texts: str) -> list[Outcome]:
    return [item.outcome for item in without_copies(_ranked(*texts), limit)]


def test_the_same_words_are_a_copy_however_they_are_set() -> None:
    seen = Seen()
    assert not seen.is_copy(TEXT)
    assert seen.is_copy(f"  {TEXT.upper()}!\n")


def test_another_word_or_two_leave_it_a_copy() -> None:
    seen = Seen()
    seen.is_copy(TEXT)
    assert seen.is_copy(TEXT.replace("word119", "other"))


def test_a_changed_number_in_every_line_does_not() -> None:
    seen = Seen()
    seen.is_copy(TEXT)
    assert not seen.is_copy(" ".join(f"word{n}" if n % 7 else "new" for n in range(120)))


def test_a_part_of_a_passage_is_no_copy_of_it() -> None:
    seen = Seen()
    seen.is_copy(TEXT)
    assert not seen.is_copy(" ".join(TEXT.split()[:60]))


@pytest.mark.parametrize("text", ["", "?!", "🎉"])
def test_texts_without_words_are_nobodys_copy(text: str) -> None:
    seen = Seen()
    assert not seen.is_copy(text)
    assert not seen.is_copy(text)


def test_short_texts_are_copies_when_they_are_equal() -> None:
    seen = Seen()
    assert not seen.is_copy("Seven eggs")
    assert seen.is_copy("seven eggs")
    assert not seen.is_copy("eggs seven")


def test_a_copy_makes_room_for_the_next() -> None:
    used, copy, beyond = Outcome.USED, Outcome.DUPLICATE, Outcome.BEYOND_LIMIT
    assert _outcomes(2, TEXT, TEXT, "other text", "third text") == [used, copy, used, beyond]


def test_without_copies_the_order_is_kept_and_cut() -> None:
    told = cut(_ranked("a", "b", "c"), 2)
    assert [item.outcome for item in told] == [Outcome.USED, Outcome.USED, Outcome.BEYOND_LIMIT]
