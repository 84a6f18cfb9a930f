"""The index in plain memory: small, exact, and the measure for the others."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from documents.embed.base import Vectors
from documents.index.base import Frequencies, IndexCounts
from documents.index.schema import COLUMN_WEIGHTS
from documents.index.vectors import checked_vector, checked_vectors
from documents.text.terms import Term, query_terms
from documents.text.words import fold_words, index_text, words
from documents.types import IndexEntry, Scope, Scored

# Okapi BM25 with FTS5's constants: https://sqlite.org/fts5.html#the_bm25_function
_K1 = 1.2
_B = 0.75
_LEAST_IDF = 1e-6


@dataclass(frozen=True, slots=True)
class _Row:
    version_id: int
    collection_id: int
    current: bool
    length: int
    weighted: dict[str, float]
    vector: Vectors
    text: tuple[str, ...]

    def is_in(self, scope: Scope) -> bool:
        if self.collection_id not in scope.collections:
            return False
        return self.current if scope.versions is None else self.version_id in scope.versions


class MemoryIndex:
    """An ``Index`` that forgets when the process ends; vectors have ``dimensions`` values."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._rows: dict[int, _Row] = {}

    def add(self, entries: Sequence[IndexEntry], *, current: bool) -> None:
        """Insert or replace chunks. Raises ``EmbeddingFailed`` before anything is kept."""
        vectors = checked_vectors(entries, self._dimensions)
        for entry, vector in zip(entries, vectors, strict=True):
            length, weighted = _count(entry)
            unit = vector / np.linalg.norm(vector)
            self._rows[entry.chunk_id] = _Row(
                entry.version_id,
                entry.collection_id,
                current,
                length,
                weighted,
                unit,
                tuple(_stems(entry.text)),
            )

    def set_current(self, version_id: int, *, current: bool) -> None:
        """Make the chunks of a version findable without naming the version, or not."""
        for chunk, row in self._of([version_id]):
            self._rows[chunk] = replace(row, current=current)

    def move(self, version_ids: Sequence[int], collection_id: int) -> None:
        """Put the chunks of these versions into another collection's scope."""
        for chunk, row in self._of(version_ids):
            self._rows[chunk] = replace(row, collection_id=collection_id)

    def remove(self, version_ids: Sequence[int]) -> None:
        """Forget the chunks of these versions. Unknown ids are ignored."""
        for chunk, _ in self._of(version_ids):
            del self._rows[chunk]

    def chunks_of(self, version_id: int, limit: int) -> list[int]:
        """Ids of chunks of a version that are here, at most so many."""
        return [chunk for chunk, _ in self._of([version_id])][:limit]

    def forget(self, chunk_ids: Sequence[int]) -> None:
        """Forget these chunks. Unknown ids are ignored."""
        for chunk in chunk_ids:
            self._rows.pop(chunk, None)

    def keyword(self, query: str, scope: Scope, limit: int) -> list[Scored]:
        """Best chunks by BM25 over title, heading and text, best first."""
        scores: dict[int, float] = defaultdict(float)
        for term in query_terms(query):
            for chunk, score in self._term_scores(term):
                scores[chunk] += score
        return _best(
            [(chunk, score) for chunk, score in scores.items() if self._rows[chunk].is_in(scope)],
            limit,
        )

    def semantic(self, vector: Vectors, scope: Scope, limit: int) -> list[Scored]:
        """Nearest chunks by cosine, best first."""
        asked = checked_vector(vector, self._dimensions)
        unit = asked / np.linalg.norm(asked)
        inside = [(chunk, row) for chunk, row in self._rows.items() if row.is_in(scope)]
        return _best([(chunk, float(row.vector @ unit)) for chunk, row in inside], limit)

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        """How many chunks hold each term."""
        rows = self._rows.values()
        holding = (sum(_frequency(row.weighted, term) > 0 for row in rows) for term in terms)
        return Frequencies(tuple(holding), len(rows))

    def spread(self, phrase: str, scope: Scope) -> dict[int, int]:
        """How many chunks of each version hold the phrase in their text."""
        words = _stems(" ".join(fold_words(phrase)))
        found: dict[int, int] = defaultdict(int)
        for row in self._rows.values():
            if words and row.is_in(scope) and _holds(row.text, words):
                found[row.version_id] += 1
        return dict(found)

    def counts(self) -> IndexCounts:
        """Rows per channel; one row serves both here."""
        return IndexCounts(len(self._rows), len(self._rows))

    def _of(self, version_ids: Sequence[int]) -> list[tuple[int, _Row]]:
        wanted = frozenset(version_ids)
        return [(chunk, row) for chunk, row in self._rows.items() if row.version_id in wanted]

    def _term_scores(self, term: Term) -> Iterator[tuple[int, float]]:
        """BM25 of one term for every chunk that has it."""
        found = {
            chunk: frequency
            for chunk, row in self._rows.items()
            if (frequency := _frequency(row.weighted, term))
        }
        total = len(self._rows)
        idf = max(math.log((total - len(found) + 0.5) / (len(found) + 0.5)), _LEAST_IDF)
        average = sum(row.length for row in self._rows.values()) / max(total, 1)
        for chunk, frequency in found.items():
            length = self._rows[chunk].length / average
            yield chunk, idf * frequency * (_K1 + 1) / (frequency + _K1 * (1 - _B + _B * length))


def _count(entry: IndexEntry) -> tuple[int, dict[str, float]]:
    """The number of words, and how often each stem stands there, weighted by field."""
    length = 0
    weighted: dict[str, float] = defaultdict(float)
    fields = (entry.title, entry.heading, entry.text)
    for field, weight in zip(fields, COLUMN_WEIGHTS, strict=True):
        stems = _stems(field)
        length += len(stems)
        for stem in stems:
            weighted[stem] += weight
    return length, weighted


def _holds(text: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the words stand side by side in the text."""
    size = len(words)
    return any(list(text[i : i + size]) == list(words) for i in range(len(text) - size + 1))


def _stems(text: str) -> list[str]:
    return [stem for form in index_text(text).split() for stem in _stem(form)]


def _stem(form: str) -> list[str]:
    return [word.stem for word in words(form)]


def _frequency(weighted: dict[str, float], term: Term) -> float:
    if term.is_prefix:
        return sum(weight for stem, weight in weighted.items() if stem.startswith(term.text))
    return sum(weighted.get(stem, 0.0) for stem in _stem(term.text))


def _best(pairs: Sequence[tuple[int, float]], limit: int) -> list[Scored]:
    ranked = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return [Scored(chunk, score) for chunk, score in ranked[: max(limit, 0)]]
