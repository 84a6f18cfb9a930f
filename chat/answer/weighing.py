"""From what evidence holds of a sentence to one score, in [0, 1]."""

from __future__ import annotations

import math

from chat.answer.facts import Holding
from chat.types import MissingKind

#: Two logistic functions, fitted with an L2 penalty and without negative weights to WiCE
#: (Kamoi et al., 2023; development half, 349 claims): that the evidence carries anything of
#: a sentence, and that it carries all of it. ``manage.py evaluate_verdicts --fit`` repeats
#: the fit; docs/verdicts.md tells what else was tried.
COVERAGE, CLOSENESS, ANYTHING = 7.890, 4.298, -2.802
RUN, TOGETHER, NAMES, FIGURES, EVERYTHING = 2.529, 1.707, 1.475, 2.601, -1.991
#: What both give when nothing is missing and all of it stands together.
BEST = 0.9520


def signals(found: Holding) -> tuple[float, float, float, float, float]:
    """What the score is made of; more of any never lowers it.

    Coverage and closeness of the facts, coverage by the best run of sentences, all in
    [0, 1]; then minus the logarithm of one more than the missing names, and figures.
    """
    kinds = [missing.kind for missing in found.missing]
    figures = kinds.count(MissingKind.NUMBER) + kinds.count(MissingKind.DATE)
    return (
        found.coverage,
        found.closeness,
        found.best_run.coverage,
        -math.log1p(kinds.count(MissingKind.NAME)),
        -math.log1p(figures),
    )


def score(found: Holding) -> float:
    """How well the evidence carries the sentence, from 0 to 1."""
    coverage, closeness, run, names, figures = signals(found)
    anything = COVERAGE * coverage + CLOSENESS * closeness + ANYTHING
    everything = RUN * run + TOGETHER * closeness + NAMES * names + FIGURES * figures + EVERYTHING
    return min((_logistic(anything) + _logistic(everything)) / 2 / BEST, 1.0)


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))
