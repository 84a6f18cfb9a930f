"""Which words of a passage a question asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from documents.search.query import analyse
from documents.text.terms import query_terms
from documents.text.words import words


def highlights(text: str, query: str) -> tuple[tuple[int, int], ...]:
    """Spans of ``text`` that match words of ``query`` by stem or by pair of characters.

    In order, without overlap; spans that touch, or have one space between them,
    are one.
    """
    asked = analyse(query).stems
    spans = [(word.start, word.end) for word in words(text) if word.stem in asked]
    spans.extend(_single_characters(text, query))
    return tuple(_merged(text, sorted(spans)))


def _single_characters(text: str, query: str) -> Iterator[tuple[int, int]]:
    """Where characters that were asked for alone stand; pairs cannot show them."""
    alone = "".join(re.escape(term.text) for term in query_terms(query) if term.is_prefix)
    return (match.span() for match in re.finditer(f"[{alone}]", text)) if alone else iter(())


def _merged(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in spans:
        if current is None:
            current = (start, end)
        elif start <= current[1] or text[current[1] : start] == " ":
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current
