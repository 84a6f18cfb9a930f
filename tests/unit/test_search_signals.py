"""What orders the first candidates, once their texts have been read."""

from __future__ import annotations

import numpy as np
import pytest

from documents.search.fusion import Fused
from documents.search.query import analyse
from documents.search.signals import (
    WINDOW,
    Signals,
    agreements,
    bonus,
    rarity,
    rerank,
    words_signals,
)
from documents.text.words import all_stems


def _signals(question: str, text: str, title: str = "", heading: str = "") -> Signals:
    asked = analyse(question)
    weights = dict.fromkeys(asked.stems, 1.0)
    return words_signals(asked, weights, all_stems(title), all_stems(heading), all_stems(text))


def test_words_count_together_only_inside_a_window() -> None:
    near = "alpha " + "filler " * (WINDOW - 1) + "omega"
    far = "alpha " + "filler " * WINDOW + "omega"
    assert _signals("alpha omega", near).window == pytest.approx(1.0)
    assert _signals("alpha omega", far).window == pytest.approx(0.5)


def test_repeated_words_do_not_widen_what_stands_together() -> None:
    text = "alpha " * 50 + "filler " * WINDOW + "omega"
    assert _signals("alpha omega", text).window == pytest.approx(0.5)


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    asked = analyse("alpha omega")
    weights = rarity({"alpha": 1, "omega": 90}, 100)
    rare, common = (words_signals(asked, weights, [], [], [stem]) for stem in ("alpha", "omega"))
    assert rare.window > 0.9
    assert common.window < 0.1


def test_rarity_is_never_negative_even_for_counts_that_are_stale() -> None:
    weights = rarity({"everywhere": 10, "more": 20, "nowhere": 0}, 10)
    assert 0.0 < weights["more"] <= weights["everywhere"] < weights["nowhere"]


def test_pairs_count_in_their_order_only() -> None:
    assert _signals("test case", "a test case").pairs == 1.0
    assert _signals("test case", "a case test").pairs == 0.0


def test_a_title_counts_by_how_far_it_and_the_question_agree() -> None:
    exact = _signals("heated slabs", "text", title="heated slabs").title
    wider = _signals("heated slabs", "text", title="heated slabs of glass and iron").title
    assert exact == pytest.approx(1.0)
    assert 0.5 < wider < exact
    assert _signals("heated slabs", "text", heading="heated slabs").title == pytest.approx(0.5)
    assert _signals("heated slabs", "heated slabs").title == 0.0


@pytest.mark.parametrize("question", ["", "?!", "🎉"])
def test_a_question_without_words_gives_no_signal(question: str) -> None:
    assert _signals(question, "any text", title="any title") == Signals()


def test_a_passage_agrees_with_those_that_say_the_same() -> None:
    one, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    found = agreements([1, 2, 3, 4], {1: one, 2: one, 3: one, 4: other})
    assert found == pytest.approx({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.0})


def test_only_the_best_are_what_others_are_compared_with() -> None:
    one, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    vectors = {1: one, 2: one, 3: one, 4: other, 5: other, 6: other, 7: other}
    assert agreements([1, 2, 3, 4, 5, 6, 7], vectors)[7] == 0.0


@pytest.mark.parametrize("vectors", [{}, {9: np.ones(2, np.float32)}])
def test_without_vectors_nothing_agrees(vectors: dict[int, np.ndarray]) -> None:
    assert agreements([1, 2], vectors) == {}


def test_vectors_that_cancel_each_other_have_no_mean() -> None:
    one = np.array([1, 0], np.float32)
    assert agreements([1, 2], {1: one, 2: -one}) == {}


def test_signals_move_a_passage_up_and_leave_the_unread_behind() -> None:
    fused = [Fused(n, score, None, None) for n, score in [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.1)]]
    strong = Signals(window=1.0)
    order = rerank(fused, {1: Signals(), 2: Signals(), 3: strong})
    assert [hit.chunk_id for hit in order] == [3, 1, 2, 4]
    assert order[0].score == pytest.approx(0.7 + bonus(strong))


def test_every_signal_raises_the_score() -> None:
    for name in Signals.__slots__:
        assert bonus(Signals(**{name: 1.0})) > 0.0
