"""Vectors are checked before they are written or asked for: vec0 takes NaN silently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from documents.embed.base import Vectors
from documents.errors import EmbeddingFailed
from documents.types import IndexEntry


def checked_vector(vector: Sequence[float] | Vectors, dimensions: int) -> Vectors:
    """``vector`` as ``float32`` of shape ``(dimensions,)``.

    Raises ``EmbeddingFailed`` when it has another size, a value that is not
    finite, or no length (a cosine with it means nothing).
    """
    array = np.asarray(vector, dtype=np.float32)
    if array.shape != (dimensions,):
        size = "×".join(map(str, array.shape))
        raise EmbeddingFailed(f"A vector has size {size} where the index holds {dimensions}.")
    length = float(np.linalg.norm(array.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        raise EmbeddingFailed("A vector holds values that are not numbers, or only zeros.")
    return array


def checked_vectors(entries: Sequence[IndexEntry], dimensions: int) -> list[Vectors]:
    """The vector of every entry, all checked. Raises like ``checked_vector``."""
    return [checked_vector(entry.vector, dimensions) for entry in entries]
