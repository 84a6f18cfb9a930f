"""Follow-up questions borrow words from the question before."""

from __future__ import annotations

import pytest

from chat.answer.followup import BORROWED, combined, leans
from chat.types import Turn

HISTORY = [Turn("What was the revenue of Acme in 2020?", "It was 5 million [1].")]


@pytest.mark.parametrize(
    "question",
    ["And in 2021?", "Why?", "What about its profit?", "Is that more than before?", "那利润呢？"],
)
def test_a_follow_up_borrows_the_subject(question: str) -> None:
    assert combined(question, HISTORY).startswith(question)
    assert "Acme" in combined(question, HISTORY)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the mayor of Paris?",
        "Which countries signed the treaty of Lisbon in December 2007 and is it still in force?",
        "巴黎的市长是谁？",
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert combined(question, HISTORY) == question


def test_without_history_nothing_is_added() -> None:
    assert combined("And in 2021?", []) == "And in 2021?"


def test_a_chain_of_follow_ups_reaches_the_first_question() -> None:
    history = [*HISTORY, Turn("And in 2021?", "6 million [1].")]
    assert "Acme" in combined("And in 2022?", history)


def test_words_that_are_there_already_are_not_repeated() -> None:
    assert combined("And its revenue?", HISTORY).lower().count("revenue") == 1


def test_only_so_many_words_are_borrowed() -> None:
    long = [Turn(" ".join(f"subject{i}" for i in range(99)), "")]
    assert len(combined("Why?", long).split()) <= BORROWED + 1


def test_a_pronoun_leans() -> None:
    assert leans("Where was he born exactly?")
    assert not leans("Where was Napoleon born exactly?")
