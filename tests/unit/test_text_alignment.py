"""Which items of two sequences belong together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from documents.text import alignment
from documents.text.alignment import aligned


def _longest(a: Sequence[int], b: Sequence[int]) -> int:
    """The length of a longest common subsequence, by the textbook."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = row
        row = [0]
        for k, y in enumerate(b):
            row.append(before[k] + 1 if x == y else max(before[k + 1], row[k]))
    return row[-1]


def _is_common(a: Sequence[int], b: Sequence[int], pairs: list[tuple[int, int]]) -> bool:
    rises = all(p[0] < q[0] and p[1] < q[1] for p, q in pairwise(pairs))
    return rises and all(a[i] == b[k] for i, k in pairs)


def _some(rng: random.Random, kinds: int, most: int) -> list[int]:
    return [rng.randrange(kinds) for _ in range(rng.randrange(most))]


def test_the_common_subsequence_is_a_longest_one() -> None:
    rng = random.Random(1)
    for _ in range(400):
        a, b = _some(rng, 5, 14), _some(rng, 5, 14)
        pairs = aligned(a, b)
        assert _is_common(a, b, pairs)
        assert len(pairs) == _longest(a, b)


@pytest.mark.parametrize(("a", "b"), [("", ""), ("abc", ""), ("", "abc"), ("abc", "xyz")])
def test_what_has_nothing_in_common_has_no_pairs(a: str, b: str) -> None:
    assert aligned(a, b) == []


def test_equal_sequences_pair_one_by_one() -> None:
    assert aligned("hello", "hello") == [(n, n) for n in range(5)]


def test_beyond_the_exact_size_unique_items_are_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_CELLS", 4)
    a = [1, 0, 0, 2, 0, 0, 3, 0, 4]
    b = [0, 2, 0, 0, 0, 3, 5, 4, 1]
    pairs = aligned(a, b)
    assert _is_common(a, b, pairs)
    assert {(3, 1), (6, 5), (8, 7)} <= set(pairs)


def test_a_long_stretch_without_landmarks_is_cut_and_still_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment, "_CELLS", 100)
    monkeypatch.setattr(alignment, "_SIDE", 10)
    rng = random.Random(2)
    a, b = [rng.randrange(3) for _ in range(500)], [rng.randrange(3) for _ in range(700)]
    pairs = aligned(a, b)
    assert _is_common(a, b, pairs)
    assert len(pairs) > 200


def test_landmarks_that_cross_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_CELLS", 1)
    pairs = aligned([1, 2, 3, 4], [4, 1, 2, 3])
    assert pairs == [(0, 1), (1, 2), (2, 3)]
