"""Percentiles that stay right when the counts of several processes are added.

A duration falls into a bucket whose borders grow by a constant factor, so every
quantile is known to within ``ACCURACY`` of its value, however the counts were
gathered. Source: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees", PVLDB 12 (2019).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

#: Half the width of a bucket, relative to the values in it.
ACCURACY = 0.02
_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG = math.log(_GROWTH)
#: Anything shorter counts as this, in milliseconds.
SHORTEST = 0.01

Buckets = dict[int, int]


def bucket(ms: float) -> int:
    """Return the number of the bucket that a duration falls into."""
    return math.ceil(math.log(max(ms, SHORTEST)) / _LOG)


def value(number: int) -> float:
    """Return the duration in milliseconds that stands for a bucket."""
    return float(2 * _GROWTH**number / (_GROWTH + 1))


def counted(durations: Iterable[float]) -> Buckets:
    """Return how many durations fall into each bucket."""
    found: Buckets = {}
    for ms in durations:
        number = bucket(ms)
        found[number] = found.get(number, 0) + 1
    return found


def merged(several: Iterable[Mapping[int, int]]) -> Buckets:
    """Return the sum of several counts."""
    total: Buckets = {}
    for each in several:
        for number, count in each.items():
            total[number] = total.get(number, 0) + count
    return total


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """Return the duration below or at which ``share`` (0 to 1) of all lie; none of nothing."""
    total = sum(buckets.values())
    if not total:
        return None
    rank, seen = math.ceil(share * total) or 1, 0
    for number in sorted(buckets):
        seen += buckets[number]
        if seen >= rank:
            return value(number)
    raise AssertionError("the counts do not add up")
