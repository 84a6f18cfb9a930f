"""Two ranked lists made into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from documents.types import Scored


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk in the fused order.

    ``score`` is in [0, 1] and means something within one result list only.
    ``keyword`` (BM25) and ``semantic`` (cosine) are the channels' own scores,
    ``None`` where the channel did not bring the chunk.
    """

    chunk_id: int
    score: float
    keyword: float | None
    semantic: float | None


def fuse(keyword: Sequence[Scored], semantic: Sequence[Scored], dense_weight: float) -> list[Fused]:
    """Convex combination of the two channels' scores, each scaled to [0, 1]; best first.

    ``score = (1 - dense_weight) * keyword + dense_weight * semantic``; a chunk
    that a channel did not bring counts there as that channel's last. An empty
    channel leaves the other one's order untouched. Ties go to the lower id.
    Raises ``ValueError`` for a weight outside [0, 1].

    Source: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid
    Retrieval", ACM TOIS 42 (2023): scores beat ranks.
    """
    if not 0.0 <= dense_weight <= 1.0:
        raise ValueError("The dense weight must be between 0 and 1.")
    words = {hit.chunk_id: hit.score for hit in keyword}
    meaning = {hit.chunk_id: hit.score for hit in semantic}
    by_words, by_meaning = _scaled(words), _scaled(meaning)
    fused = [
        Fused(
            chunk_id,
            (1.0 - dense_weight) * by_words.get(chunk_id, 0.0)
            + dense_weight * by_meaning.get(chunk_id, 0.0),
            words.get(chunk_id),
            meaning.get(chunk_id),
        )
        for chunk_id in words.keys() | meaning.keys()
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.chunk_id))


def lifted(fused: Sequence[Fused], chosen: Sequence[Fused], lift: float) -> list[Fused]:
    """Both lists as one, with ``lift`` added to the scores of the ``chosen``; best first.

    Each list is scaled by itself, so that the chosen are told apart however they
    stand in the other one.
    """
    best = {hit.chunk_id: hit for hit in fused}
    for hit in chosen:
        best[hit.chunk_id] = replace(hit, score=hit.score + lift)
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.chunk_id))


def _scaled(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores from 0 for the worst to 1 for the best; 1 for all when they are equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {chunk_id: (score - low) / (high - low) for chunk_id, score in scores.items()}
