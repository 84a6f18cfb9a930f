"""Where a span of a version's text stands on its page.

The text of a version is cleaned: hyphens at line ends are gone, spaces are one, some
characters were composed, and blocks may stand in another order than on the page. So
both are reduced to what survives all of that, letters and figures, and the span is
looked for among the page's: whole if it is there, else in the longest pieces that are.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from documents.types import Box, PageLetters

#: Characters before and after that tell one occurrence from another.
_CONTEXT: Final = 200
#: Occurrences that are told apart; more of a few letters mean nothing.
_OCCURRENCES: Final = 500
#: Shorter pieces are taken only close behind the piece before.
_SURE_PIECE: Final = 8
_NEAR: Final = 400
#: Searches for the pieces of one span, fewer on a page of more characters than are ever
#: printed on one: together a bound on what a hostile page can cost.
_SEARCHES: Final = 4_000
_SEARCHED: Final = 400_000_000
#: Letters of something else that may stand between two of the span on one line.
_GAP: Final = 2
#: In heights of a line: wider spaces divide columns and cells.
_WIDE_SPACE: Final = 4.0
#: In sizes of its largest letter: what is higher and wider than this is no straight line.
_STRAIGHT: Final = 1.8

_LEFT_OUT: Final = frozenset("•‣▪▫●○■□◦∙➢➤✓✔❖·")
_KEPT: Final = frozenset("LNPS")


@dataclass(frozen=True, slots=True)
class _Compact:
    """Letters, figures and signs of a text; ``places[i]`` is where ``text[i]`` came from."""

    text: str
    places: Sequence[int]

    def between(self, start: int, end: int) -> tuple[int, int]:
        """Return the part that came from ``start`` up to ``end``."""
        return bisect_left(self.places, start), bisect_left(self.places, end)


def boxes_of_span(letters: PageLetters, text: str, start: int, end: int) -> tuple[Box, ...]:
    """Return the boxes, a line each, that ``text[start:end]`` fills on the page.

    ``text`` is the page's part of the version's text. Nothing is returned where
    nothing of the span is found on the page.
    """
    page, drawn = _compacted(text), _compacted(letters.text)
    first, last = page.between(start, end)
    indexes: set[int] = set()
    for begin, length in _located(page.text, first, last, drawn.text):
        indexes.update(drawn.places[begin : begin + length])
    return tuple(_lines(letters, _with_neighbours(letters.text, indexes)))


def _compacted(text: str) -> _Compact:
    kept: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        if char.isascii():
            if char.isalnum() or (char != "-" and char.isprintable() and char != " "):
                kept.append(char)
                places.append(index)
        elif char not in _LEFT_OUT:
            for part in unicodedata.normalize("NFKD", char):
                kind = unicodedata.category(part)
                if kind[0] in _KEPT and kind != "Pd" and part != "-":
                    kept.append(part)
                    places.append(index)
    return _Compact("".join(kept), places)


# --- finding ---------------------------------------------------------------------------


def _located(page: str, first: int, last: int, drawn: str) -> Iterator[tuple[int, int]]:
    """Yield begin and length in ``drawn`` of what is ``page[first:last]`` there."""
    if first >= last:
        return
    whole = _best(page, first, last, drawn)
    if whole >= 0:
        yield whole, last - first
        return
    yield from _pieces(page, first, last, drawn)


def _best(page: str, first: int, last: int, drawn: str) -> int:
    """Return where the span stands in ``drawn``: of several places the one in its context."""
    best, most = -1, -1.0
    for at in _occurrences(page[first:last], drawn):
        before = _shared(
            page[max(0, first - _CONTEXT) : first][::-1], drawn[max(0, at - _CONTEXT) : at][::-1]
        )
        end = at + last - first
        after = _shared(page[last : last + _CONTEXT], drawn[end : end + _CONTEXT])
        # Between equals, the one that stands as far down the page as in the text.
        distance = abs(at / len(drawn) - first / len(page))
        if before + after - distance > most:
            best, most = at, before + after - distance
    return best


def _occurrences(needle: str, text: str) -> Iterator[int]:
    at = text.find(needle)
    for _ in range(_OCCURRENCES):
        if at < 0:
            return
        yield at
        at = text.find(needle, at + 1)


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))


def _pieces(page: str, first: int, last: int, drawn: str) -> Iterator[tuple[int, int]]:
    """Yield the longest pieces of the span that stand in ``drawn``, one behind the other."""
    at, behind, left = first, -1, min(_SEARCHES, _SEARCHED // max(1, len(drawn)))
    while at < last and left > 0:
        length, searches = _longest(page, at, last, drawn)
        left -= searches + 1
        found = _nearest(page, at, at + length, drawn, behind) if length else -1
        if found < 0:
            at += 1
            continue
        yield found, length
        at, behind = at + length, found + length


def _longest(page: str, at: int, last: int, drawn: str) -> tuple[int, int]:
    """Return the length of the longest piece from ``at`` that is in ``drawn``, and the cost."""
    low, high, searches = 0, last - at, 0
    step = 1
    while low + step <= high and page[at : at + low + step] in drawn:
        low, step, searches = low + step, 2 * step, searches + 1
    high = min(high, low + step - 1)
    while low < high:
        middle = (low + high + 1) // 2
        searches += 1
        if page[at : at + middle] in drawn:
            low = middle
        else:
            high = middle - 1
    return low, searches


def _nearest(page: str, first: int, last: int, drawn: str, behind: int) -> int:
    """Return where a piece stands: close behind the one before, or where it is alone."""
    needle = page[first:last]
    if behind >= 0:
        following = drawn.find(needle, behind, behind + _NEAR)
        if following >= 0:
            return following
    if len(needle) < _SURE_PIECE and drawn.find(needle, drawn.find(needle) + 1) >= 0:
        return -1
    return _best(page, first, last, drawn)


# --- boxes -----------------------------------------------------------------------------


def _with_neighbours(text: str, indexes: set[int]) -> list[int]:
    """Return the indexes in order, with the signs that touch them: hyphens, accents, a minus."""
    more = set(indexes)
    for index in indexes:
        before, following = index - 1, index + 1
        if following < len(text) and _is_sign(text[following]):
            more.add(following)
        if before >= 0 and _is_dash(text[before]) and not text[max(0, before - 1)].isalnum():
            more.add(before)
    return sorted(more)


def _is_dash(char: str) -> bool:
    return unicodedata.category(char) == "Pd"


def _is_sign(char: str) -> bool:
    return not char.isalnum() and not char.isspace() and unicodedata.category(char)[0] in "MP"


def _lines(letters: PageLetters, indexes: Sequence[int]) -> Iterator[Box]:
    """Yield a box around each run of characters that stand on one line together."""
    run: list[Box] = []
    before = -1
    for index in indexes:
        box = letters.box(index)
        if box is None:
            continue
        if run and (_is_apart(letters.text[before + 1 : index]) or _is_far(run[-1], box)):
            yield from _line(run)
            run = []
        run.append(box)
        before = index
    if run:
        yield from _line(run)


def _is_apart(between: str) -> bool:
    """Whether a line ends in ``between``, or something else stands there."""
    if any(char in "\r\n\x02" for char in between):
        return True
    return sum(not char.isspace() and char != "\0" for char in between) > _GAP


def _is_far(one: Box, other: Box) -> bool:
    """Whether two boxes are further apart than letters of a line, in any direction."""
    size = max(one.height, one.width, other.height, other.width)
    across = max(one.left, other.left) - min(one.right, other.right)
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    return max(across, down) > _WIDE_SPACE * size


def _line(run: Sequence[Box]) -> Iterator[Box]:
    """Yield a box around a run, or around each of its straight pieces.

    Lines that run upwards may follow each other without an end between them, and of a
    slanted line the box around it is no use.
    """
    letter = max(max(box.width, box.height) for box in run)
    piece = run[0]
    for box in run[1:]:
        longer = piece.joined(box)
        if min(longer.width, longer.height) > _STRAIGHT * letter:
            yield piece
            longer = box
        piece = longer
    yield piece
