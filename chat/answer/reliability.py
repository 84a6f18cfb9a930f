"""Does a confidence mean what it says? Measures of a list of (confidence, was right).

Confidences are in [0, 1]; all functions are pure and deterministic.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: One answer: how sure it was, and whether it was right.
Judged = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: from ``low`` up to ``high``, and what came of them.

    ``sure`` is their mean confidence and ``right`` the share that was right; both are 0
    for a bin that holds nothing.
    """

    low: float
    high: float
    count: int
    sure: float
    right: float

    @property
    def gap(self) -> float:
        """How far what was said is from what was."""
        return abs(self.sure - self.right)


def equal_width(judged: Iterable[Judged], bins: int = 10) -> tuple[Bin, ...]:
    """``judged`` in bins of the same width, empty ones among them."""
    sorted_in: list[list[Judged]] = [[] for _ in range(bins)]
    for sure, right in judged:
        sorted_in[min(int(sure * bins), bins - 1)].append((sure, right))
    return tuple(_bin(i / bins, (i + 1) / bins, each) for i, each in enumerate(sorted_in))


def equal_mass(judged: Iterable[Judged], bins: int = 10) -> tuple[Bin, ...]:
    """``judged`` in bins that hold the same number of answers, give or take one."""
    ordered = sorted(judged)
    cuts = [round(i * len(ordered) / bins) for i in range(bins + 1)]
    parts = [ordered[a:b] for a, b in pairwise(cuts) if b > a]
    return tuple(_bin(part[0][0], part[-1][0], part) for part in parts)


def calibration_error(bins: Iterable[Bin]) -> float:
    """The mean gap, each bin counting by its answers; 0 where there are none.

    The expected calibration error of Naeini, Cooper and Hauskrecht, "Obtaining Well
    Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    held = [each for each in bins if each.count]
    total = sum(each.count for each in held)
    return sum(each.gap * each.count for each in held) / total if total else 0.0


def area(wanted: Sequence[float], other: Sequence[float]) -> float:
    """The area under the ROC curve: how often one of ``wanted`` is above one of ``other``.

    Ties count half. Raises ``ValueError`` where one of them is empty.
    """
    if not wanted or not other:
        raise ValueError("An area needs numbers on both sides.")
    ordered = sorted(other)
    below = sum(bisect_left(ordered, x) + bisect_right(ordered, x) for x in wanted)
    return below / (2 * len(wanted) * len(other))


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a threshold does. Shares in [0, 1]; ``precision`` is 1 where nothing is answered.

    ``precision`` is the share of right answers among those given, ``recall`` the share
    of the questions that have an answer to which the right one was given,
    ``off_topic_refused`` the share of off-topic questions that were not answered.
    """

    threshold: float
    answered: float
    precision: float
    recall: float
    off_topic_refused: float


def at_threshold(threshold: float, own: Sequence[Judged], foreign: Sequence[float]) -> AtThreshold:
    """What answering from ``threshold`` on does, to questions that have an answer and to others.

    The number compared is the first of each pair of ``own``, and each of ``foreign``;
    a question that was refused has 0 there and is never answered.
    """
    given = [right for sure, right in own if sure >= threshold and sure > 0]
    wrong = sum(sure >= threshold and sure > 0 for sure in foreign)
    total = len(given) + wrong
    return AtThreshold(
        threshold=threshold,
        answered=len(given) / len(own) if own else 0.0,
        precision=sum(given) / total if total else 1.0,
        recall=sum(given) / len(own) if own else 0.0,
        off_topic_refused=1 - wrong / len(foreign) if foreign else 1.0,
    )


def _bin(low: float, high: float, held: Sequence[Judged]) -> Bin:
    if not held:
        return Bin(low, high, 0, 0.0, 0.0)
    sure = sum(value for value, _ in held) / len(held)
    return Bin(low, high, len(held), sure, sum(right for _, right in held) / len(held))
