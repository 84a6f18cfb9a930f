"""A question compared with passages word by word."""

from __future__ import annotations

import numpy as np
import pytest

from documents.embed.late import STEP, STEPS, likeness
from documents.embed.local import LocalEmbedder

#: Four words: the second is like the first, the third like neither, the fourth is heavy.
WEIGHTS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1], [0, 4, 0]], dtype=np.float32)


def _tokens(*rows: int) -> np.ndarray:
    return np.array(rows, dtype=np.int32)


def test_the_nearest_token_counts() -> None:
    found = likeness(_tokens(0), [_tokens(0, 2), _tokens(1, 2), _tokens(2)], WEIGHTS)
    assert found == pytest.approx([1.0, 0.8, 0.0])


def test_a_token_weighs_as_much_as_its_vector_is_long() -> None:
    found = likeness(_tokens(0, 3), [_tokens(0), _tokens(3)], WEIGHTS)
    assert found == pytest.approx([1 / 5, 4 / 5])


def test_a_token_that_comes_again_counts_once() -> None:
    passages = [_tokens(0)]
    assert likeness(_tokens(0, 0, 0, 3), passages, WEIGHTS) == pytest.approx([1 / 5])


def test_only_what_stands_in_one_stretch_counts_together() -> None:
    gap = [2] * (STEP * STEPS)
    near, far = _tokens(0, 2, 3), _tokens(0, *gap, 3)
    together, apart = likeness(_tokens(0, 3), [near, far], WEIGHTS)
    assert together == pytest.approx(1.0)
    assert apart == pytest.approx(4 / 5)


@pytest.mark.parametrize("size", [1, STEP - 1, STEP, STEP * STEPS, STEP * STEPS + 1, 500])
def test_passages_of_any_length_are_compared(size: int) -> None:
    passage = _tokens(*([2] * (size - 1)), 0)
    assert likeness(_tokens(0), [passage], WEIGHTS) == pytest.approx([1.0])


def test_what_has_no_token_is_like_nothing() -> None:
    assert likeness(_tokens(), [_tokens(0)], WEIGHTS) == [0.0]
    assert likeness(_tokens(0), [_tokens(), _tokens(0)], WEIGHTS) == pytest.approx([0.0, 1.0])
    assert likeness(_tokens(0), [_tokens()], WEIGHTS) == [0.0]
    assert likeness(_tokens(0), [], WEIGHTS) == []


def test_the_built_in_embedder_compares_by_meaning() -> None:
    near, far = LocalEmbedder().likeness(
        "How large was the crowd?", ["The audience was huge.", "Bread is baked in an oven."]
    )
    assert -1.0 <= far < near <= 1.0


def test_it_takes_any_text() -> None:
    found = LocalEmbedder().likeness("\ud800 wing", ["", "\ud800", "wing " * 30_000])
    assert found[0] == 0.0
    assert found[2] > found[1]
