"""A version's text in portions that a page can hold, with one span marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Characters of a portion of a text that has no pages.
PORTION = 20_000


@dataclass(frozen=True, slots=True)
class Portion:
    """One page of a PDF, or one slice of a text without pages.

    ``number`` counts from 1 up to ``count``; ``before``, ``passage`` and ``after``
    joined are the portion's text.
    """

    number: int
    count: int
    before: str
    passage: str
    after: str


def boundaries(text: str, page_starts: Sequence[int]) -> list[int]:
    """Return the offsets at which the portions begin; the first is 0.

    Pages where there are pages; else slices of about ``PORTION`` characters that
    end with a paragraph or a line where one ends near enough.
    """
    if page_starts:
        return [0, *page_starts[1:]]
    begins = [0]
    while len(text) - begins[-1] > PORTION:
        begins.append(_cut(text, begins[-1]))
    return begins


def _cut(text: str, begin: int) -> int:
    limit = begin + PORTION
    for border in ("\n\n", "\n", " "):
        found = text.rfind(border, begin + PORTION // 2, limit)
        if found >= 0:
            return found + len(border)
    return limit


def portion(
    text: str,
    page_starts: Sequence[int],
    *,
    span: tuple[int, int] | None = None,
    number: int | None = None,
) -> Portion:
    """Return the asked portion, or the one in which the span begins, or the first.

    A span outside of the text marks nothing; a number that does not exist is
    brought to the nearest that does.
    """
    begins = boundaries(text, page_starts)
    start, end = _inside(span, len(text))
    if number is None:
        number = sum(begin <= start for begin in begins) if end else 1
    number = min(max(number, 1), len(begins))
    first = begins[number - 1]
    last = begins[number] if number < len(begins) else len(text)
    start, end = min(max(start, first), last), min(max(end, first), last)
    return Portion(number, len(begins), text[first:start], text[start:end], text[end:last])


def _inside(span: tuple[int, int] | None, length: int) -> tuple[int, int]:
    if span is None or not 0 <= span[0] < min(span[1], length):
        return 0, 0
    return span[0], min(span[1], length)
