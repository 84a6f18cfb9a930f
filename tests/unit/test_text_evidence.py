"""How much of a question a passage holds."""

from __future__ import annotations

import pytest

from documents.search.fusion import Fused
from documents.search.query import (
    NO_EVIDENCE,
    OFF_TOPIC,
    WINDOW,
    Evidence,
    analyse,
    evidence,
    relevances,
    rerank,
)


def test_a_question_is_its_content_and_the_pairs_that_stand_side_by_side() -> None:
    question = analyse("What are the test cases of the evaluation tool?")
    assert question.stems == {"test", "case", "evalu", "tool"}
    assert question.pairs == {("test", "case"), ("evalu", "tool")}


def test_coverage_is_the_share_of_the_question_shrunk_for_short_ones() -> None:
    assert evidence(analyse("red wine"), "A red house").coverage == pytest.approx(1 / 3)
    assert evidence(analyse("wine"), "wine").coverage == pytest.approx(1 / 2)
    assert evidence(analyse("one two three four five"), "five four three two one").coverage == (
        pytest.approx(5 / 6)
    )


def test_words_count_together_only_inside_a_window() -> None:
    question = analyse("alpha omega")
    near = "alpha " + "filler " * (WINDOW - 1) + "omega"
    far = "alpha " + "filler " * WINDOW + "omega"
    assert (evidence(question, near).window, evidence(question, far).window) == (1.0, 0.5)


def test_repeated_words_do_not_widen_what_stands_together() -> None:
    text = "alpha " * 50 + "filler " * WINDOW + "omega"
    assert evidence(analyse("alpha omega"), text).window == 0.5


def test_pairs_count_in_their_order_only() -> None:
    question = analyse("test case")
    assert evidence(question, "a test case").pairs == 1.0
    assert evidence(question, "a case test").pairs == 0.0


@pytest.mark.parametrize("text", ["", "🎉", "?!"])
def test_a_question_without_words_has_no_evidence(text: str) -> None:
    assert evidence(analyse(text), "any text") == NO_EVIDENCE


def test_evidence_moves_a_passage_up_and_leaves_the_unread_behind() -> None:
    fused = [Fused(n, score, None, None) for n, score in [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.1)]]
    found = {1: NO_EVIDENCE, 2: NO_EVIDENCE, 3: Evidence(1.0, 1.0, 1.0)}
    order = rerank(fused, found)
    assert [hit.chunk_id for hit in order] == [3, 1, 2, 4]
    assert [hit.score for hit in order] == pytest.approx([1.1, 0.9, 0.8, 0.1])


def test_relevance_is_the_mean_of_coverage_and_cosine() -> None:
    assert relevances([Evidence(0.8, 1, 1)], [0.4]) == pytest.approx([0.6])


def test_relevance_never_rises_along_the_list() -> None:
    found = [Evidence(c, 0, 0) for c in (0.2, 0.8, 0.4)]
    assert relevances(found, [0.0, 0.0, 0.0]) == pytest.approx([0.4, 0.4, 0.2])


def test_an_unknown_cosine_counts_as_the_lowest_known() -> None:
    found = [Evidence(0.5, 0, 0)] * 3
    assert relevances(found, [0.9, 0.3, None]) == pytest.approx([0.7, 0.4, 0.4])
    assert relevances([Evidence(0.5, 0, 0)], [None]) == pytest.approx([0.25])


def test_a_question_without_words_goes_by_cosine_alone() -> None:
    assert relevances([NO_EVIDENCE], [0.6], has_words=False) == pytest.approx([0.6])


@pytest.mark.parametrize("cosine", [-1.0, 1.0001, None])
def test_relevance_stays_between_0_and_1(cosine: float | None) -> None:
    [value] = relevances([Evidence(1.0, 1.0, 1.0)], [cosine])
    assert 0.0 <= value <= 1.0


def test_a_question_off_the_topic_is_below_the_threshold() -> None:
    question = analyse("How do I bake bread?")
    text = "The lift of a wing in a slipstream rises with the angle of attack."
    assert relevances([evidence(question, text)], [0.2])[0] < OFF_TOPIC


def test_nothing_found_has_no_relevance() -> None:
    assert relevances([], []) == []
