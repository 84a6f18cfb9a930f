"""What every language model must do, whichever it is, and how settings choose one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from chat.errors import ModelError, ModelInterrupted
from chat.llm.base import ChatMessage, LanguageModel, Piece, Prompt
from chat.llm.factory import ModelConfig, make_model
from chat.llm.openai import OpenAIModel
from chat.llm.scripted import ScriptedModel

PROMPT = Prompt((ChatMessage("user", "What is it?"),), deadline=5)


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def openai_model(*events: bytes) -> OpenAIModel:
    async def body() -> AsyncIterator[bytes]:
        for one in events:
            yield one

    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body()))
    return OpenAIModel(api_key="k", transport=transport)


def whole(name: str) -> LanguageModel:
    if name == "scripted":
        return ScriptedModel(["It is ", "a test."])
    return openai_model(event("It is "), event("a test.", "stop"), b"data: [DONE]\n\n")


def broken(name: str) -> LanguageModel:
    if name == "scripted":
        return ScriptedModel(["It is "], error=ModelInterrupted())
    return openai_model(event("It is "))


async def told(model: LanguageModel, into: list[Piece] | None = None) -> list[Piece]:
    pieces = [] if into is None else into
    async for piece in model.stream(PROMPT):
        pieces.append(piece)
    return pieces


@pytest.mark.parametrize("name", ["scripted", "openai"])
async def test_the_pieces_joined_are_the_answer(name: str) -> None:
    pieces = await told(whole(name))
    assert "".join(piece.text for piece in pieces) == "It is a test."


@pytest.mark.parametrize("name", ["scripted", "openai"])
async def test_the_last_piece_carries_the_usage(name: str) -> None:
    pieces = await told(whole(name))
    assert [piece.usage is not None for piece in pieces] == [False, False, True]


@pytest.mark.parametrize("name", ["scripted", "openai"])
async def test_what_came_before_a_fault_was_yielded(name: str) -> None:
    pieces: list[Piece] = []
    with pytest.raises(ModelError):
        await told(broken(name), pieces)
    assert [piece.text for piece in pieces] == ["It is "]


@pytest.mark.parametrize("name", ["scripted", "openai"])
def test_a_model_has_a_name(name: str) -> None:
    assert whole(name).model


@pytest.mark.parametrize(
    ("config", "model"),
    [
        (ModelConfig(api_key="k"), "gpt-5.4-mini"),
        (ModelConfig(base_url="http://127.0.0.1:1/v1"), "gpt-5.4-mini"),
        (ModelConfig(model="qwen3", base_url="http://127.0.0.1:1/v1"), "qwen3"),
    ],
)
def test_the_settings_choose_the_model(config: ModelConfig, model: str) -> None:
    made = make_model(config)
    assert made is not None
    assert made.model == model


@pytest.mark.parametrize("config", [ModelConfig(), ModelConfig(model="extractive", api_key="k")])
def test_without_a_model_answers_are_extractive(config: ModelConfig) -> None:
    assert make_model(config) is None
