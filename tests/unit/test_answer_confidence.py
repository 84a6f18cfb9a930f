"""The confidence rises with every part of its grounds, and falls to the floor without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.answer import confidence as confidences
from chat.answer.citations import cited
from chat.answer.confidence import TYPICAL_LEAD, Grounds, calibrated, confidence, grounds
from chat.answer.verify import verified
from chat.types import ConfidenceLabel, Passage
from documents.types import Mode, Outcome, SearchTrace, TracedCandidate

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
    levels = [calibrated(Grounds(x, x, x, x, x, x)).label for x in (0.2, 0.52, 1.0)]
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


# --- how clearly each channel leads ---------------------------------------------------


def candidate(
    document: str, keyword: float | None, semantic: float | None, outcome: Outcome = Outcome.USED
) -> TracedCandidate:
    return TracedCandidate(
        1, document, "T", 1, None, 0, 20, keyword, None, semantic, None, 0.0, 0.0, 0.0, outcome
    )


def traced(*candidates: TracedCandidate) -> SearchTrace:
    return SearchTrace("q", Mode.HYBRID, (), "m", 0.3, 1, 1, candidates)


def leads(*candidates: TracedCandidate) -> tuple[float, float]:
    """The leads of an answer that cites the first of the two passages."""
    return confidences.leads(traced(*candidates), PASSAGES[:1])


def test_what_is_cited_leads_where_nothing_else_comes_near() -> None:
    assert leads(candidate("1", 9.0, 0.8), candidate("2", None, None)) == (1.0, 1.0)


def test_a_rival_as_good_halves_the_lead() -> None:
    found = leads(candidate("1", 9.0, 0.8), candidate("2", 9.0, 0.8), candidate("3", 1.0, 0.1))
    assert found == (0.5, 0.5)


def test_a_better_rival_takes_the_lead() -> None:
    words, meaning = leads(candidate("1", 3.0, 0.4), candidate("2", 9.0, 0.8))
    assert words == pytest.approx(0.5 - 3 / 9)
    assert meaning == 0.0


def test_a_channel_that_did_not_bring_it_gives_no_lead() -> None:
    assert leads(candidate("1", None, 0.8), candidate("2", 9.0, 0.1)) == (0.0, 1.0)


def test_a_channel_that_was_not_asked_counts_as_a_typical_one() -> None:
    assert leads(candidate("1", 9.0, None), candidate("2", 1.0, None))[1] == TYPICAL_LEAD


def test_a_near_duplicate_is_no_rival() -> None:
    twin = candidate("2", 9.0, 0.8, Outcome.DUPLICATE)
    assert leads(candidate("1", 9.0, 0.8), twin, candidate("3", 0.0, 0.0)) == (1.0, 1.0)


def test_cosines_that_lie_close_together_mean_the_same() -> None:
    wide = leads(candidate("1", 1, 0.9), candidate("2", 1, 0.5), candidate("3", 1, 0.1))
    narrow = leads(candidate("1", 1, 0.9), candidate("2", 1, 0.85), candidate("3", 1, 0.8))
    assert wide[1] == pytest.approx(narrow[1])


def test_a_short_question_is_covered_less_surely_than_a_long_one() -> None:
    passages = [passage(1, "The old museum of the northern harbour opened in 1998.")]
    answer = cited("It opened in 1998 [1].", passages)
    sentences = verified(answer, passages)
    short = grounds("museum opened", passages, sentences, answer.citations)
    long = grounds("old museum northern harbour opened", passages, sentences, answer.citations)
    assert short.coverage < long.coverage < 1


def test_being_first_says_little_where_little_of_the_question_is_there() -> None:
    answer = cited("The museum opened in 1998 [1].", PASSAGES)
    sentences = verified(answer, PASSAGES)
    trace = traced(candidate("1", 9.0, 0.8), candidate("2", 0.0, 0.0))
    found = [
        grounds(question, PASSAGES, sentences, answer.citations, None, trace)
        for question in (QUESTION, "Which zinc smelter of Iquique burnt whale oil at the museum?")
    ]
    assert found[0].words > 2 * found[1].words > 0


def test_partial_support_takes_a_sure_answer_to_even_odds() -> None:
    sure = Grounds(0.8, 0.6, 0.55, 0.5, 0.4, 1.0)
    values = [calibrated(replace(sure, support=x)).value for x in (1.0, 0.5, 0.0)]
    assert values == pytest.approx([0.9, 0.5, 0.1], abs=0.05)
