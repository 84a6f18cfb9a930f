"""Weights are found again in answers that were drawn by them."""

from __future__ import annotations

import random
from dataclasses import astuple, replace

import pytest

from chat.answer.calibration import (
    Case,
    Kind,
    Report,
    as_json,
    cases_read,
    cases_written,
    report,
    shipped,
)
from chat.answer.confidence import SUPPORT, WEIGHTS, Grounds, Weights, calibrated
from chat.answer.regression import Example, fitted

TRUE = Weights(-7.0, 1.0, 2.0, 0.5, 3.0, 1.0, SUPPORT)


def drawn(count: int = 3000, seed: int = 7) -> list[Example]:
    """Answers whose rightness follows ``TRUE``."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        a, b, c, d, e = (chance.random() for _ in range(5))
        grounds = Grounds(a, b, c, d, e, support=1.0)
        made.append(Example(grounds, chance.random() < calibrated(grounds, TRUE).value))
    return made


def test_the_weights_that_made_the_answers_are_found_again() -> None:
    found = astuple(fitted(drawn()))
    assert found == pytest.approx(astuple(TRUE), abs=0.6)


def test_what_counts_against_an_answer_gets_no_weight() -> None:
    turned = [replace(e, grounds=replace(e.grounds, words=1 - e.grounds.words)) for e in drawn(800)]
    found = fitted(turned)
    assert found.words == 0
    assert min(astuple(found)[1:]) >= 0


def test_an_example_of_half_the_weight_counts_half() -> None:
    once, twice = drawn(400), [replace(e, weight=0.5) for e in drawn(400) * 2]
    assert astuple(fitted(once)) == pytest.approx(astuple(fitted(twice)), abs=1e-3)


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_teach_nothing(right: bool) -> None:
    with pytest.raises(ValueError, match="right and answers that are wrong"):
        fitted([replace(example, right=right) for example in drawn(20)])


# --- the report -----------------------------------------------------------------------


def case(example: Example, group: str, kind: Kind = Kind.ANSWERABLE) -> Case:
    return Case(kind, group, example.right, example.grounds, ((0.25, True, example.right),))


def made(count: int = 800) -> Report:
    """A report on four groups of texts, unanswerable and off-topic questions among them."""
    cases = [case(e, "abcd"[i % 4]) for i, e in enumerate(drawn(count))]
    cases += [replace(c, kind=Kind.UNANSWERABLE, right=False) for c in cases[:40]]
    off = Case(Kind.OFF_TOPIC, "x", right=False, grounds=None, at=((0.25, False, False),))
    return report("made", "hashed", [*cases, off, off])


def test_each_half_is_measured_by_the_weights_of_the_other() -> None:
    found = made()
    assert [half.groups for half in found.halves] == [("b", "d"), ("a", "c")]
    assert found.halves[0].weights != found.halves[1].weights
    assert all(half.errors.width_10 < 0.1 for half in found.halves)


def test_unanswerable_questions_do_not_count_as_answerable_ones() -> None:
    found = made()
    assert found.shipped.questions == 800
    assert found.shipped.mixed.width_10 != found.shipped.errors.width_10


def test_a_refused_off_topic_question_lies_below_every_answer() -> None:
    assert made().shipped.area_off_topic == {"x": 1.0}


def test_the_shipped_weights_are_measured_as_they_are() -> None:
    assert made().shipped.weights == WEIGHTS


def test_precision_and_recall_are_told_by_relevance_and_by_confidence() -> None:
    found = made()
    assert [row.threshold for row in found.by_relevance] == [0.25]
    assert found.by_relevance[0].off_topic_refused == 1.0
    assert found.by_confidence[0].answered >= found.by_confidence[-1].answered


def test_one_group_cannot_be_halved() -> None:
    with pytest.raises(ValueError, match="two groups"):
        report("made", "hashed", [case(example, "a") for example in drawn(10)])


def test_cases_that_were_kept_are_read_again_as_they_were() -> None:
    off = Case(Kind.OFF_TOPIC, "x", right=False, grounds=None, at=((0.25, False, False),))
    cases = [*(case(example, "ä") for example in drawn(3)), off]
    assert cases_read(cases_written(cases)) == cases


@pytest.mark.parametrize("text", ["[]", '{"kind": "x"}', '"a"', "no json"])
def test_what_are_no_cases_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not the cases|Expecting value|not a valid"):
        cases_read(text)


def test_the_report_is_plain_json_with_rounded_numbers() -> None:
    body = as_json(made(200))
    assert body["halves"][0]["bins"][0]["low"] == 0
    assert body["shipped"]["right"] == round(body["shipped"]["right"], 4)


def test_the_calibration_that_ships_is_the_one_of_the_weights() -> None:
    kept = shipped()["shipped"]
    assert Weights(**kept["weights"]) == WEIGHTS
    assert kept["errors"]["width_10"] <= 0.05
    assert sum(each["count"] for each in kept["bins"]) == kept["questions"] - kept["refused"]
