"""What an embedder is: texts in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

#: Rows are vectors: shape ``(texts, dimensions)``, ``float32``, each of length 1.
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors of one fixed size.

    ``model`` names the vector space: two embedders with the same ``model`` and
    ``dimensions`` must give comparable vectors. ``dense_weight`` is the share of
    the semantic channel in the fusion, as measured for this model.
    """

    model: str
    dimensions: int
    dense_weight: float

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors for passages, in the order given.

        Raises ``EmbeddingFailed`` when the vectors are missing, of another size
        or not finite; nothing partial is returned.
        """
        ...

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape ``(dimensions,)``. Raises like above."""
        ...


@runtime_checkable
class OnServer(Protocol):
    """An embedder that asks a server for every text: ``server`` is its address."""

    server: str


@runtime_checkable
class ComparesWords(Protocol):
    """An embedder that can also compare a question with passages word by word."""

    def likeness(self, question: str, passages: Sequence[str]) -> list[float]:
        """One number from -1 to 1 for each passage. Raises ``EmbeddingFailed``."""
        ...
