"""The confidence rises with every part of its grounds, and falls to the floor without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.answer.citations import cited
from chat.answer.confidence import TYPICAL_LEAD, Grounds, calibrated, confidence, grounds
from chat.answer.verify import verified
from chat.types import ConfidenceLabel, Passage

MIDDLE = Grounds(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
PARTS = ["retrieval", "coverage", "likeness", "words", "meaning", "support"]


def passage(n: int, text: str, relevance: float = 0.9) -> Passage:
    return Passage(n, str(n), "T", 1, n, None, "", text, 0, len(text), relevance)


PASSAGES = [passage(1, "The museum opened in 1998."), passage(2, "Bread is baked at night.", 0.2)]
QUESTION = "When did the museum open?"


def sure_of(text: str, question: str = QUESTION) -> float:
    answer = cited(text, PASSAGES)
    sentences = verified(answer, PASSAGES)
    return confidence(question, PASSAGES, sentences, answer.citations).value


@pytest.mark.parametrize("part", PARTS)
def test_more_of_anything_never_lowers_it(part: str) -> None:
    steps = [calibrated(replace(MIDDLE, **{part: i / 10})).value for i in range(11)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("wild", [-5.0, 7.0, float("nan"), float("inf")])
def test_it_stays_between_zero_and_one(part: str, wild: float) -> None:
    assert 0 <= calibrated(replace(MIDDLE, **{part: wild})).value <= 1


def test_the_label_follows_the_value() -> None:
    levels = [calibrated(Grounds(x, x, x, x, x, x)).label for x in (0.2, 0.6, 1.0)]
    assert levels == [ConfidenceLabel.LOW, ConfidenceLabel.MEDIUM, ConfidenceLabel.HIGH]


def test_a_supported_answer_is_surer_than_an_invented_one() -> None:
    assert sure_of("The museum opened in 1998 [1].") > 0.75
    assert sure_of("The museum burnt down in 1848 [1].") < 0.6


def test_an_answer_that_cites_nothing_is_not_sure() -> None:
    assert sure_of("The museum opened in 1998.") < 0.05


def test_an_answer_beside_the_question_is_less_sure() -> None:
    beside = sure_of("Bread is baked at night [2].")
    assert beside < sure_of("The museum opened in 1998 [1].") - 0.3


def test_likeness_comes_from_the_similarity_given() -> None:
    answer = cited("The museum opened in 1998 [1].", PASSAGES)
    sentences = verified(answer, PASSAGES)
    found = grounds(QUESTION, PASSAGES, sentences, answer.citations, lambda _, t: [0.8] * len(t))
    assert found.likeness == 0.8


def test_without_citations_given_all_passages_count() -> None:
    sentences = verified(cited("The museum opened in 1998 [1].", PASSAGES), PASSAGES)
    assert confidence(QUESTION, PASSAGES, sentences).value > 0.7


def test_no_passages_give_the_floor() -> None:
    assert confidence(QUESTION, [], []).label is ConfidenceLabel.LOW
