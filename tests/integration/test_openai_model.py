"""The language model's client against a server on loopback that misbehaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest

from chat.errors import (
    ModelBusy,
    ModelError,
    ModelInterrupted,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
)
from chat.llm.base import ChatMessage, Piece, Prompt, Usage
from chat.llm.openai import CHARACTERS_PER_TOKEN, ModelUnavailable, OpenAIModel
from documents.errors import QuotaReached
from tests.openai_server import OpenAIServer

DEADLINE = 2.0
KEY = "sk-very-secret"
ANSWER = "The harbour lies in the north of the city [1]. It was built in 1889 [2]."


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        running.script(ANSWER)
        yield running


def prompt(max_tokens: int = 200) -> Prompt:
    messages = (ChatMessage("system", "Be brief."), ChatMessage("user", "Where is it? \ud800"))
    return Prompt(messages, max_tokens=max_tokens, deadline=DEADLINE)


def model(server: OpenAIServer) -> OpenAIModel:
    return OpenAIModel(api_key=KEY, base_url=server.url, timeout=0.7)


async def told(server: OpenAIServer, parts: list[str], max_tokens: int = 200) -> Usage | None:
    """Collect the answer in ``parts``; what came before a fault stays there."""
    usage = None
    async for piece in model(server).stream(prompt(max_tokens)):
        parts.append(piece.text)
        usage = piece.usage or usage
    return usage


FAULTS = {
    "400": ModelUnavailable,
    "401": ModelUnauthorized,
    "403": ModelUnauthorized,
    "404": ModelUnavailable,
    "429": ModelBusy,
    "500": ModelError,
    "503": ModelError,
    "html": ModelError,
    "wrong_json": ModelError,
    "drop": ModelUnreachable,
    "silence": ModelTimeout,
    "drip": ModelTimeout,
    "stall": ModelTimeout,
    "cut": ModelInterrupted,
    "end": ModelInterrupted,
    "error_event": ModelInterrupted,
    "empty": ModelError,
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
async def test_every_fault_ends_in_its_error_within_the_deadline(
    server: OpenAIServer, fault: str, expected: type[ModelError]
) -> None:
    server.fail(fault)
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        await told(server, [])
    assert caught.type is expected
    assert time.monotonic() - began < DEADLINE + 1


@pytest.mark.parametrize("fault", ["stall", "cut", "end", "error_event"])
async def test_what_had_arrived_is_kept(server: OpenAIServer, fault: str) -> None:
    server.fail(fault)
    parts: list[str] = []
    with pytest.raises(ModelError):
        await told(server, parts)
    assert "".join(parts)
    assert ANSWER.startswith("".join(parts))


@pytest.mark.parametrize("fault", ["400", "401", "404", "500", "error_event"])
async def test_no_error_repeats_the_key_or_the_prompt(server: OpenAIServer, fault: str) -> None:
    server.fail(fault)
    with pytest.raises(ModelError) as caught:
        await told(server, [])
    for secret in (KEY, "Where is it", "secret"):
        assert secret not in str(caught.value)


async def test_an_answer_comes_in_pieces_with_its_usage(server: OpenAIServer) -> None:
    parts: list[str] = []
    usage = await told(server, parts)
    assert "".join(parts) == ANSWER
    assert len(parts) > 5
    assert usage is not None
    assert usage.completion_tokens == len(ANSWER.split())


@pytest.mark.parametrize(
    "fault",
    ["no_finish", "no_usage", "reject_stream_options", "reject_max_tokens", "reject_temperature"],
)
async def test_what_servers_do_differently_is_understood(server: OpenAIServer, fault: str) -> None:
    server.fail(fault)
    parts: list[str] = []
    await told(server, parts)
    assert "".join(parts) == ANSWER


async def test_a_dialect_once_learnt_is_kept(server: OpenAIServer) -> None:
    server.fail("reject_stream_options")
    learnt = model(server)
    for _ in range(2):
        async for _piece in learnt.stream(prompt()):
            pass
    assert ["stream_options" in r.body for r in server.requests] == [True, False, False]


async def test_an_endless_answer_is_cut(server: OpenAIServer) -> None:
    server.fail("endless")
    parts: list[str] = []
    await told(server, parts, max_tokens=20)
    assert len("".join(parts)) <= 20 * CHARACTERS_PER_TOKEN


async def test_a_passing_fault_is_retried_once(server: OpenAIServer) -> None:
    server.fail("500", times=1)
    parts: list[str] = []
    await told(server, parts)
    assert "".join(parts) == ANSWER
    assert len(server.requests) == 2


async def test_attempts_are_bounded(server: OpenAIServer) -> None:
    server.fail("500")
    with pytest.raises(ModelError):
        await told(server, [])
    assert len(server.requests) == 2


async def test_a_busy_server_s_wait_is_told_to_the_person(server: OpenAIServer) -> None:
    server.fail("429", retry_after=40)
    with pytest.raises(ModelBusy, match="in 40 seconds"):
        await told(server, [])
    assert len(server.requests) == 1


async def test_after_a_fault_the_next_answer_comes(server: OpenAIServer) -> None:
    server.fail("cut", times=1)
    with pytest.raises(ModelInterrupted):
        await told(server, [])
    parts: list[str] = []
    await told(server, parts)
    assert "".join(parts) == ANSWER


async def test_nobody_listening_is_unreachable(server: OpenAIServer) -> None:
    server.refuse_connections()
    with pytest.raises(ModelUnreachable):
        await told(server, [])


async def test_closing_the_iterator_closes_the_connection(server: OpenAIServer) -> None:
    server.fail("endless")
    stream = cast("AsyncGenerator[Piece, None]", model(server).stream(prompt(100_000)))
    async with aclosing(stream) as pieces:
        async for _piece in pieces:
            break
    assert await disconnected(server)


async def test_cancelling_the_task_closes_the_connection(server: OpenAIServer) -> None:
    server.fail("endless")
    task = asyncio.create_task(told(server, [], max_tokens=10_000_000))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await disconnected(server)


def test_one_model_serves_several_event_loops(server: OpenAIServer) -> None:
    shared = model(server)

    async def ask() -> str:
        return "".join([piece.text async for piece in shared.stream(prompt())])

    assert asyncio.run(ask()) == asyncio.run(ask()) == ANSWER


async def disconnected(server: OpenAIServer, seconds: float = 3.0) -> bool:
    """Whether the server notices within ``seconds`` that its first client went away."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.requests[0].disconnected:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_who_pays_is_asked_before_another_attempt(server: OpenAIServer) -> None:
    server.fail("503", times=1)
    asked: list[int] = []

    async def once_more() -> None:
        asked.append(len(server.requests))

    given = replace(prompt(), on_retry=once_more)
    assert [piece async for piece in model(server).stream(given)]
    assert asked == [1]


async def test_a_refusal_to_pay_ends_the_attempts(server: OpenAIServer) -> None:
    server.fail("503")

    async def no_more() -> None:
        raise QuotaReached

    with pytest.raises(QuotaReached):
        await anext(aiter(model(server).stream(replace(prompt(), on_retry=no_more))))
    assert len(server.requests) == 1


async def test_every_call_bounds_the_length_of_its_answer(server: OpenAIServer) -> None:
    server.fail("reject_max_tokens", times=1)
    await told(server, [], max_tokens=321)
    sent = [
        r.body.get("max_tokens") or r.body.get("max_completion_tokens") for r in server.requests
    ]
    assert sent == [321, 321]
