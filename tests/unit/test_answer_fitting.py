"""Fitting the weights, and holding claims out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chat.answer.fitting import cross_validated, fitted
from chat.answer.measure import areas

Rows = NDArray[np.float64]
Grades = NDArray[np.int64]


def labelled(noise: float = 0.1, claims: int = 120) -> tuple[Rows, Grades]:
    """Claims whose signals follow their grade."""
    generator = np.random.default_rng(7)
    grades = np.arange(claims) % 3
    share = grades[:, None, None] / 2 + generator.normal(0, noise, (claims, 2, 5))
    rows = np.concatenate([share[..., :3], share[..., 3:] - 1], axis=-1)
    return rows, grades


def test_signals_that_tell_give_a_large_area() -> None:
    rows, grades = labelled()
    found = areas(fitted(rows, grades)(rows).max(axis=1), grades)
    assert min(found) > 0.95


def test_no_weight_is_negative() -> None:
    rows, grades = labelled()
    weighing = fitted(-rows, grades)
    assert (weighing.anything.weights >= 0).all()
    assert (weighing.everything.weights >= 0).all()


def test_more_of_any_signal_never_lowers_the_score() -> None:
    weighing = fitted(*labelled())
    before = weighing(np.full(5, 0.3))
    assert all(weighing(np.full(5, 0.3) + 0.2 * np.eye(5)[i]) >= before for i in range(5))


def test_held_out_claims_of_pure_noise_give_even_odds() -> None:
    generator = np.random.default_rng(1)
    rows, grades = generator.random((90, 1, 5)), np.arange(90) % 3
    found = cross_validated(rows, grades, folds=3, seeds=3)
    assert found.supported == pytest.approx(0.5, abs=0.15)


def test_a_cross_validation_is_repeatable() -> None:
    rows, grades = labelled(0.5)
    assert cross_validated(rows, grades, folds=2, seeds=1) == cross_validated(
        rows, grades, folds=2, seeds=1
    )
