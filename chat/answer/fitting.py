"""Fitting the weights of a verdict to labelled claims, and how far they generalise.

Two logistic functions: that a claim is carried at all (``anything``) and that all of it
is (``everything``). Their mean is the score. A claim with several sets of evidence counts
with the set that gives it the highest score, so fit and choice take turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chat.answer.measure import areas

Matrix = NDArray[np.float64]
Grades = NDArray[np.int64]

#: Columns of ``weighing.signals`` that each function reads: coverage, closeness; closeness,
#: run, names, figures.
ANYTHING, EVERYTHING = (0, 1), (1, 2, 3, 4)
#: Weight of the penalty on the squared weights of standardised signals. Between 1 and 10
#: the cross-validated areas move by less than .008.
PENALTY = 3.0
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights, one for each of ``columns``, none negative, and the constant."""

    columns: tuple[int, ...]
    weights: Matrix
    constant: float

    def __call__(self, rows: Matrix) -> Matrix:
        """Probabilities for signals of shape ``(..., 5)``."""
        z = rows[..., self.columns] @ self.weights + self.constant
        chance: Matrix = 1 / (1 + np.exp(-z))
        return chance


@dataclass(frozen=True, slots=True)
class Weighing:
    """Both functions. ``best`` is the score of a claim that lacks nothing."""

    anything: Logistic
    everything: Logistic

    def __call__(self, rows: Matrix) -> Matrix:
        """Scores before they are divided by ``best``."""
        mean: Matrix = (self.anything(rows) + self.everything(rows)) / 2
        return mean

    @property
    def best(self) -> float:
        """The score of a claim all of whose facts stand together."""
        return float(self(np.array([1.0, 1.0, 1.0, 0.0, 0.0])))


@dataclass(frozen=True, slots=True)
class Validation:
    """Mean areas over the seeds, and their standard deviations; each claim held out once."""

    supported: float
    unsupported: float
    supported_spread: float
    unsupported_spread: float


def fitted(rows: Matrix, grades: Grades) -> Weighing:
    """The weights for signals of shape ``(claims, sets, 5)`` and grades 0, 1, 2."""
    claims = np.arange(len(grades))
    chosen = rows[..., 2].argmax(axis=1)
    for _ in range(ROUNDS):
        picked = rows[claims, chosen]
        weighing = Weighing(
            _logistic(picked, grades > 0, ANYTHING), _logistic(picked, grades == 2, EVERYTHING)
        )
        chosen = weighing(rows).argmax(axis=1)
    return weighing


def cross_validated(rows: Matrix, grades: Grades, *, folds: int = 10, seeds: int = 5) -> Validation:
    """Areas on claims that the weights were not fitted to.

    The claims are dealt into ``folds`` parts with the same share of every grade, anew
    for each seed.
    """
    found = np.array([areas(_held_out(rows, grades, folds, seed), grades) for seed in range(seeds)])
    return Validation(*map(float, (*found.mean(axis=0), *found.std(axis=0))))


def _held_out(rows: Matrix, grades: Grades, folds: int, seed: int) -> Matrix:
    """The score of each claim by weights fitted to the other folds."""
    scores = np.zeros(len(grades))
    for test in _dealt(grades, folds, np.random.default_rng(seed)):
        weighing = fitted(rows[~test], grades[~test])
        scores[test] = weighing(rows[test]).max(axis=1)
    return scores


def _dealt(
    grades: Grades, folds: int, generator: np.random.Generator
) -> Iterator[NDArray[np.bool_]]:
    fold = np.zeros(len(grades), dtype=int)
    for grade in np.unique(grades):
        members = generator.permutation(np.flatnonzero(grades == grade))
        fold[members] = np.arange(len(members)) % folds
    for i in range(folds):
        yield fold == i


def _logistic(rows: Matrix, truth: NDArray[np.bool_], columns: tuple[int, ...]) -> Logistic:
    """Newton's method with an L2 penalty; columns that would weigh below 0 are dropped."""
    taken = rows[:, columns]
    mean, spread = taken.mean(axis=0), taken.std(axis=0) + 1e-9
    standard = (taken - mean) / spread
    free = np.ones(len(columns), dtype=bool)
    weights = np.zeros(len(columns))
    constant = 0.0
    while True:
        weights[:] = 0.0
        weights[free], constant = _newton(standard[:, free], truth.astype(float))
        if not (weights < 0).any():
            break
        free &= weights >= 0
    raw = weights / spread
    return Logistic(columns, raw, float(constant - raw @ mean))


def _newton(rows: Matrix, truth: Matrix) -> tuple[Matrix, float]:
    with_one = np.c_[rows, np.ones(len(rows))]
    penalty = np.full(with_one.shape[1], PENALTY)
    penalty[-1] = 1e-6
    weights = np.zeros(with_one.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-with_one @ weights))
        slope = with_one.T @ (chance - truth) + penalty * weights
        curve = (with_one.T * (chance * (1 - chance))) @ with_one + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights[:-1], float(weights[-1])
