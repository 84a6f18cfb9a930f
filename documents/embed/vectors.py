"""Making raw numbers into the unit vectors that an embedder promises."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from documents.embed.base import Vectors
from documents.errors import EmbeddingFailed

#: Lengths below this are rounding noise, not a direction.
SMALLEST_NORM = 1e-9


def neutral_vector(dimensions: int) -> Vectors:
    """The vector of a text that says nothing: the first axis, length 1.

    A text without words has no direction, yet an index accepts neither NaN nor
    a zero vector. One fixed axis keeps such texts alike and far from the rest.
    """
    vector = np.zeros(dimensions, dtype=np.float32)
    vector[0] = 1.0
    return vector


def unit_or_neutral(raw: NDArray[np.floating]) -> Vectors:
    """``raw`` (shape ``(n, d)``) with rows of length 1; meaningless rows become neutral."""
    matrix = np.asarray(raw, dtype=np.float32)
    norms = np.linalg.norm(matrix, axis=1)
    good = np.isfinite(norms) & (norms > SMALLEST_NORM)
    unit = np.empty_like(matrix)
    unit[good] = matrix[good] / norms[good, None]
    unit[~good] = neutral_vector(matrix.shape[1])
    return unit


def unit_or_refused(rows: Sequence[NDArray[np.float32]], dimensions: int) -> Vectors:
    """The rows as a matrix ``(n, dimensions)`` of unit vectors.

    Raises ``EmbeddingFailed`` when a row has another size, is not finite or is
    zero: a search index takes such vectors silently and answers nonsense.
    """
    sizes = {len(row) for row in rows}
    if sizes - {dimensions}:
        raise EmbeddingFailed(
            f"The embedding model gave vectors of {max(sizes - {dimensions})} numbers where "
            f"{dimensions} were expected. Check EMBEDDING_MODEL and EMBEDDING_DIMENSIONS."
        )
    matrix = np.stack(rows) if rows else np.empty((0, dimensions), dtype=np.float32)
    norms = np.linalg.norm(matrix.astype(np.float64), axis=1)
    if not np.all(np.isfinite(norms)):
        raise EmbeddingFailed("The embedding model gave vectors that are not numbers.")
    if np.any(norms <= SMALLEST_NORM):
        raise EmbeddingFailed("The embedding model gave empty vectors.")
    unit: Vectors = (matrix / norms[:, None]).astype(np.float32)
    return unit
