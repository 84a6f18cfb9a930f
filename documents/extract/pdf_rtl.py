"""Arabic and Hebrew in PDF: characters back into the order of reading.

PDFium gives some runs of such a line in the order of the page, left to right.
Where the characters stand tells which; sorting by place needs no rule of the
bidirectional algorithm but one: numbers and Latin words run the other way.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_LEFT_TO_RIGHT: Final = frozenset({"L", "EN", "AN"})
#: From this share of a line's letters on, the line as a whole runs to the left.
_MOSTLY: Final = 0.4
_RANGE: Final = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@dataclass(slots=True)
class _Glyph:
    """A letter with the marks on it. ``place`` is its middle along the line."""

    text: str
    place: float


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    place: float
    leftward: bool


def runs_leftward(text: str) -> bool:
    """Whether a line is written mostly from right to left."""
    if not _RANGE.search(text):
        return False
    letters = [char for char in text if char.isalpha()]
    return sum(map(_is_leftward, letters)) >= _MOSTLY * len(letters)


def in_reading_order(text: str, places: Sequence[float]) -> str:
    """Return a line that runs to the left in the order in which it is read.

    ``places[i]`` is where the middle of ``text[i]`` stands along the line.
    """
    words = [
        _word(text[match.start() : match.end()], places[match.start() : match.end()])
        for match in re.finditer(r"\S+", text)
    ]
    words.sort(key=lambda word: -word.place)
    ordered: list[_Word] = []
    for leftward, run in itertools.groupby(words, lambda word: word.leftward):
        members = list(run)
        ordered += members if leftward else members[::-1]
    return " ".join(word.text for word in ordered)


def _word(text: str, places: Sequence[float]) -> _Word:
    middle = sum(places) / len(places)
    if not any(map(_is_leftward, text)):
        return _Word(text, middle, leftward=False)
    # What stands at one place comes backwards from PDFium: hence reversed, then stable.
    glyphs = _glyphs(text, places)[::-1]
    glyphs.sort(key=lambda glyph: -glyph.place)
    ordered = [glyph.text for glyph in glyphs]
    runs = [index for index, part in enumerate(ordered) if _is_rightward(part)]
    for first, last in _stretches(runs, ordered):
        ordered[first : last + 1] = ordered[first : last + 1][::-1]
    return _Word("".join(ordered), middle, leftward=True)


def _glyphs(text: str, places: Sequence[float]) -> list[_Glyph]:
    """Return the letters with their marks, each mark on the nearer of its neighbours."""
    glyphs: list[_Glyph] = []
    waiting = ""
    for index, (char, place) in enumerate(zip(text, places, strict=True)):
        if not unicodedata.combining(char):
            glyphs.append(_Glyph(char + waiting, place))
            waiting = ""
        elif glyphs and not _is_nearer_next(index, text, places):
            glyphs[-1].text += char
        else:
            waiting += char
    if waiting and glyphs:
        glyphs[-1].text += waiting
    return glyphs


def _is_nearer_next(index: int, text: str, places: Sequence[float]) -> bool:
    """Whether a mark stands nearer to the letter after it than to the one before."""
    if index + 1 >= len(text):
        return False
    before, after = places[index - 1], places[index + 1]
    return abs(after - places[index]) <= abs(before - places[index])


def _stretches(rightward: Sequence[int], ordered: Sequence[str]) -> list[tuple[int, int]]:
    """Return the stretches from a first to a last number or Latin letter, signs between."""
    stretches: list[tuple[int, int]] = []
    for index in rightward:
        if stretches and not any(map(_is_leftward, ordered[stretches[-1][1] : index])):
            stretches[-1] = (stretches[-1][0], index)
        else:
            stretches.append((index, index))
    return stretches


def _is_leftward(text: str) -> bool:
    return unicodedata.bidirectional(text[0]) in _RIGHT_TO_LEFT


def _is_rightward(text: str) -> bool:
    return unicodedata.bidirectional(text[0]) in _LEFT_TO_RIGHT
