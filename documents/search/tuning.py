"""What can be set differently for one search, to compare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Departures from how the library searches; ``None`` keeps what holds there.

    ``dense_weight`` is the share of the semantic channel, from 0 to 1. Raises
    ``ValueError`` for one outside.
    """

    dense_weight: float | None = None

    def __post_init__(self) -> None:
        if self.dense_weight is not None and not 0.0 <= self.dense_weight <= 1.0:
            raise ValueError("The dense weight must be between 0 and 1.")


AS_IT_IS = Tuning()
