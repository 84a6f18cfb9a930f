"""The loopback server itself: other tests lean on it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from chat.answer.prompt import answer_prompt
from chat.types import Passage
from tests.openai_server import OpenAIServer, composed_answer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=5) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def passage(n: int, text: str) -> Passage:
    return Passage(n, str(n), "Guide", 1, n, 1, "", text, 0, len(text), 1.0)


def test_it_listens_on_loopback_only(server: OpenAIServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_it_answers_from_the_passages_of_our_prompt() -> None:
    passages = [passage(1, "Bread is baked."), passage(2, "The harbour lies in the north.")]
    asked = answer_prompt("Where does the harbour lie?", passages)
    text = "\n".join(message.content for message in asked.messages)
    assert composed_answer(text) == "The harbour lies in the north. [2]"


def test_an_unstreamed_answer_is_one_object(server: OpenAIServer) -> None:
    server.script("Yes.")
    body = {"model": "m", "messages": [{"role": "user", "content": "Is it?"}]}
    answer = post(f"{server.url}/chat/completions", body)
    assert answer["choices"][0]["message"]["content"] == "Yes."
    assert server.prompts() == ["Is it?"]


def test_scripted_answers_come_in_turn_and_the_last_one_stays(server: OpenAIServer) -> None:
    server.script("one", "two")
    assert [server.next_answer({}) for _ in range(3)] == ["one", "two", "two"]


def test_an_unknown_fault_is_refused(server: OpenAIServer) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        server.fail("flood")


def test_a_fault_of_one_endpoint_spares_the_other(server: OpenAIServer) -> None:
    server.fail("500", on="chat")
    assert post(f"{server.url}/embeddings", {"input": "text"})["data"]


def test_another_process_can_set_faults_and_read_the_log(server: OpenAIServer) -> None:
    root = server.url.removesuffix("/v1")
    post(f"{root}/_control", {"fault": "500", "times": 1, "on": "chat"})
    post(f"{server.url}/embeddings", {"input": "text"})
    with urllib.request.urlopen(f"{root}/_log", timeout=5) as response:
        assert json.load(response)["requests"][0]["body"] == {"input": "text"}
    assert server.fault_for("chat") is not None


def test_it_runs_as_a_program() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.openai_server", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        try:
            assert post(f"{url}/embeddings", {"input": "text"})["data"]
        finally:
            program.terminate()
