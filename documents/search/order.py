"""The final order of the candidates whose texts have been read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from documents.embed.base import ComparesWords, Embedder, Vectors
from documents.errors import EmbeddingFailed
from documents.models import EmbeddingSpace
from documents.search.channels import Candidates, Engine, Where
from documents.search.query import Question, analyse, coverage, relevances
from documents.search.rows import Ranked, Row
from documents.search.signals import RERANKED, Signals, agreements, rarity, rerank, words_signals
from documents.selectors import kept_vectors
from documents.text.terms import query_terms
from documents.text.words import all_stems
from documents.types import Mode

logger = logging.getLogger(__name__)

#: Passages read for words of the question; longer lists are only asked for by measurements.
PROVED = 100


@dataclass(frozen=True, slots=True)
class _Stems:
    title: tuple[str, ...]
    heading: tuple[str, ...]
    text: tuple[str, ...]


def in_order(asked: Candidates, rows: Sequence[Row]) -> list[Ranked]:
    """Rank what was read by how it holds the question; ``rows`` stand in fused order."""
    question = analyse(asked.query)
    stems = {row.chunk.pk: _stems(row) for row in rows[:PROVED]}
    fused = [row.fused for row in rows]
    if asked.mode is Mode.HYBRID and asked.engine is not None:
        inner = asked.where.without_names(asked.query)
        found = _signals(inner, analyse(inner), rows[:RERANKED], stems, asked.engine)
        fused = rerank(fused, _with_names(found, rows, asked.where))
    covered = {pk: coverage(question, {*s.title, *s.heading, *s.text}) for pk, s in stems.items()}
    coverages = [covered.get(hit.chunk_id, 0.0) for hit in fused]
    cosines: list[float | None] = [hit.semantic for hit in fused]
    if all(cosine is None for cosine in cosines):
        cosines = list(coverages)  # words are all there is to go by
    strength = relevances(coverages, cosines, has_words=bool(question.stems))
    by_id = {row.chunk.pk: row for row in rows}
    return [
        Ranked(by_id[hit.chunk_id], hit.score, round(relevance, 4))
        for hit, relevance in zip(fused, strength, strict=True)
    ]


def _stems(row: Row) -> _Stems:
    chunk = row.chunk
    return _Stems(_line(row.document.title), _line(chunk.heading), tuple(all_stems(chunk.text)))


@lru_cache(maxsize=4096)
def _line(text: str) -> tuple[str, ...]:
    """Stems of a title or a heading: many chunks share it."""
    return tuple(all_stems(text))


def _signals(
    query: str, question: Question, rows: Sequence[Row], stems: Mapping[int, _Stems], engine: Engine
) -> dict[int, Signals]:
    weights = _weights(query, question, engine)
    alike = _likeness(query, rows, engine.embedder)
    found = {}
    for row, like in zip(rows, alike, strict=True):
        known = stems[row.chunk.pk]
        words = words_signals(question, weights, known.title, known.heading, known.text)
        found[row.chunk.pk] = replace(words, likeness=like)
    order = [hit.chunk_id for hit in rerank([row.fused for row in rows], found)]
    for chunk, agreement in agreements(order, _vectors(rows, engine.space)).items():
        found[chunk] = replace(found[chunk], agreement=agreement)
    return found


def _with_names(
    found: Mapping[int, Signals], rows: Sequence[Row], where: Where
) -> Mapping[int, Signals]:
    if not where.named:
        return found
    versions = {row.chunk.pk: row.chunk.version_id for row in rows}
    return {
        chunk: replace(signals, named=where.strength(versions[chunk]))
        for chunk, signals in found.items()
    }


def _weights(query: str, question: Question, engine: Engine) -> dict[str, float]:
    """The stems of the question with their rarity in the library."""
    terms = query_terms(query)
    if not question.stems or not terms:
        return {}
    holding = dict.fromkeys(question.stems, 0)
    common = engine.index.frequencies(terms)
    for term, count in zip(terms, common.holding, strict=True):
        for stem in all_stems(term.text):
            if stem in holding:
                holding[stem] = max(holding[stem], count)
    return rarity(holding, common.total)


def _likeness(query: str, rows: Sequence[Row], embedder: Embedder) -> list[float]:
    if not isinstance(embedder, ComparesWords):
        return [0.0] * len(rows)
    try:
        return embedder.likeness(query, [row.place_and_text for row in rows])
    except EmbeddingFailed:
        logger.warning("words cannot be compared by meaning: ranking without")
        return [0.0] * len(rows)


def _vectors(rows: Sequence[Row], space: EmbeddingSpace) -> dict[int, Vectors]:
    kept = kept_vectors(space, {row.chunk.content_hash for row in rows})
    return {
        row.chunk.pk: kept[row.chunk.content_hash] for row in rows if row.chunk.content_hash in kept
    }
