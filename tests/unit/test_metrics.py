"""Measures of a ranking. Expected values were worked out by hand from the definitions."""

from __future__ import annotations

import math

import pytest

from documents.search.metrics import ndcg, recall, reciprocal_rank

GRADES = {"a": 3, "b": 2, "c": 1, "d": 0, "e": -1}


def test_the_ideal_order_has_ndcg_1() -> None:
    assert ndcg(["a", "b", "c", "d"], GRADES, 10) == pytest.approx(1.0)


def test_ndcg_discounts_gain_by_the_logarithm_of_the_rank() -> None:
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    assert ndcg(["x", "a", "c"], GRADES, 10) == pytest.approx((3 / math.log2(3) + 1 / 2) / ideal)


def test_ndcg_is_cut_at_k_on_both_sides() -> None:
    assert ndcg(["b", "a"], GRADES, 1) == pytest.approx(2 / 3)


def test_a_negative_grade_gains_nothing() -> None:
    assert ndcg(["e"], GRADES, 10) == 0.0


def test_a_document_that_comes_twice_counts_once() -> None:
    judged = {"a": 1, "b": 1}
    assert ndcg(["a", "a", "b"], judged, 2) == pytest.approx(1.0)
    assert recall(["a", "a", "b"], judged, 2) == 1.0
    assert reciprocal_rank(["x", "x", "b"], judged, 2) == 0.5


@pytest.mark.parametrize(
    ("k", "expected"), [(0, 0.0), (1, 1 / 3), (2, 1 / 3), (3, 2 / 3), (9, 2 / 3)]
)
def test_recall_is_the_share_of_the_relevant_that_is_found(k: int, expected: float) -> None:
    assert recall(["a", "d", "c", "x"], GRADES, k) == pytest.approx(expected)


@pytest.mark.parametrize(("k", "expected"), [(1, 0.0), (2, 0.0), (3, 1 / 3), (10, 1 / 3)])
def test_reciprocal_rank_is_that_of_the_first_relevant(k: int, expected: float) -> None:
    assert reciprocal_rank(["x", "d", "c", "a"], GRADES, k) == pytest.approx(expected)


@pytest.mark.parametrize("judged", [{}, {"a": 0}])
def test_without_anything_relevant_all_are_0(judged: dict[str, int]) -> None:
    for measure in (ndcg, recall, reciprocal_rank):
        assert measure(["a", "b"], judged, 10) == 0.0


def test_an_empty_ranking_scores_0() -> None:
    for measure in (ndcg, recall, reciprocal_rank):
        assert measure([], GRADES, 10) == 0.0
