"""Which documents a question names."""

from __future__ import annotations

import pytest

from documents.search.naming import TitleIndex, parts

FILINGS = [
    "AMAZON 2017 10K", "AMCOR 2022 8K", "AMCOR 2023 10K", "AMCOR 2023Q2 10Q", "BESTBUY 2023 10K",
    "JOHNSON JOHNSON 2023Q2 EARNINGS", "MGMRESORTS 2022Q4 EARNINGS", "FOOTLOCKER 2022 8K",
    "BOEING 2022 10K", "VERIZON 2022 10K", "NIKE 2023 10K", "PEPSICO 2023Q1 EARNINGS",
]  # fmt: skip


def _found(question: str, titles: list[str] = FILINGS) -> list[str]:
    return [named.title for named in TitleIndex((title, title) for title in titles).find(question)]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is Amazon's FY2017 revenue?", "AMAZON 2017 10K"),
        ("How many stores has Best Buy?", "BESTBUY 2023 10K"),
        ("Which region was the best for MGM?", "MGMRESORTS 2022Q4 EARNINGS"),
        ("Did JnJ's earnings grow?", "JOHNSON JOHNSON 2023Q2 EARNINGS"),
        ("Did J&J or JJ grow?", "JOHNSON JOHNSON 2023Q2 EARNINGS"),
        ("Who leads Foot Locker?", "FOOTLOCKER 2022 8K"),
        ("What does BOEING build?", "BOEING 2022 10K"),
    ],
)
def test_a_question_names_a_document_however_the_name_is_written(question: str, title: str) -> None:
    assert _found(question) == [title]


@pytest.mark.parametrize(
    "question",
    [
        "", "?!", "What is revenue?", "Which year was the best to buy?", "How did earnings grow?",
        "Is 2023 a good year?", "What is a 10K?", "Earnings in 2022?",
    ],
)  # fmt: skip
def test_plain_words_and_years_name_nothing(question: str) -> None:
    assert _found(question) == []


def test_years_and_quarters_tell_documents_of_one_name_apart() -> None:
    assert _found("How did AMCOR do in FY2022?")[0] == "AMCOR 2022 8K"
    assert _found("How did AMCOR do in Q2 of FY2023?")[0] == "AMCOR 2023Q2 10Q"
    assert _found("How did AMCOR do in its 10-K of 2023?")[0] == "AMCOR 2023 10K"


def test_a_whole_title_is_a_name_in_any_writing() -> None:
    titles = ["Employee handbook", "Wine list"]
    assert _found("what does the employee handbook say about holidays?", titles) == [titles[0]]
    assert _found("which employee has holidays?", titles) == []


def test_a_title_run_together_is_found_by_its_words() -> None:
    assert _found("How large is Foot Locker?", ["FootLocker report"]) == ["FootLocker report"]


def test_a_word_that_begins_a_sentence_is_no_name() -> None:
    titles = ["Rates", "Limits", "Keys"]
    assert _found("Rates rise with what?", titles) == []
    assert _found("How do Rates rise?", titles) == ["Rates"]


def test_a_name_in_many_titles_is_a_topic() -> None:
    titles = [f"Amcor {letter * 4}" for letter in "bcdfghjkmnpq"]
    assert _found("What does Amcor do?", titles) == []


def test_documents_of_one_title_are_named_together() -> None:
    [named] = TitleIndex([(1, "Boeing"), (2, "Boeing"), (3, "Nike")]).find("Is Boeing large?")
    assert named.keys == (1, 2)
    assert (named.phrase, named.strength) == ("Boeing", 1.0)


@pytest.mark.parametrize("text", ["\x00", "🎉" * 50, "_" * 500, "É" * 300, "a1b2" * 300])
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(TitleIndex([(1, text)]).find(text), list)
    assert isinstance(parts(text), list)


def test_parts_are_cut_where_file_names_run_together() -> None:
    assert [part.written for part in parts("AMCOR_2023Q4 FY2017")] == [
        "AMCOR", "2023", "Q4", "FY", "2017",
    ]  # fmt: skip
