"""Finding words in a text whatever their case and their accents. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

#: Characters of a line that are shown around the first word found.
LINE = 160
_BEFORE = 50
#: Words of a query that are looked at, and characters of each.
MAX_WORDS = 12
#: Behind the last characters that combine, those of Adlam.
_BEYOND_MARKS = 0x1E950


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a text with the places of the words in it, as offsets into ``text``."""

    text: str
    highlights: tuple[tuple[int, int], ...]


def folded(text: str) -> str:
    """Return the text without case, accents and other marks that combine."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_marks())


@cache
def _marks() -> dict[int, None]:
    """Return a table that takes away marks: a fifth of the time of a pattern that finds them."""
    codes = range(0x300, _BEYOND_MARKS)
    return {code: None for code in codes if unicodedata.combining(chr(code))}


def query_words(query: str) -> tuple[str, ...]:
    """Return what a text must hold to match: the query's words, folded, each once."""
    return tuple(dict.fromkeys(folded(query).split()))[:MAX_WORDS]


def holds(folded_text: str, words: Sequence[str]) -> bool:
    """Whether a folded text holds every one of the words, also within longer ones."""
    return all(word in folded_text for word in words)


def line_with(text: str, words: Sequence[str]) -> Line | None:
    """Return the piece of the text around the first word, or ``None`` if one is missing.

    Spaces are made single. Dots show where the text goes on.
    """
    text = " ".join(text.split())
    spans = _places(text, words)
    if spans is None:
        return None
    start = _word_start(text, max(spans[0][0] - _BEFORE, 0))
    end = min(start + LINE, len(text))
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = tuple((a + shift, b + shift) for a, b in spans if start <= a and b <= end)
    return Line(f"{before}{text[start:end]}{after}", inside)


def _word_start(text: str, place: int) -> int:
    """Move on to the beginning of a word, unless none is near."""
    if place == 0:
        return 0
    space = text.find(" ", place, place + _BEFORE // 2)
    return space + 1 if space >= 0 else place


def _letters(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each of its letters the place it has in the text."""
    if text.isascii():
        return text.lower(), range(len(text))
    pairs = [(letter, place) for place, c in enumerate(text) for letter in _one(c)]
    return "".join(letter for letter, _ in pairs), [place for _, place in pairs]


@lru_cache(maxsize=4096)
def _one(character: str) -> str:
    return folded(character)


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the spans of the words, in order and without overlap; ``None`` if one is missing."""
    plain, origin = _letters(text)
    if not words or not holds(plain, words):
        return None
    longest_first = sorted(words, key=len, reverse=True)
    pattern = "|".join(re.escape(word) for word in longest_first)
    return [(origin[m.start()], origin[m.end() - 1] + 1) for m in re.finditer(pattern, plain)]
