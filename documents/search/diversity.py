"""A list that does not speak with one voice: one document does not crowd out the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from documents.search.rows import Ranked

#: Passages of one document that stand together before others get their turn.
MOST = 3
#: How near another document's passage must come, as a share of the score it stands in for.
NEARLY = 0.9
#: Places that are looked at: nobody reads further, and longer lists are measurements.
PLACES = 20


def diverse(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The same candidates; a document's further passages give way to others about as good.

    From the fourth passage of one document on, the next candidate of a document that has
    had fewer comes first, where its score is at least ``NEARLY`` that of the passage it
    overtakes. An order with scores far apart stays as it is.
    """
    waiting, placed = list(ranked[:PLACES]), list[Ranked]()
    had: Counter[int] = Counter()
    while waiting:
        best = waiting[0]
        chosen = best
        if had[_document(best)] >= MOST:
            chosen = next((other for other in waiting if _may_overtake(other, best, had)), best)
        waiting.remove(chosen)
        had[_document(chosen)] += 1
        placed.append(chosen)
    return [*placed, *ranked[PLACES:]]


def _may_overtake(other: Ranked, best: Ranked, had: Counter[int]) -> bool:
    return had[_document(other)] < MOST and other.score >= NEARLY * best.score


def _document(item: Ranked) -> int:
    return item.row.chunk.version_id
