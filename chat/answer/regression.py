"""Fitting the weights of the confidence to answers that are known to be right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chat.answer.confidence import SUPPORT, Grounds, Weights

#: Strength of the pull towards 0, in the units of one answer.
RIDGE = 1.0
#: Steps of Newton's method; it needs about eight.
STEPS = 60

#: The grounds whose weights are fitted: all but the support.
_FITTED = tuple(field.name for field in fields(Grounds) if field.name != "support")

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """An answer with its grounds, whether it was right, and how much it counts."""

    grounds: Grounds
    right: bool
    weight: float = 1.0


def fitted(examples: Sequence[Example]) -> Weights:
    """The weights that make ``examples`` most likely, none of them negative.

    Logistic regression with a ridge, by Newton's method; what would count against an
    answer is left out, the most contrary first, and the rest fitted again. ``support``
    is not fitted: where all answers are quotes it is 1 throughout.
    Raises ``ValueError`` unless both right and wrong answers are there.
    """
    right = np.array([example.right for example in examples], dtype=np.float64)
    if not 0 < right.sum() < len(right):
        raise ValueError("Fitting needs answers that are right and answers that are wrong.")
    counts = np.array([example.weight for example in examples], dtype=np.float64)
    # A little of support below 1 is taken off before, so that its weight by hand holds.
    held = np.array([example.grounds.support for example in examples])
    offset = SUPPORT * (held - 1)
    parts = np.array(
        [[getattr(example.grounds, name) for name in _FITTED] for example in examples],
        dtype=np.float64,
    )
    bias, weights = _positive(parts, right, counts, offset)
    named = dict(zip(_FITTED, (round(weight, 4) for weight in weights), strict=True))
    return Weights(bias=round(bias - SUPPORT, 4), support=SUPPORT, **named)


def _positive(
    parts: Matrix, right: Matrix, counts: Matrix, offset: Matrix
) -> tuple[float, list[float]]:
    kept = list(range(parts.shape[1]))
    while True:
        found = _newton(parts[:, kept], right, counts, offset)
        worst = int(np.argmin(found[1:])) if kept else 0
        if not kept or found[1 + worst] >= 0:
            break
        del kept[worst]
    weights = [0.0] * parts.shape[1]
    for place, weight in zip(kept, found[1:], strict=True):
        weights[place] = float(weight)
    return float(found[0]), weights


def _newton(parts: Matrix, right: Matrix, counts: Matrix, offset: Matrix) -> Matrix:
    design = np.column_stack([np.ones(len(parts)), parts])
    ridge = np.diag([1e-6, *[RIDGE] * parts.shape[1]])
    found: Matrix = np.zeros(design.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-(design @ found + offset)))
        slope = design.T @ (counts * (likely - right)) + ridge @ found
        curve = (design * (counts * likely * (1 - likely))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    return found
