"""Whether a sentence stands in its evidence word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from documents.text.sentences import sentence_spans

_SPACE = re.compile(r"\s+")
#: A shorter text is a quotation of anything: "No.", "Yes.", a heading.
SHORTEST = 20


def quotation(claim: str, evidence: Sequence[str]) -> tuple[int, int, int] | None:
    """Text, start and end of the whole sentences that ``claim`` repeats word for word.

    White space may differ. A part of a sentence is no quotation: "approved for children"
    stands in "not approved for children".
    """
    wanted = _SPACE.sub(" ", claim).strip()
    if len(wanted) < SHORTEST:
        return None
    longest = max(wanted.split(" "), key=len)
    for source, text in enumerate(evidence):
        if longest not in text:
            continue
        flat, places = _flat(text)
        found = flat.find(wanted)
        if found >= 0:
            start, end = places[found], places[found + len(wanted) - 1] + 1
            starts, ends = _borders(text)
            if start in starts and end in ends:
                return source, start, end
    return None


@lru_cache(maxsize=64)
def _flat(text: str) -> tuple[str, tuple[int, ...]]:
    """``text`` with single spaces, and where each of its characters stands in ``text``."""
    parts: list[str] = []
    places: list[int] = []
    cut = 0
    for match in _SPACE.finditer(text):
        parts += [text[cut : match.start()], " "]
        places.extend(range(cut, match.start() + 1))
        cut = match.end()
    parts.append(text[cut:])
    places.extend(range(cut, len(text)))
    return "".join(parts), tuple(places)


@lru_cache(maxsize=64)
def _borders(text: str) -> tuple[frozenset[int], frozenset[int]]:
    spans = sentence_spans(text)
    return frozenset(start for start, _ in spans), frozenset(end for _, end in spans)
