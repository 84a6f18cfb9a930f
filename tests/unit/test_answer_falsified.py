"""True sentences made false in one place."""

from __future__ import annotations

import random

import pytest

from chat.answer.falsified import (
    Change,
    denied,
    other_name,
    other_number,
    reordered,
    verdicts_on_changes,
)
from chat.answer.measure import Labelled
from chat.types import Verdict

TRUE = "In the year 1998, the museum was opened by Ada Byron in the north of the town."


def made(change: Change, sentence: str = TRUE) -> str:
    return change(sentence, random.Random(0), ["Holm"])


def test_each_change_changes_one_place() -> None:
    assert made(reordered).startswith("the museum was opened")
    assert made(other_name) in {TRUE.replace("Ada", "Holm"), TRUE.replace("Byron", "Holm")}
    assert made(denied) == TRUE.replace("was opened", "was not opened")
    assert made(other_number) != TRUE
    assert made(other_number).split()[4:] == TRUE.split()[4:]


@pytest.mark.parametrize("change", [reordered, other_name, other_number, denied])
def test_a_sentence_without_a_place_for_it_is_left_out(change: Change) -> None:
    assert made(change, "nothing here fits.") == ""


def test_changed_sentences_are_judged_and_counted() -> None:
    claim = Labelled("Karl Holm came.", Verdict.SUPPORTED, ((TRUE,),))
    found = verdicts_on_changes([claim])
    assert found["unchanged"][Verdict.SUPPORTED] == 1
    assert found["reordered"][Verdict.SUPPORTED] == 1
    for name in ("other number", "other name", "denied"):
        assert sum(found[name].values()) == 1
        assert found[name][Verdict.SUPPORTED] == 0


def test_the_same_seed_makes_the_same_changes() -> None:
    claims = [Labelled("Karl Holm came.", Verdict.SUPPORTED, ((TRUE,),))]
    assert verdicts_on_changes(claims, 3) == verdicts_on_changes(claims, 3)


def test_evidence_without_a_fitting_sentence_is_passed_over() -> None:
    claims = [Labelled("A.", Verdict.SUPPORTED, (("Too short.",),))]
    assert not any(sum(counts.values()) for counts in verdicts_on_changes(claims).values())
