"""Percentiles from counts that can be added."""

from __future__ import annotations

import random

import pytest

from analytics.sketch import ACCURACY, SHORTEST, bucket, counted, merged, percentile, value

RANDOM = random.Random(7)
DURATIONS = [RANDOM.lognormvariate(3, 1.5) for _ in range(5000)]


def exact(durations: list[float], share: float) -> float:
    ordered = sorted(durations)
    return ordered[max(-(-int(share * len(ordered) * 1000) // 1000) - 1, 0)]


@pytest.mark.parametrize("ms", [0.02, 0.5, 1, 3, 10, 123.4, 60_000])
def test_a_bucket_stands_for_its_durations(ms: float) -> None:
    assert value(bucket(ms)) == pytest.approx(ms, rel=ACCURACY * 1.001)


@pytest.mark.parametrize("ms", [0.0, -1.0, SHORTEST / 5])
def test_what_is_too_short_counts_as_the_shortest(ms: float) -> None:
    assert bucket(ms) == bucket(SHORTEST)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.95, 0.99, 1.0])
def test_a_percentile_is_as_exact_as_it_says(share: float) -> None:
    found = percentile(counted(DURATIONS), share)
    assert found == pytest.approx(exact(DURATIONS, share), rel=ACCURACY * 1.5)


def test_counts_of_several_processes_give_the_percentile_of_all() -> None:
    parts = [DURATIONS[:100], DURATIONS[100:3000], DURATIONS[3000:]]
    assert merged(counted(part) for part in parts) == counted(DURATIONS)


def test_the_mean_of_percentiles_would_be_wrong() -> None:
    fast, slow = [1.0] * 990, [1000.0] * 10
    apart = [percentile(counted(each), 0.95) or 0 for each in (fast, slow)]
    together = percentile(merged([counted(fast), counted(slow)]), 0.95) or 0
    assert together < 2 < sum(apart) / 2


def test_nothing_has_no_percentile() -> None:
    assert percentile({}, 0.5) is None
