"""What orders the first candidates, once their texts have been read.

The two channels count words wherever they stand and blur meaning over a whole
passage. These signals look closer, each in [0, 1] or nearly, and are added to the
fused score with fixed weights. ``docs/ranking.md`` has what each of them brought.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from documents.embed.base import Vectors
from documents.search.fusion import Fused
from documents.search.query import Question

#: Words of a stretch in which the words of the question count as standing together.
WINDOW = 10

#: How many of the first candidates are read and ranked anew.
RERANKED = 40

#: How many of the best passages others are compared with.
_PEERS = 3


@dataclass(frozen=True, slots=True)
class Signals:
    """How a passage holds a question.

    ``window``: the share of the question, by weight, within the best ``WINDOW`` words;
    ``pairs``: the share of its pairs of neighbours; ``title``: how far question and
    title agree; ``likeness``: the best stretch by meaning; ``agreement``: the cosine
    to the mean of the best passages; ``named``: how surely the question names its document.
    """

    window: float = 0.0
    pairs: float = 0.0
    title: float = 0.0
    likeness: float = 0.0
    agreement: float = 0.0
    named: float = 0.0


#: What a signal of 1 adds to a fused score, which is in [0, 1] itself.
WEIGHTS = Signals(window=0.6, pairs=0.2, title=0.4, likeness=0.7, agreement=0.4, named=0.8)


def bonus(signals: Signals) -> float:
    """The sum of the signals by weight."""
    return (
        WEIGHTS.window * signals.window
        + WEIGHTS.pairs * signals.pairs
        + WEIGHTS.title * signals.title
        + WEIGHTS.likeness * signals.likeness
        + WEIGHTS.agreement * signals.agreement
        + WEIGHTS.named * signals.named
    )


def rarity(holding: Mapping[str, int], total: int) -> dict[str, float]:
    """The weight of each stem: the rarer in the library, the heavier; never below 0.

    ``log(1 + (N - n + 0.5) / (n + 0.5))``. Source: Robertson and Zaragoza, "The
    Probabilistic Relevance Framework", 2009, in the form that stays positive.
    """
    return {
        stem: math.log1p((max(total - count, 0) + 0.5) / (count + 0.5))
        for stem, count in holding.items()
    }


def words_signals(
    question: Question,
    weights: Mapping[str, float],
    title: Sequence[str],
    place: Sequence[str],
    text: Sequence[str],
) -> Signals:
    """The signals of the words, from the stems of title, heading and text.

    ``weights`` maps the stems of the question to what they weigh.
    """
    total = sum(weights.values())
    if total <= 0.0:
        return Signals()
    stems = [*title, *place, *text]
    together = question.pairs.intersection(pairwise(stems)) if question.pairs else ()
    return Signals(
        window=_most_together(weights, stems) / total,
        pairs=len(together) / len(question.pairs) if question.pairs else 0.0,
        title=_agreeing(weights, total, title, place),
    )


def _agreeing(
    weights: Mapping[str, float], total: float, title: Sequence[str], place: Sequence[str]
) -> float:
    """Mean of the question's share in title and heading, and the title's share in the question."""
    named = weights.keys() & {*title, *place}
    asked = sum(weights[stem] for stem in named) / total
    own = frozenset(title)
    return (asked + len(own & weights.keys()) / len(own)) / 2 if own else asked / 2


def _most_together(weights: Mapping[str, float], stems: Sequence[str]) -> float:
    """The greatest weight of distinct stems of the question within ``WINDOW`` words."""
    places = [(i, stem) for i, stem in enumerate(stems) if stem in weights]
    inside: Counter[str] = Counter()
    most = now = 0.0
    first = 0
    for place, stem in places:
        now += 0.0 if inside[stem] else weights[stem]
        inside[stem] += 1
        while place - places[first][0] > WINDOW:
            left = places[first][1]
            inside[left] -= 1
            now -= 0.0 if inside[left] else weights[left]
            first += 1
        most = max(most, now)
    return most


def agreements(order: Sequence[int], vectors: Mapping[int, Vectors]) -> dict[int, float]:
    """The cosine of each chunk of ``order`` (best first) to the mean of the first ones.

    What answers a question has company: the best passages resemble each other.
    Source: Rocchio, 1971, on vectors of passages (Li et al., "Pseudo Relevance Feedback
    with Deep Language Models and Dense Retrievers", ACM TOIS 41, 2023).
    """
    peers = [vectors[chunk] for chunk in order[:_PEERS] if chunk in vectors]
    if not peers:
        return {}
    mean = np.mean(peers, axis=0)
    length = float(np.linalg.norm(mean))
    if length == 0.0:
        return {}
    return {chunk: float(vectors[chunk] @ mean) / length for chunk in order if chunk in vectors}


def rerank(fused: Sequence[Fused], found: Mapping[int, Signals]) -> list[Fused]:
    """The candidates whose signals are known in a new order, then the others as they were."""
    read = [hit for hit in fused if hit.chunk_id in found]
    rest = [hit for hit in fused if hit.chunk_id not in found]
    scored = [replace(hit, score=hit.score + bonus(found[hit.chunk_id])) for hit in read]
    return [*sorted(scored, key=lambda hit: (-hit.score, hit.chunk_id)), *rest]
