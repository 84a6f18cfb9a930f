"""A model that spends for somebody: reserved before each call, settled after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from chat.errors import ModelError, PromptTooLong
from chat.llm.base import ChatMessage, Piece, Prompt, Usage
from chat.llm.scripted import ScriptedModel
from chat.services import metered as module
from chat.services.metered import MeteredModel, metered, prompt_tokens, text_tokens
from documents.errors import QuotaReached

PROMPT = Prompt([ChatMessage("user", "x" * 300)], max_tokens=50)
SENT = 104


class Ledger:
    """Remembers what was reserved and settled; refuses beyond ``limit``."""

    def __init__(self, limit: int = 10**9) -> None:
        self.limit = limit
        self.total = 0
        self.calls: list[tuple[str, int]] = []

    def question(self, user_id: int) -> None:
        raise AssertionError("a call of the model is no question")

    def reserve(self, user_id: int, tokens: int) -> None:
        if self.total + tokens > self.limit:
            raise QuotaReached
        self.total += tokens
        self.calls.append(("reserve", tokens))

    def settle(self, user_id: int, tokens: int) -> None:
        self.total += tokens
        self.calls.append(("settle", tokens))


def at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function awaitable without a thread."""

    async def run(*args: Any) -> Any:
        return function(*args)

    return run


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    found = Ledger()
    monkeypatch.setattr(module, "ledger", lambda: found)
    return found


async def _all(model: Any, prompt: Prompt = PROMPT) -> str:
    return "".join([piece.text async for piece in MeteredModel(model, 7, at_once).stream(prompt)])


def test_a_text_is_estimated_at_three_bytes_a_token() -> None:
    assert [text_tokens(t) for t in ("", "abc", "abcd", "鳥の巣")] == [0, 1, 2, 3]


def test_the_frame_of_each_message_counts() -> None:
    assert prompt_tokens(PROMPT) == SENT


async def test_the_longest_answer_is_reserved_before_anything_is_sent(ledger: Ledger) -> None:
    model = ScriptedModel(["Seven eggs."])
    stream = MeteredModel(model, 7, at_once).stream(PROMPT)
    await anext(stream)
    assert ledger.calls == [("reserve", SENT + 50)]
    await stream.aclose()


async def test_what_the_server_counted_takes_the_place_of_the_reserve(ledger: Ledger) -> None:
    assert await _all(Counting(Usage(80, 20))) == "Seven."
    assert ledger.total == 100


async def test_without_a_count_the_text_is_estimated(ledger: Ledger) -> None:
    await _all(Counting(Usage()))
    assert ledger.total == SENT + text_tokens("Seven.")


async def test_a_user_without_tokens_is_refused_before_the_call(ledger: Ledger) -> None:
    ledger.limit = SENT + 49
    model = ScriptedModel(["Seven eggs."])
    with pytest.raises(QuotaReached):
        await _all(model)
    assert model.prompts == []
    assert ledger.total == 0


async def test_a_prompt_that_is_too_long_is_never_sent(ledger: Ledger, settings: Any) -> None:
    settings.MAX_PROMPT_TOKENS = SENT - 1
    model = ScriptedModel(["Seven eggs."])
    with pytest.raises(PromptTooLong):
        await _all(model)
    assert (model.prompts, ledger.calls) == ([], [])


async def test_a_model_that_breaks_costs_what_was_sent(ledger: Ledger) -> None:
    with pytest.raises(ModelError):
        await _all(ScriptedModel(["Seven "], error=ModelError()))
    assert ledger.total == SENT + text_tokens("Seven ")


async def test_who_leaves_in_the_middle_pays_for_what_had_come(ledger: Ledger) -> None:
    model = ScriptedModel(["Seven ", "eggs."])
    async with aclosing(MeteredModel(model, 7, at_once).stream(PROMPT)) as stream:
        await anext(stream)
    assert model.closed == 1
    assert ledger.total == SENT + text_tokens("Seven ")


async def test_an_attempt_that_is_repeated_counts_again(ledger: Ledger) -> None:
    await _all(Retrying())
    assert ledger.total == SENT + 100


async def test_no_attempt_is_repeated_without_tokens(ledger: Ledger) -> None:
    ledger.limit = SENT + 50
    model = Retrying()
    with pytest.raises(QuotaReached):
        await _all(model)
    assert model.attempts == 1


def test_without_a_model_there_is_nothing_to_meter() -> None:
    assert metered(None, 7) is None


class Counting:
    """Answers with a count of tokens."""

    model = "counting"

    def __init__(self, usage: Usage) -> None:
        self.usage = usage

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        yield Piece("Seven.")
        yield Piece(usage=self.usage)


class Retrying:
    """Fails once inside, as a client does that tries again by itself."""

    model = "retrying"
    attempts = 0

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.attempts = 1
        assert prompt.on_retry is not None
        await prompt.on_retry()
        self.attempts = 2
        yield Piece("Seven.", usage=Usage(80, 20))
