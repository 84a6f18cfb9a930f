"""What an index is: ids, text and vectors in; scored ids out, never outside the scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from documents.embed.base import Vectors
from documents.text.terms import Term
from documents.types import IndexEntry, Scope, Scored


@dataclass(frozen=True, slots=True)
class IndexCounts:
    """How many chunks each channel holds; equal unless something is broken."""

    keyword: int
    semantic: int


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How common some terms are: chunks that hold each, and chunks in all."""

    holding: tuple[int, ...]
    total: int


class Index(Protocol):
    """One keyword channel and one semantic channel over the same chunk ids.

    The scope is applied inside each channel's query, so ``limit`` results come
    back wherever that many exist inside the scope.
    """

    def add(self, entries: Sequence[IndexEntry], *, current: bool) -> None:
        """Insert chunks; a chunk id that is there already is replaced.

        Raises ``EmbeddingFailed`` for a vector of the wrong size or with a value
        that is not finite, before anything is written.
        """
        ...

    def set_current(self, version_id: int, *, current: bool) -> None:
        """Make the chunks of a version findable without naming the version, or not."""
        ...

    def move(self, version_ids: Sequence[int], collection_id: int) -> None:
        """Put the chunks of these versions into another collection's scope."""
        ...

    def remove(self, version_ids: Sequence[int]) -> None:
        """Forget the chunks of these versions. Unknown ids are ignored."""
        ...

    def chunks_of(self, version_id: int, limit: int) -> list[int]:
        """Ids of chunks of a version that are here, at most so many."""
        ...

    def forget(self, chunk_ids: Sequence[int]) -> None:
        """Forget these chunks. Unknown ids are ignored."""
        ...

    def keyword(self, query: str, scope: Scope, limit: int) -> list[Scored]:
        """Best chunks by words, best first. Any string is a valid query."""
        ...

    def semantic(self, vector: Vectors, scope: Scope, limit: int) -> list[Scored]:
        """Nearest chunks, best first; the score is the cosine similarity."""
        ...

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        """How many chunks hold each term, in the order of ``terms``, over all scopes."""
        ...

    def spread(self, phrase: str, scope: Scope) -> dict[int, int]:
        """How many chunks of each version hold the words of ``phrase`` side by side."""
        ...

    def counts(self) -> IndexCounts:
        """Rows per channel, over all scopes."""
        ...
