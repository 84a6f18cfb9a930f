"""Refusals are recognised, answers are not mistaken for them."""

from __future__ import annotations

import pytest

from chat.answer.fence import NO_ANSWER
from chat.answer.refusal import is_refusal, may_become_refusal, without_marker

REFUSALS = [
    NO_ANSWER,
    f"{NO_ANSWER}: The passages do not mention it.",
    f"**{NO_ANSWER}** Nothing about it.",
    f"[{NO_ANSWER}]\nNichts dazu.",
    "No answer. It is not there.",
    f"The question is hard. {NO_ANSWER}",
    "The passages do not contain information about the moon.",
    "I cannot find this in the documents.",
    "There is no information about that in the provided passages.",
]
ANSWERS = [
    "The harbour lies in the north [1].",
    "The documents do not mention the price, but the size is 3 m [1].",
    "There is no answer key in the book [2].",
    "Notably, it rains.",
    "Yes.",
]


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_refusal_is_recognised(reply: str) -> None:
    assert is_refusal(reply)


@pytest.mark.parametrize("reply", ANSWERS)
def test_an_answer_is_not(reply: str) -> None:
    assert not is_refusal(reply)


@pytest.mark.parametrize("reply", REFUSALS)
def test_a_person_never_reads_the_marker(reply: str) -> None:
    assert NO_ANSWER not in without_marker(reply)


def test_the_sentence_behind_the_marker_stays() -> None:
    assert without_marker(f"{NO_ANSWER}: Nothing on it.") == "Nothing on it."


@pytest.mark.parametrize("length", range(1, len(NO_ANSWER) + 10))
def test_the_marker_is_held_back_from_its_first_letter(length: int) -> None:
    assert may_become_refusal(f"{NO_ANSWER}: Nothing."[:length])


@pytest.mark.parametrize("beginning", ["The", "Not", "Now", "North", "No, it", "Nobody answers"])
def test_other_beginnings_are_shown_at_once(beginning: str) -> None:
    assert not may_become_refusal(beginning)
