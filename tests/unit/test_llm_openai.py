"""The client of OpenAI's protocol in detail: event streams and dialects."""

from __future__ import annotations

import json

import pytest

from chat.errors import ModelError, ModelInterrupted
from chat.llm.base import Prompt, Usage
from chat.llm.dialect import Dialect
from chat.llm.sse import LONGEST_LINE, CompletionReader


def data(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def text(said: str, finish: str | None = None) -> bytes:
    return data({"choices": [{"delta": {"content": said}, "finish_reason": finish}]})


def read(raw: bytes, size: int = 10_000) -> tuple[str, CompletionReader]:
    reader = CompletionReader()
    pieces = [p for i in range(0, len(raw), size) for p in reader.feed(raw[i : i + size])]
    pieces += reader.close()
    return "".join(piece.text for piece in pieces), reader


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_where_the_bytes_are_cut_does_not_matter(size: int) -> None:
    raw = text("Grüße, ") + text("漢字 🙂", "stop") + b"data: [DONE]\n\n"
    assert read(raw, size)[0] == "Grüße, 漢字 🙂"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_both_line_ends_are_read(newline: bytes) -> None:
    raw = (text("one") + text("two")).replace(b"\n", newline)
    assert read(raw, 5)[0] == "onetwo"


def test_comments_and_other_fields_are_passed_over() -> None:
    raw = b": ping\n\nevent: message\nid: 1\n" + text("said") + b"retry: 3\n\n"
    assert read(raw)[0] == "said"


@pytest.mark.parametrize("end", [text("", "stop"), b"data: [DONE]\n\n", b"data: [DONE]"])
def test_either_sign_of_the_end_is_enough(end: bytes) -> None:
    assert read(text("said") + end)[1].finished


def test_without_a_sign_of_the_end_the_answer_is_not_finished() -> None:
    assert not read(text("said"))[1].finished


def test_the_server_s_count_is_kept() -> None:
    raw = data({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}})
    assert read(raw)[1].usage == Usage(7, 2)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"role": "assistant"}}]},
        {"usage": {"prompt_tokens": "many"}},
    ],
)
def test_events_without_text_say_nothing(event: object) -> None:
    assert read(data(event))[0] == ""


@pytest.mark.parametrize("raw", [b"<html>\n", b"data: {\n", b"data: []\n", b"data: 5\n"])
def test_what_is_no_completion_is_an_error(raw: bytes) -> None:
    with pytest.raises(ModelError):
        read(raw)


def test_an_error_event_before_any_text_is_a_failure() -> None:
    with pytest.raises(ModelError) as caught:
        read(data({"error": {"message": "the secret reason"}}))
    assert "secret" not in str(caught.value)


def test_an_error_event_after_text_is_an_interruption() -> None:
    with pytest.raises(ModelInterrupted):
        read(text("said") + data({"error": {"message": "x"}}))


def test_a_line_without_end_is_given_up() -> None:
    with pytest.raises(ModelError):
        CompletionReader().feed(b"data: " + b"x" * LONGEST_LINE)


def test_the_limit_of_tokens_is_always_sent() -> None:
    assert Dialect().options(Prompt(max_tokens=50))["max_tokens"] == 50
    bare = Dialect(usage=False, temperature=False).options(Prompt(max_tokens=50))
    assert bare == {"max_tokens": 50}


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("Unknown field stream_options", Dialect(usage=False)),
        ("Bad request", Dialect(usage=False)),
        ("'max_tokens' is not supported", Dialect(tokens_key="max_completion_tokens")),
        ("temperature must be 1", Dialect(temperature=False)),
    ],
)
def test_a_complaint_is_heeded(complaint: str, expected: Dialect) -> None:
    assert Dialect().without(complaint) == expected


def test_complaints_come_to_an_end() -> None:
    dialect: Dialect | None = Dialect()
    rounds = 0
    while dialect is not None:
        dialect = dialect.without("max_tokens max_completion_tokens temperature")
        rounds += 1
        assert rounds < 10
