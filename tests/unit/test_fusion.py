"""Two ranked lists made into one."""

from __future__ import annotations

import pytest

from documents.search.fusion import Fused, fuse
from documents.types import Scored


def scored(**scores: float) -> list[Scored]:
    """``c7=1.5`` is chunk 7 with score 1.5."""
    return [Scored(int(name[1:]), score) for name, score in scores.items()]


def order(hits: list[Fused]) -> list[int]:
    return [hit.chunk_id for hit in hits]


def test_scores_are_scaled_and_weighted() -> None:
    hits = fuse(scored(c1=30, c2=20, c3=10), scored(c3=0.9, c2=0.5, c1=0.4), 0.3)
    assert {hit.chunk_id: hit.score for hit in hits} == pytest.approx({1: 0.7, 2: 0.41, 3: 0.3})
    assert order(hits) == [1, 2, 3]


def test_a_chunk_of_one_channel_counts_last_in_the_other() -> None:
    hits = fuse(scored(c1=9, c2=1), scored(c3=0.8, c1=0.1), 0.5)
    assert hits == [
        Fused(1, 0.5, 9, 0.1),
        Fused(3, 0.5, None, 0.8),
        Fused(2, 0.0, 1, None),
    ]


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.999])
def test_an_empty_semantic_channel_leaves_the_keyword_order(weight: float) -> None:
    assert order(fuse(scored(c5=3, c1=2, c9=1), [], weight)) == [5, 1, 9]


@pytest.mark.parametrize("weight", [0.001, 0.3, 1.0])
def test_an_empty_keyword_channel_leaves_the_semantic_order(weight: float) -> None:
    assert order(fuse([], scored(c5=0.3, c1=0.2, c9=-0.1), weight)) == [5, 1, 9]


def test_both_channels_empty_give_nothing() -> None:
    assert fuse([], [], 0.3) == []


def test_equal_scores_count_in_full_and_go_to_the_lower_id() -> None:
    hits = fuse(scored(c4=2, c3=2), [], 0.3)
    assert order(hits) == [3, 4]
    assert [hit.score for hit in hits] == pytest.approx([0.7, 0.7])


def test_a_single_candidate_gets_the_whole_score() -> None:
    assert fuse(scored(c1=0.0001), scored(c1=-0.5), 0.3)[0].score == pytest.approx(1.0)


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_outside_0_to_1_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        fuse([], [], weight)
