"""What a reranker is: a question and passages in, one score for each passage out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from documents.errors import ServiceError


class RerankFailed(ServiceError):
    """The reranker did not give usable scores; the first stage's order stands."""

    code = "rerank_failed"
    retryable = True


class Reranker(Protocol):
    """Scores passages by how well they answer a question, reading both together.

    ``name`` tells people and traces which one it was.
    """

    name: str

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """One finite score for each passage, in their order; higher is better.

        Raises ``RerankFailed`` where a score is missing, double or not finite, and
        when the deadline has passed; nothing partial is returned.
        """
        ...
