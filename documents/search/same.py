"""Passages that say the same: of several copies only the best is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from documents.search.rows import Ranked
from documents.text.words import fold_words
from documents.types import Outcome

#: Candidates that are compared; longer lists are only asked for by measurements.
_LOOKED_AT = 100

#: Words in one shingle, and the share of shingles that two copies have in common.
#: Source: Broder, "On the resemblance and containment of documents", 1997.
_SHINGLE = 5
ALIKE = 0.9


def shingles(text: str) -> frozenset[int]:
    """The runs of five words of a text, as hashes that hold within this process."""
    words = fold_words(text)
    if len(words) <= _SHINGLE:
        return frozenset({hash(tuple(words))}) if words else frozenset()
    runs = range(len(words) - _SHINGLE + 1)
    return frozenset(hash(tuple(words[start : start + _SHINGLE])) for start in runs)


class Seen:
    """Texts that were shown, asked whether another one says the same."""

    def __init__(self) -> None:
        self._kept: list[frozenset[int]] = []

    def is_copy(self, text: str) -> bool:
        """Whether a text before holds this one all but word for word; keeps it if not.

        Two texts are copies where the Jaccard index of their shingles is at least
        ``ALIKE``. A text without words is nobody's copy.
        """
        own = shingles(text)
        if own and any(_resemble(own, other) for other in self._kept):
            return True
        self._kept.append(own)
        return False


def without_copies(ranked: Sequence[Ranked], limit: int) -> list[Ranked]:
    """The candidates in their order, with what became of each; ``limit`` are shown."""
    seen, shown, told = Seen(), 0, []
    for place, item in enumerate(ranked):
        if shown >= limit:
            told.append(replace(item, outcome=Outcome.BEYOND_LIMIT))
        elif place < _LOOKED_AT and seen.is_copy(item.row.chunk.text):
            told.append(replace(item, outcome=Outcome.DUPLICATE))
        else:
            shown += 1
            told.append(item)
    return told


def cut(ranked: Sequence[Ranked], limit: int) -> list[Ranked]:
    """The candidates in their order, the first ``limit`` of them shown."""
    behind = (replace(item, outcome=Outcome.BEYOND_LIMIT) for item in ranked[limit:])
    return [*ranked[:limit], *behind]


def _resemble(one: frozenset[int], other: frozenset[int]) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < ALIKE * large:
        return False  # the sizes alone forbid it
    common = len(one & other)
    return common >= ALIKE * (len(one) + len(other) - common)
