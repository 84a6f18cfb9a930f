"""Markers become citations of exact sentences, numbered in order."""

from __future__ import annotations

import pytest

from chat.answer.citations import CitationStream, cited, quoted
from chat.llm.extractive import Quote
from chat.types import CitedAnswer, Passage

TOWER = "The Eiffel Tower was built in 1889. It is 330 metres tall. Gustave Eiffel designed it."
PARIS = "Paris has 2.1 million inhabitants. The mayor is elected every six years."
#: The text of the version that the first passage is cut from.
CONTENT = "x" * 100 + TOWER


def passage(n: int, text: str, start: int = 0, page: int | None = None) -> Passage:
    return Passage(n, f"d{n}", f"T{n}", 1, n, page, "", text, start, start + len(text), 1.0)


PASSAGES = (passage(1, TOWER, 100, page=2), passage(2, PARIS))

TEXTS = [
    "It was built in 1889 [1]. The mayor is elected every six years [2].",
    "It was built in 1889. [1][2] Next.",
    "Built in 1889[1], as 2.1 million inhabitants know [1, 2].\n\n- A point [2]\n- Another [7]",
    "[1] Built in 1889.\n[2] Many inhabitants.",
    "塔建于1889年【1†source】。很高[1]。",
    "See [Passage 1] and [1-2], [^2], [2019] and `row[1]` [1](http://evil.example/?d=x).",
    "[1]: http://evil.example\n[2] : fine",
    "Open [ bracket, [see 1, [1",
    "   [1]   [2]   ",
    "A [9][8, 7] b [1; 9].",
]


def streamed(text: str, size: int) -> tuple[str, CitedAnswer]:
    stream = CitationStream(PASSAGES)
    pieces = [stream.feed(text[i : i + size]) for i in range(0, len(text), size)]
    return "".join([*pieces, stream.flush()]), stream.answer()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_where_the_stream_is_cut_does_not_matter(text: str, size: int) -> None:
    shown, answer = streamed(text, size)
    assert answer == cited(text, PASSAGES)
    assert shown == answer.text


@pytest.mark.parametrize("text", TEXTS)
def test_every_quote_is_the_text_at_its_place(text: str) -> None:
    contents = {1: CONTENT, 2: PARIS}
    for citation in cited(text, PASSAGES).citations:
        assert contents[citation.version_id][citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_cite_existing_numbers_only(text: str) -> None:
    answer = cited(text, PASSAGES)
    known = {citation.n for citation in answer.citations}
    assert known == set(range(1, len(known) + 1))
    assert all(set(sentence.citations) <= known for sentence in answer.sentences)


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_lie_in_the_answer_in_order(text: str) -> None:
    answer = cited(text, PASSAGES)
    places = [(s.start, s.end) for s in answer.sentences]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(answer.text) for start, end in places)


def test_the_quote_is_the_sentence_that_carries_the_claim() -> None:
    answer = cited("The tower was built in 1889 [1].", PASSAGES)
    assert [c.quote for c in answer.citations] == ["The Eiffel Tower was built in 1889."]


def test_a_quote_may_need_two_sentences() -> None:
    answer = cited("Paris has 2.1 million inhabitants and a mayor elected [2].", PASSAGES)
    assert answer.citations[0].quote == PARIS


def test_numbers_run_from_one_in_order_of_appearance() -> None:
    answer = cited("The mayor is elected [2]. Built in 1889 [1].", PASSAGES)
    assert answer.text == "The mayor is elected [1]. Built in 1889 [2]."
    assert [citation.passage for citation in answer.citations] == [2, 1]


def test_two_claims_of_one_passage_get_two_citations() -> None:
    answer = cited("It was built in 1889 [1]. Gustave Eiffel designed it [1].", PASSAGES)
    assert answer.text == "It was built in 1889 [1]. Gustave Eiffel designed it [2]."


def test_the_same_sentence_is_cited_under_one_number() -> None:
    answer = cited("Built in 1889 [1]. Yes, in 1889 [1].", PASSAGES)
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (1,)]


def test_each_marker_in_a_sentence_has_its_own_claim() -> None:
    answer = cited("Built in 1889 [1], and Gustave Eiffel designed it [1].", PASSAGES)
    assert [c.quote for c in answer.citations] == [
        "The Eiffel Tower was built in 1889.",
        "Gustave Eiffel designed it.",
    ]


@pytest.mark.parametrize("marker", ["[9]", "[0]", "【17】", "[9, 12]"])
def test_an_invented_number_becomes_plain_text(marker: str) -> None:
    answer = cited(f"It is tall {marker}.", PASSAGES)
    assert not answer.citations
    assert "[" not in answer.text
    assert answer.invented


def test_of_a_group_the_true_numbers_stay() -> None:
    answer = cited("Built in 1889 [1, 9].", PASSAGES)
    assert (answer.text, answer.invented) == ("Built in 1889 [1].", 1)


@pytest.mark.parametrize("marker", ["[1, 2]", "[1][2]", "[1] [2]", "[1-2]", "【1】【2】", "[1; 2]"])
def test_groups_in_any_form_cite_each(marker: str) -> None:
    answer = cited(f"Known {marker}.", PASSAGES)
    assert {citation.passage for citation in answer.citations} == {1, 2}


@pytest.mark.parametrize("text", ["In (1) and (2).", "The year [2019].", "`row[1]`", "x[i]"])
def test_what_only_looks_like_a_marker_stays(text: str) -> None:
    answer = cited(text, PASSAGES)
    assert answer.text == text
    assert not answer.citations


def test_a_marker_after_the_stop_belongs_to_the_sentence_before() -> None:
    first, second = cited("Built in 1889. [1] Next one.", PASSAGES).sentences
    assert (first.citations, second.citations) == ((1,), ())


def test_a_marker_that_leads_a_line_belongs_to_that_line() -> None:
    first, second = cited("[1] Built in 1889.\n[2] Many inhabitants.", PASSAGES).sentences
    assert (first.text, second.text) == ("Built in 1889.", "Many inhabitants.")
    assert len(first.citations) == len(second.citations) == 1


def test_the_text_of_a_sentence_has_no_markers_or_bullets() -> None:
    answer = cited("- Built in 1889 [1].\n- Elected [2].", PASSAGES)
    assert [s.text for s in answer.sentences] == ["Built in 1889.", "Elected."]


def test_a_link_behind_a_marker_is_dropped() -> None:
    answer = cited("Built in 1889 [1](http://evil.example/?d=1).", PASSAGES)
    assert answer.text == "Built in 1889 [1]."


def test_no_link_definition_can_take_over_a_marker() -> None:
    answer = cited("Built [1].\n\n[1]: http://evil.example", PASSAGES)
    assert "]:" not in answer.text


def test_a_citation_knows_the_page_its_quote_begins_on() -> None:
    broken = passage(1, TOWER, 100, page=2)
    turned = Passage(**{f: getattr(broken, f) for f in broken.__slots__} | {
        "page_breaks": ((100 + TOWER.index("Gustave"), 3),),
    })  # fmt: skip
    answer = cited("Gustave Eiffel designed it [1]. Built in 1889 [1].", [turned])
    assert [citation.page for citation in answer.citations] == [3, 2]


def test_a_claim_in_another_language_cites_the_start_of_the_passage() -> None:
    answer = cited("塔很高 [2]。", PASSAGES)
    assert answer.citations[0].quote == PARIS


def test_an_empty_answer_has_nothing() -> None:
    assert cited("", PASSAGES) == CitedAnswer("", (), ())


def test_quotes_become_cited_sentences() -> None:
    source = PASSAGES[0]
    quotes = [Quote(source, "It is 330 metres tall.", 136, 158, 1.0)]
    answer = quoted(quotes)
    assert answer.text == "It is 330 metres tall. [1]"
    assert answer.citations[0].quote == "It is 330 metres tall."


def test_reference_marks_inside_a_quote_are_not_taken_for_ours() -> None:
    text = "It is tall [4] and\nold."
    answer = quoted([Quote(passage(1, text), text, 0, len(text), 1.0)])
    assert answer.text == "It is tall (4) and old. [1]"
    assert answer.citations[0].quote == text


def test_each_sentence_knows_what_it_invented() -> None:
    first, second, third = cited("Built in 1889 [1][9]. Many [7, 8]. Some [1].", PASSAGES).sentences
    assert (first.invented, second.invented, third.invented) == ((9,), (7, 8), ())


def test_an_invented_number_that_leads_a_line_belongs_to_that_line() -> None:
    first, second = cited("Built in 1889. [1]\n[9] Many inhabitants.", PASSAGES).sentences
    assert (first.invented, second.invented) == ((), (9,))
