"""Candidates with their rows."""

from __future__ import annotations

from dataclasses import dataclass

from documents.models import Chunk, Document
from documents.search.fusion import Fused
from documents.types import Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate with its chunk, which the caller may see."""

    fused: Fused
    chunk: Chunk

    @property
    def document(self) -> Document:
        """The document of the chunk."""
        document: Document = self.chunk.version.document
        return document

    @property
    def place_and_text(self) -> str:
        """What the chunk says, and where it stands before that."""
        parts = (self.document.title, self.chunk.heading, self.chunk.text)
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate at its final place; ``score`` put it there, ``relevance`` is absolute."""

    row: Row
    score: float
    relevance: float
    outcome: Outcome = Outcome.USED
