"""How much of a question a passage holds."""

from __future__ import annotations

import pytest

from documents.search.query import OFF_TOPIC, analyse, coverage, relevances
from documents.text.words import all_stems


def test_a_question_is_its_content_and_the_pairs_that_stand_side_by_side() -> None:
    question = analyse("What are the test cases of the evaluation tool?")
    assert question.stems == {"test", "case", "evalu", "tool"}
    assert question.pairs == {("test", "case"), ("evalu", "tool")}


def _covered(question: str, text: str) -> float:
    return coverage(analyse(question), frozenset(all_stems(text)))


def test_coverage_is_the_share_of_the_question_shrunk_for_short_ones() -> None:
    assert _covered("red wine", "A red house") == pytest.approx(1 / 3)
    assert _covered("wine", "wine") == pytest.approx(1 / 2)
    assert _covered("one two three four five", "five four three two one") == pytest.approx(5 / 6)


@pytest.mark.parametrize("text", ["", "🎉", "?!"])
def test_a_question_without_words_has_no_evidence(text: str) -> None:
    assert _covered(text, "any text") == 0.0


def test_relevance_is_the_mean_of_coverage_and_cosine() -> None:
    assert relevances([0.8], [0.4]) == pytest.approx([0.6])


def test_relevance_never_rises_along_the_list() -> None:
    assert relevances([0.2, 0.8, 0.4], [0.0, 0.0, 0.0]) == pytest.approx([0.4, 0.4, 0.2])


def test_an_unknown_cosine_counts_as_the_lowest_known() -> None:
    assert relevances([0.5] * 3, [0.9, 0.3, None]) == pytest.approx([0.7, 0.4, 0.4])
    assert relevances([0.5], [None]) == pytest.approx([0.25])


def test_a_question_without_words_goes_by_cosine_alone() -> None:
    assert relevances([0.0], [0.6], has_words=False) == pytest.approx([0.6])


@pytest.mark.parametrize("cosine", [-1.0, 1.0001, None])
def test_relevance_stays_between_0_and_1(cosine: float | None) -> None:
    [value] = relevances([1.0], [cosine])
    assert 0.0 <= value <= 1.0


def test_a_question_off_the_topic_is_below_the_threshold() -> None:
    text = "The lift of a wing in a slipstream rises with the angle of attack."
    assert relevances([_covered("How do I bake bread?", text)], [0.2])[0] < OFF_TOPIC


def test_nothing_found_has_no_relevance() -> None:
    assert relevances([], []) == []
