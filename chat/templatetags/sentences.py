"""Finds the sentences of an answer again in the text that its Markdown renders to.

Only letters and digits are compared: what Markdown takes away or adds around them
does not matter, and neither do the citation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

#: The number of a list's item: Markdown makes it the list's own.
_NUMBER = re.compile(r"^\s*\d{1,9}[.)]\s+")
_MARK = re.compile(r"\[\d{1,4}\]")
_TRAILING = re.compile(r"[^\w\s\[(«„“‘]*(?:\s?\[\d{1,4}\])*[^\w\s\[(«„“‘]*")
#: Letters that may lie between two sentences, in what is not one: a table's head, a code.
_GAP = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """The place of one sentence in the plain text, by its number in the answer."""

    sentence: int
    start: int
    end: int


def plain_text(tokens: Sequence[Token]) -> str:
    """Return what the inline tokens show, one after the other, without borders.

    Only ``text`` and ``code_inline`` count, as the renderer counts them.
    """
    return "".join(
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type in {"text", "code_inline"}
    )


def located(plain: str, sentences: Sequence[str]) -> list[Span]:
    """Return the places of the sentences that were found, in order, never overlapping.

    Punctuation and marks right behind a sentence belong to it.
    """
    places = _letters(plain)
    letters = _folded(plain[place] for place in places)
    spans: list[Span] = []
    cursor = 0
    for i, sentence in enumerate(sentences):
        for text in dict.fromkeys((sentence, _NUMBER.sub("", sentence))):
            wanted = _folded(c for c in _MARK.sub("", text) if c.isalnum())
            found = letters.find(wanted, cursor, cursor + _GAP + len(wanted)) if wanted else -1
            if found >= 0:
                cursor = found + len(wanted)
                start, end = places[found], places[cursor - 1] + 1
                spans.append(Span(i, _begin(plain, start), _end(plain, end)))
                break
    return spans


def _folded(letters: Iterable[str]) -> str:
    """Return the letters in lower case, one for one: a few would become two."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in letters)


def _letters(plain: str) -> list[int]:
    """Return the places of letters and digits that are in no citation mark."""
    marked = {place for mark in _MARK.finditer(plain) for place in range(*mark.span())}
    return [i for i, c in enumerate(plain) if c.isalnum() and i not in marked]


def _begin(plain: str, first: int) -> int:
    """Take the opening quote or bracket along."""
    while first and plain[first - 1] in "\"'“‘„«(¿¡":
        first -= 1
    return first


def _end(plain: str, last: int) -> int:
    behind = _TRAILING.match(plain, last)
    return behind.end() if behind else last
