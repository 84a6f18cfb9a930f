"""Where judged passages stand in a ranking, and what the ranking is worth."""

from __future__ import annotations

import math

import pytest

from chat.answer.judging import (
    Change,
    Outcome,
    Span,
    agreed,
    compared,
    is_same_passage,
    located,
    marks,
    question_key,
    quote_key,
    rank_of,
    says_expected,
)

TEXT = "The wren nests in ivy.\n\nIt lays seven\neggs in April. Both parents feed the young."


def test_the_same_question_is_known_again_however_it_is_written() -> None:
    keys = {question_key(text) for text in ("How many eggs?", " how  many EGGS ", "How many eggs")}
    assert len(keys) == 1


def test_another_question_has_another_key() -> None:
    assert question_key("How many eggs?") != question_key("How many nests?")


def test_a_question_without_a_letter_has_a_key() -> None:
    assert question_key("???") == question_key("?")


def test_case_and_space_make_no_other_quote() -> None:
    assert quote_key("It lays\nseven eggs") == quote_key("it lays seven  eggs")


def test_a_quote_is_found_across_other_white_space() -> None:
    span = located("d", "it lays seven eggs", TEXT)
    assert TEXT[span.start : span.end] == "It lays seven\neggs"


def test_a_quote_with_signs_of_patterns_is_taken_literally() -> None:
    span = located("d", "costs (4.50 $)?", "It costs (4.50 $)? Yes.")
    assert (span.start, span.end) == (3, 18)


@pytest.mark.parametrize("quote", ["It lays nine eggs", "", "   "])
def test_words_that_are_gone_mean_the_whole_document(quote: str) -> None:
    assert located("d", quote, TEXT) == Span("d")


def test_spans_that_share_half_of_the_shorter_are_one_passage() -> None:
    assert is_same_passage(Span("d", 0, 100), Span("d", 80, 120))
    assert not is_same_passage(Span("d", 0, 100), Span("d", 90, 120))


def test_spans_that_only_touch_are_two() -> None:
    assert not is_same_passage(Span("d", 0, 10), Span("d", 10, 20))


def test_spans_of_two_documents_are_never_one() -> None:
    assert not is_same_passage(Span("a", 0, 10), Span("b", 0, 10))
    assert not is_same_passage(Span("a"), Span("b", 0, 10))


def test_a_whole_document_is_found_by_any_of_its_passages() -> None:
    assert rank_of(Span("d"), [Span("x", 0, 5), Span("d", 90, 99)]) == 2


def test_a_passage_that_is_not_among_the_results_has_no_rank() -> None:
    assert rank_of(Span("d", 0, 5), [Span("d", 5, 9)]) is None


def test_a_right_passage_on_top_is_worth_everything() -> None:
    perfect = marks([1])
    assert (perfect.ndcg_10, perfect.recall_10, perfect.mrr_10) == (1.0, 1.0, 1.0)


def test_marks_follow_the_discount_of_their_definition() -> None:
    found = marks([3, None])
    ideal = 1 / math.log2(2) + 1 / math.log2(3)
    assert found.ndcg_10 == pytest.approx((1 / math.log2(4)) / ideal)
    assert found.mrr_10 == pytest.approx(1 / 3)
    assert found.recall_10 == 0.5


def test_a_passage_behind_the_tenth_counts_for_recall_at_a_hundred_alone() -> None:
    found = marks([11])
    assert (found.ndcg_10, found.recall_10, found.recall_100, found.mrr_10) == (0, 0, 1, 0)


def test_one_result_that_holds_two_passages_is_worth_no_more_than_everything() -> None:
    assert marks([1, 1]).ndcg_10 == 1.0


def test_without_a_right_passage_there_are_no_marks() -> None:
    with pytest.raises(ValueError, match="no marks"):
        marks([])


def _outcome(*right: int | None, **more: object) -> Outcome:
    return Outcome(right, **({"wrong": (), "refused": False} | more))  # type: ignore[arg-type]


def test_a_right_passage_nearer_the_top_is_better() -> None:
    assert compared(_outcome(4), _outcome(2)) is Change.BETTER
    assert compared(_outcome(2), _outcome(4)) is Change.WORSE


def test_a_right_passage_that_rises_below_the_tenth_is_better_too() -> None:
    assert compared(_outcome(40), _outcome(20)) is Change.BETTER


def test_the_same_ranks_are_the_same() -> None:
    assert compared(_outcome(2, None), _outcome(2, None)) is Change.SAME


def test_a_wrong_passage_further_down_is_better() -> None:
    assert compared(_outcome(wrong=(1,)), _outcome(wrong=(3,))) is Change.BETTER


def test_an_answer_that_becomes_right_is_better() -> None:
    before, after = _outcome(1, answered_right=False), _outcome(1, answered_right=True)
    assert compared(before, after) is Change.BETTER


def test_a_refusal_is_worse_where_a_right_passage_is_known() -> None:
    assert compared(_outcome(1), _outcome(1, refused=True)) is Change.WORSE


def test_a_refusal_alone_is_neither_better_nor_worse() -> None:
    assert compared(_outcome(), _outcome(refused=True)) is Change.SAME


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("The wren lays seven eggs in April.", True),
        ("In April the wren lays 7 eggs.", True),
        ("The wren lays eight eggs in April.", False),
        ("The wren nests in ivy.", False),
    ],
)
def test_an_answer_is_right_with_the_numbers_and_most_words(answer: str, is_right: bool) -> None:
    assert says_expected(answer, "The wren lays seven eggs") is is_right


def test_an_expected_answer_of_stop_words_is_looked_for_as_it_stands() -> None:
    assert says_expected("It is off, they say.", "it is")
    assert not says_expected("Nothing of it.", "it is")


@pytest.mark.parametrize(
    ("grades", "said"), [([1], 1), ([0], 0), ([1, 1, 0], 1), ([1, 0], None), ([], None)]
)
def test_most_people_decide_and_a_divided_house_does_not(
    grades: list[int], said: int | None
) -> None:
    assert agreed(grades) == said
