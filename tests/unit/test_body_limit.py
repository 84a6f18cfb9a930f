"""The limit on request bodies, around applications that are not Django."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ragsite import body_limit
from ragsite.api import problem
from ragsite.body_limit import BodyLimit, Bounds, Message, PartMeter, Scope

BOUNDARY = b"--frontier"
HUNDRED = Bounds(100)


@dataclass
class Client:
    """Sends the pieces of a body, then leaves; keeps what is answered."""

    pieces: Iterable[bytes]
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[Message] = field(default_factory=list)
    taken: int = 0

    def __post_init__(self) -> None:
        self._left = list(self.pieces) or [b""]

    async def receive(self) -> Message:
        if not self._left:
            return {"type": "http.disconnect"}
        piece = self._left.pop(0)
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self._left)}

    async def send(self, message: Message) -> None:
        self.answers.append(message)

    def scope(self) -> Scope:
        headers = [(k.lower().encode(), v.encode()) for k, v in self.headers.items()]
        return {"type": "http", "method": "POST", "path": "/", "headers": headers}

    @property
    def status(self) -> int:
        return int(self.answers[0]["status"])

    @property
    def answered_headers(self) -> dict[bytes, bytes]:
        return dict(self.answers[0]["headers"])

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(b"".join(a.get("body", b"") for a in self.answers))
        return found


class Reader:
    """Reads the whole body before it answers, as Django does."""

    def __init__(self) -> None:
        self.body = b""
        self.called = False

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        self.called, more = True, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.body += message["body"]
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def serve(client: Client, bounds: Bounds = HUNDRED) -> Reader:
    app = Reader()
    await BodyLimit(app, lambda _scope: bounds)(client.scope(), client.receive, client.send)
    return app


def form(*parts: bytes) -> list[bytes]:
    return [b"".join(b"--frontier\r\nname\r\n\r\n" + p + b"\r\n" for p in parts) + b"--frontier--"]


async def test_a_body_of_exactly_the_limit_reaches_the_application() -> None:
    client = Client([b"x" * 60, b"y" * 40])
    app = await serve(client)
    assert (client.status, app.body) == (200, b"x" * 60 + b"y" * 40)


async def test_a_length_over_the_limit_is_refused_before_the_application_runs() -> None:
    client = Client([b"x" * 101], {"Content-Length": "101"})
    app = await serve(client)
    assert (client.status, app.called) == (413, False)


async def test_an_unannounced_body_is_refused_at_the_limit() -> None:
    client = Client([b"x" * 60] * 50)
    app = await serve(client)
    assert (client.status, len(app.body)) == (413, 60)


async def test_a_body_longer_than_announced_is_refused_too() -> None:
    client = Client([b"x" * 101], {"Content-Length": "10"})
    await serve(client)
    assert client.status == 413


async def test_less_than_twice_the_limit_and_a_piece_is_ever_read() -> None:
    client = Client([b"x" * 10] * 1000)
    await serve(client)
    assert client.taken <= 2 * HUNDRED.total + 10


async def test_a_client_a_little_over_the_limit_is_read_to_its_end() -> None:
    client = Client([b"x" * 60, b"x" * 60, b"x" * 30])
    await serve(client)
    assert client.taken == 150


async def test_the_refusal_is_the_problem_that_the_api_would_answer() -> None:
    client = Client([b"x" * 101], {"X-Request-ID": "abcdefgh-1"})
    await serve(client)
    expected = problem(None, 413, detail=client.problem["detail"]) | {"request_id": "abcdefgh-1"}
    assert client.problem == expected
    assert client.answered_headers[b"content-type"] == b"application/problem+json"


async def test_a_form_sent_without_script_gets_a_page() -> None:
    client = Client([b"x"], {"Content-Length": "101", "Accept": "text/html,*/*;q=0.8"})
    await serve(client)
    assert client.answered_headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b"<h1>Request Entity Too Large</h1>" in client.answers[1]["body"]


async def test_the_refusal_closes_the_connection() -> None:
    client = Client([b"x" * 101])
    await serve(client)
    assert client.answered_headers[b"connection"] == b"close"


async def test_an_unsafe_request_id_is_not_repeated() -> None:
    client = Client([b"x" * 101], {"X-Request-ID": "<script>alert(1)</script>"})
    await serve(client)
    assert "<" not in client.problem["request_id"]
    assert client.answered_headers[b"x-request-id"].decode() == client.problem["request_id"]


async def test_the_detail_names_the_limit() -> None:
    client = Client([b"x" * (2**20 + 1)])
    await serve(client, Bounds(2**20))
    assert "1 MB" in client.problem["detail"]


async def test_a_part_over_its_limit_is_refused_though_the_request_is_not_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "PART_SLACK", 20)
    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    client = Client(form(b"x" * 10, b"x" * 71), headers)
    await serve(client, Bounds(total=10_000, part=50))
    assert (client.status, "file" in client.problem["detail"]) == (413, True)


async def test_many_parts_within_their_limit_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "PART_SLACK", 20)
    headers = {"Content-Type": 'multipart/form-data; boundary="frontier"'}
    client = Client(form(*[b"x" * 50] * 20), headers)
    await serve(client, Bounds(total=10_000, part=50))
    assert client.status == 200


async def test_a_body_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "PATIENCE", 0.01)
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 0.01)
    client = Client([])

    async def silence() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    client.receive = silence  # type: ignore[method-assign]
    await serve(client)
    assert (client.status, client.problem["code"]) == (408, "request_timeout")


async def test_waiting_for_the_client_to_leave_has_no_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limit, "PATIENCE", 0.01)
    client, seen = Client([b"question"]), []

    async def stream(scope: Scope, receive: Any, send: Any) -> None:
        seen.append(await receive())
        client.receive = slow  # type: ignore[method-assign]
        seen.append(await receive())

    async def slow() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def receive() -> Message:
        return await client.receive()

    await BodyLimit(stream, lambda _scope: Bounds(100))(client.scope(), receive, client.send)
    assert [message["type"] for message in seen] == ["http.request", "http.disconnect"]


async def test_a_client_that_leaves_in_the_middle_gets_no_answer() -> None:
    client = Client([])

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    client.receive = gone  # type: ignore[method-assign]
    await serve(client)
    assert client.answers == []


async def test_a_response_that_has_begun_is_not_followed_by_a_refusal() -> None:
    client = Client([b"x" * 101])

    async def eager(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        await send({"type": "http.response.body", "body": b"early"})

    app = BodyLimit(eager, lambda _scope: Bounds(100))
    await app(client.scope(), client.receive, client.send)
    assert [a["type"] for a in client.answers] == ["http.response.start", "http.response.body"]


async def test_what_is_not_http_is_passed_through() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        seen.append(scope)

    client = Client([])
    await BodyLimit(app, lambda _scope: Bounds(1))(
        {"type": "lifespan"}, client.receive, client.send
    )
    assert seen == [{"type": "lifespan"}]


@pytest.mark.parametrize("value", ["", "-1", "ten", "²", "1e9"])
def test_a_length_that_is_no_number_counts_as_none(value: str) -> None:
    assert body_limit.announced_length(Client([], {"Content-Length": value}).scope()) == 0


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain; boundary=x", "multipart/form-data", "multipart/mixed; boundary=x"],
)
def test_a_body_without_a_usable_boundary_has_none(content_type: str) -> None:
    scope = Client([], {"Content-Type": content_type}).scope()
    assert body_limit.multipart_boundary(scope) == b""


@pytest.mark.parametrize("size", range(1, 15))
def test_a_delimiter_is_found_however_the_stream_is_cut(size: int) -> None:
    stream = b"a" * 30 + BOUNDARY + b"b" * 30 + BOUNDARY + b"c" * 30
    meter = PartMeter(BOUNDARY, 30)
    assert all(meter.feed(stream[i : i + size]) for i in range(0, len(stream), size))


@pytest.mark.parametrize("size", [1, 3, 7, 200])
def test_one_byte_too_many_is_noticed_however_the_stream_is_cut(size: int) -> None:
    stream = b"a" * 30 + BOUNDARY + b"b" * 31 + BOUNDARY
    meter = PartMeter(BOUNDARY, 30)
    assert not all(meter.feed(stream[i : i + size]) for i in range(0, len(stream), size))
