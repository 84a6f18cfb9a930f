"""How good a ranking is, as trec_eval counts it.

``ranking`` is a list of document ids, best first; one that comes again is counted
once. ``judged`` maps ids to grades (0 and missing mean not relevant). All results
are in [0, 1]. A query without any relevant document scores 0: leave such queries
out of an average.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def ndcg(ranking: Sequence[Id], judged: Mapping[Id, int], k: int) -> float:
    """Normalised discounted cumulative gain at ``k``: linear gain, log2(rank + 1) discount.

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
    techniques", ACM TOIS 20 (2002), in the form of trec_eval's ``ndcg_cut``.
    """
    ideal = _gain(sorted(judged.values(), reverse=True)[:k])
    if ideal == 0.0:
        return 0.0
    return _gain([judged.get(found, 0) for found in _first(ranking, k)]) / ideal


def recall(ranking: Sequence[Id], judged: Mapping[Id, int], k: int) -> float:
    """The share of all relevant documents that stand among the first ``k``."""
    relevant = {document for document, grade in judged.items() if grade > 0}
    if not relevant:
        return 0.0
    return len(relevant.intersection(_first(ranking, k))) / len(relevant)


def reciprocal_rank(ranking: Sequence[Id], judged: Mapping[Id, int], k: int) -> float:
    """One over the rank of the first relevant document, 0 when none is among the first ``k``."""
    for rank, found in enumerate(_first(ranking, k), start=1):
        if judged.get(found, 0) > 0:
            return 1.0 / rank
    return 0.0


def _first(ranking: Sequence[Id], k: int) -> list[Id]:
    return list(dict.fromkeys(ranking))[: max(k, 0)]


def _gain(grades: Sequence[int]) -> float:
    """Discounted cumulative gain; negative grades count as 0, as in trec_eval."""
    return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
