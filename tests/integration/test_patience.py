"""Connections on which no request arrives are closed, others are left alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers import gasgi  # type: ignore[import-untyped]

from ragsite.ops import patience
from ragsite.ops.patience import PatientProtocol

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


class Quick(PatientProtocol):
    """As patient as a test."""

    def head_seconds(self) -> float:
        return 0.2


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] != "/quick":
        await asyncio.sleep(0.4)  # longer than a head may take
    headers = [(b"content-length", b"8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"answered"})


async def _exchange(*parts: bytes, pause: float = 0.0) -> bytes:
    """Send parts with pauses between, and return what comes until the server closes."""
    loop, config = asyncio.get_running_loop(), Config()
    worker = SimpleNamespace(
        cfg=config, log=Logger(config), asgi=_application, loop=loop,
        nr_conns=0, nr=0, max_requests=10**9, alive=True, state={},
    )  # fmt: skip
    server = await loop.create_server(lambda: Quick(worker), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 2)
    except ConnectionError:  # closed while something was sent
        return b""
    finally:
        writer.close()
        server.close()


async def test_a_head_that_does_not_end_is_given_up() -> None:
    assert await _exchange(HEAD) == b""


async def test_a_connection_that_says_nothing_is_given_up() -> None:
    assert await _exchange() == b""


async def test_a_head_that_trickles_is_given_up_all_the_same() -> None:
    assert await _exchange(*[HEAD, *[b"X-A: b\r\n"] * 8], pause=0.05) == b""


async def test_an_answer_may_take_longer_than_a_head() -> None:
    answer = await _exchange(HEAD + b"Connection: close\r\n\r\n")
    assert b"answered" in answer


async def test_a_connection_in_use_is_not_given_up_between_two_requests() -> None:
    quick = HEAD.replace(b"GET /", b"GET /quick")
    answers = await _exchange(quick + b"\r\n", quick + b"Connection: close\r\n\r\n", pause=0.3)
    assert answers.count(b"answered") == 2


async def test_a_head_in_two_pieces_is_served() -> None:
    answer = await _exchange(HEAD, b"Connection: close\r\n\r\n", pause=0.05)
    assert b"answered" in answer


def test_the_worker_makes_such_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gasgi, "ASGIProtocol", gasgi.ASGIProtocol)
    patience.install()
    assert gasgi.ASGIProtocol is PatientProtocol
