"""Late interaction: a question compared with a passage word by word, by meaning.

The mean vector of a passage blurs what a single sentence of it says. Here every
token of the question looks for its nearest token within a stretch of the passage,
and the stretch where they find most counts.

Source: Khattab and Zaharia, "ColBERT", SIGIR 2020 (the sum of maxima), with static
token vectors in place of contextual ones. A token weighs as much as its vector is
long: models trained on means of tokens make the vectors of telling words long.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from documents.embed.vectors import SMALLEST_NORM

Tokens = NDArray[np.int32]

#: Tokens that one step moves on, and steps of a stretch: stretches of 64 tokens.
STEP = 16
STEPS = 4


def likeness(
    asked: Tokens, passages: Sequence[Tokens], weights: NDArray[np.float32]
) -> list[float]:
    """How well a stretch of each passage holds the tokens of the question, from -1 to 1.

    ``asked`` and ``passages`` hold rows of ``weights``, shape ``(vocabulary, d)``.
    The weighted mean, over the distinct tokens of the question, of the cosine to the
    nearest token of the best stretch. 0 where one side has no token.
    """
    known = np.unique(asked)
    lengths = np.linalg.norm(weights[known], axis=1)
    total = float(lengths.sum())
    if total <= SMALLEST_NORM or not any(len(tokens) for tokens in passages):
        return [0.0] * len(passages)
    share = lengths / total
    vocabulary, places = np.unique(np.concatenate(passages), return_inverse=True)
    cosines = _unit(weights[known]) @ _unit(weights[vocabulary]).T
    found, start = [], 0
    for tokens in passages:
        found.append(_best_stretch(share, cosines[:, places[start : start + len(tokens)]]))
        start += len(tokens)
    return found


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = rows / np.maximum(
        np.linalg.norm(rows, axis=1, keepdims=True), SMALLEST_NORM
    )
    return unit


def _best_stretch(share: NDArray[np.float32], cosines: NDArray[np.float32]) -> float:
    """The most that the tokens find together within one stretch; ``cosines`` ``(asked, n)``."""
    size = cosines.shape[1]
    if not size:
        return 0.0
    steps = -(-size // STEP)
    padded = np.full((len(share), steps * STEP), -1.0, dtype=np.float32)
    padded[:, :size] = cosines
    nearest = padded.reshape(len(share), steps, STEP).max(axis=2)
    if steps > STEPS:
        pairs = np.maximum(nearest[:, :-1], nearest[:, 1:])
        nearest = np.maximum(pairs[:, :-2], pairs[:, 2:])
    else:
        nearest = nearest.max(axis=1, keepdims=True)
    return float((share @ nearest).max())
