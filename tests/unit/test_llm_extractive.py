"""Answering by quoting: the right sentences, each once, in a readable order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chat.llm.extractive import MAX_SENTENCES, arranged, choose
from chat.llm.terms import numbers, rarity, term_set
from chat.types import Passage

MUSEUM = (
    "The city museum stands by the river. The museum opened in 1998 after six years of work. "
    "It was designed by Renzo Piano. More than 400,000 people visit the museum every year."
)
HARBOUR = "The harbour was dredged in 1950. Ships of 12 nations call at the harbour."


def passage(n: int, text: str, start: int = 0, title: str = "") -> Passage:
    return Passage(n, str(n), title, 1, n, None, "", text, start, start + len(text), 1.0)


PASSAGES = [passage(1, HARBOUR), passage(2, MUSEUM, 50)]


def best(question: str, passages: Sequence[Passage] = PASSAGES) -> str:
    return choose(question, passages)[0].text


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("When did the museum open?", "opened in 1998"),
        ("Who designed the museum?", "Renzo Piano"),
        ("How many people visit the museum?", "400,000"),
        ("Where does the museum stand?", "by the river"),
        ("When was the harbour dredged?", "1950"),
    ],
)
def test_the_sentence_with_the_answer_comes_first(question: str, part: str) -> None:
    assert part in best(question)


def test_a_follow_up_is_answered_by_its_own_words() -> None:
    text = "A sailing is cancelled in a storm. A sailing is delayed in fog. Tickets stay valid."
    asked = "And in fog? sailing cancelled storm"
    found = choose(asked, [passage(1, text)], focus="And in fog?")
    assert found[0].text == "A sailing is delayed in fog."


def test_a_sentence_that_only_echoes_the_question_is_no_answer() -> None:
    text = "Become the administrator. The server prints a link that makes you administrator once."
    assert "prints a link" in best("How do I become the administrator?", [passage(1, text)])


def test_chinese_questions_find_chinese_sentences() -> None:
    text = "这座博物馆位于河边。博物馆于1998年开放。每年有四十万人参观。"
    assert "1998" in best("博物馆什么时候开放？", [passage(1, text)])


def test_a_quote_is_the_text_at_its_place() -> None:
    for quote in choose("When did the museum open?", PASSAGES):
        source = quote.passage
        assert source.text[quote.start - source.start : quote.end - source.start] == quote.text


def test_a_question_about_something_else_finds_nothing() -> None:
    assert choose("How do volcanoes form?", PASSAGES) == ()


@pytest.mark.parametrize("question", ["", "the of and", "???"])
def test_a_question_without_words_finds_nothing(question: str) -> None:
    assert choose(question, PASSAGES) == ()


def test_there_are_at_most_four_sentences() -> None:
    text = " ".join(f"Engine part {name} needs oil." for name in "abcdefgh")
    assert 1 <= len(choose("Which engine part needs oil?", [passage(1, text)])) <= MAX_SENTENCES


def test_the_same_sentence_is_not_quoted_twice() -> None:
    copies = [passage(1, MUSEUM), passage(2, MUSEUM)]
    texts = [quote.text for quote in choose("When did the museum open?", copies)]
    assert len(texts) == len(set(texts))


def test_sentences_that_differ_in_a_number_both_count() -> None:
    text = "Gate A opens at 7 in summer. Gate A opens at 9 in winter."
    assert len(choose("When does gate A open?", [passage(1, text)])) == 2


def test_a_full_sentence_is_preferred_to_a_heading() -> None:
    text = "Opening of the museum\n\nThe opening of the museum was celebrated with music."
    assert best("opening of the museum", [passage(1, text)]).startswith("The opening")


def test_a_question_in_the_text_is_no_answer() -> None:
    text = "When did the museum open? The museum did open in 1998."
    assert best("When did the museum open?", [passage(1, text)]).endswith("1998.")


def test_the_title_tells_what_a_sentence_is_about() -> None:
    about = [
        passage(1, "It was founded in 1912.", title="Bakery"),
        passage(2, "It was founded in 1888.", title="Brewery"),
    ]
    assert best("When was the brewery founded?", about) == "It was founded in 1888."


def test_a_pronoun_points_back_to_the_sentence_before() -> None:
    text = (
        "The brewery stands at the harbour. It was founded in 1888. "
        "The bakery stands at the market. It was founded in 1912."
    )
    texts = [quote.text for quote in choose("When was the bakery founded?", [passage(1, text)])]
    assert "It was founded in 1912." in texts
    assert "It was founded in 1888." not in texts


def test_likeness_decides_between_sentences_of_equal_words() -> None:
    text = "The engine starts with a key. The engine starts with a crank."
    likes_cranks = [[float("crank" in t) for t in ["key", "crank"]]]
    quotes = choose(
        "How does the engine start?", [passage(1, text)], similarity=lambda _, __: likes_cranks[0]
    )
    assert "crank" in quotes[0].text


def test_the_same_question_gives_the_same_answer() -> None:
    first, second = (choose("What about the museum?", PASSAGES) for _ in range(2))
    assert first == second


def test_quotes_of_a_passage_are_read_in_the_order_of_the_document() -> None:
    quotes = choose("Who designed the museum that people visit, when did it open?", PASSAGES)
    starts = [quote.start for quote in arranged(quotes) if quote.passage.n == 2]
    assert starts == sorted(starts)


def test_the_best_quote_s_passage_leads() -> None:
    quotes = choose("When was the harbour dredged and the museum opened?", PASSAGES)
    assert arranged(quotes)[0].passage == quotes[0].passage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,250 and 1.250,5", {"1250", "1250.5"}),
        ("3.14 or 3,14", {"3.14"}),
        ("year 1998, page 007", {"1998", "7"}),
        ("-5 °C and x7", {"-5"}),
        ("10 000 people", {"10000"}),
        ("于1998年，１２ 和 ١٢", {"1998", "12"}),
        ("none", set()),
    ],
)
def test_numbers_have_one_form(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


def test_words_are_compared_by_their_stem() -> None:
    assert term_set("opening the museums") == term_set("museum opens")


def test_rare_words_weigh_more() -> None:
    weights = rarity(["museum river", "museum harbour", "museum bread"])
    assert weights[next(iter(term_set("harbour")))] > weights[next(iter(term_set("museum")))]
