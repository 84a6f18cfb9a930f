"""Stops a request body at its limit, before anything of it is kept.

Django under ASGI writes a whole body to the temporary folder before the first
middleware runs, whoever sends it and however long it is. This wrapper sits around
it: a length that is announced too large is refused at once, everything else is
counted while it comes in, and a body that hardly comes in at all is given up.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.utils.html import format_html
from django.utils.http import parse_header_parameters

from ragsite import policies
from ragsite.request_id import request_id

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Room for the headers of a part; what is over the limit by less is the view's to refuse.
PART_SLACK: Final = 64 * 1024
#: A client may keep us waiting this many seconds, and longer the more it has sent:
#: the rule of Apache's mod_reqtimeout (``body=20,MinRate=500``).
PATIENCE: Final = 20.0
MINIMUM_RATE: Final = 500.0
#: How long and how much is read on after a refusal. Closing a connection that still
#: has unread bytes resets it, and the client would never see why.
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 8 * 1024 * 1024

_HEADERS: Final = (
    (b"connection", b"close"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    *((name.lower().encode(), value.encode()) for name, value in policies.HEADERS.items()),
)


#: Without styles: they would have to come from a server that has just stopped listening.
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><h1>{title}</h1><p>{detail}</p>"
    '<p><a href="/documents/">Back to the documents</a></p></html>'
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Largest body, and largest single part of a multipart body (0: any), in bytes."""

    total: int
    part: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a body is not read to its end."""

    status: HTTPStatus
    code: str
    detail: str


TOO_SLOW: Final = Refusal(
    HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time."
)


def too_large(what: str, limit: int) -> Refusal:
    """Return the refusal of ``what``, which is larger than ``limit`` bytes."""
    detail = f"{what} is larger than the {limit / 2**20:.3g} MB that are accepted here."
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)


class PartMeter:
    """Counts what has come since the last delimiter of a multipart stream."""

    def __init__(self, delimiter: bytes, limit: int) -> None:
        self._delimiter = delimiter
        self._limit = limit
        self._since = 0
        self._tail = b""

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; return whether every part is within the limit so far."""
        window, start = self._tail + data, 0
        while (found := window.find(self._delimiter, start)) >= 0:
            if self._since + found - start > self._limit:
                return False
            self._since, start = 0, found + len(self._delimiter)
        # The last bytes may be the beginning of a delimiter: they are looked at again.
        kept = min(len(window) - start, len(self._delimiter) - 1)
        self._since += len(window) - start - kept
        self._tail = window[len(window) - kept :]
        return self._since <= self._limit


class Body:
    """The body of one request, as the application receives it.

    Once ``refusal`` is set the application is told that the client is gone, which
    makes it drop what it has.
    """

    def __init__(self, receive: Receive, bounds: Bounds, boundary: bytes = b"") -> None:
        self.refusal: Refusal | None = None
        self._receive = receive
        self._bounds = bounds
        self._received = 0
        self._waited = 0.0
        self._complete = False
        metered = boundary and bounds.part
        self._meter = PartMeter(b"--" + boundary, bounds.part + PART_SLACK) if metered else None

    async def receive(self) -> Message:
        """Return the next message of the server, or a disconnect past a limit."""
        if self.refusal:
            return {"type": "http.disconnect"}
        if self._complete:  # from here on there is only the client's leaving to wait for
            return await self._receive()
        message = await self._within(PATIENCE + self._received / MINIMUM_RATE - self._waited)
        if message is None:
            self.refusal = TOO_SLOW
        elif message["type"] == "http.request":
            self._take(message)
        return {"type": "http.disconnect"} if self.refusal or message is None else message

    async def drain(self) -> None:
        """Read on for a moment, so that the client can read the answer."""
        end = time.monotonic() + LINGER_SECONDS
        left = min(self._bounds.part or self._bounds.total, LINGER_BYTES)
        while left > 0 and not self._complete:
            message = await self._within(end - time.monotonic())
            if message is None or message["type"] != "http.request":
                return
            left -= len(message.get("body", b""))
            self._complete = not message.get("more_body", False)

    async def _within(self, seconds: float) -> Message | None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await self._receive()
        except TimeoutError:
            return None
        finally:
            self._waited += time.monotonic() - began

    def _take(self, message: Message) -> None:
        data: bytes = message.get("body", b"")
        self._received += len(data)
        self._complete = not message.get("more_body", False)
        if self._received > self._bounds.total:
            self.refusal = too_large("The request", self._bounds.total)
        elif self._meter and not self._meter.feed(data):
            self.refusal = too_large("A file", self._bounds.part)


class BodyLimit:
    """ASGI middleware. ``bounds_for`` says how large the body of a request may be.

    ``headers`` go with every refusal, beside those that always do.
    """

    def __init__(
        self,
        app: App,
        bounds_for: Callable[[Scope], Bounds],
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self._app = app
        self._bounds_for = bounds_for
        self._headers = (*_HEADERS, *headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP is passed through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounds = self._bounds_for(scope)
        body = Body(receive, bounds, multipart_boundary(scope))
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        if announced_length(scope) > bounds.total:
            body.refusal = too_large("The request", bounds.total)
        else:
            await self._app(scope, body.receive, watched)
        if body.refusal and not started:
            await self._refuse(scope, body, body.refusal, send)

    async def _refuse(self, scope: Scope, body: Body, refusal: Refusal, send: Send) -> None:
        identity = request_id(header(scope, b"x-request-id"))
        problem = {
            "type": f"/docs#problem-{refusal.code.replace('_', '-')}",
            "title": refusal.status.phrase,
            "status": refusal.status.value,
            "detail": refusal.detail,
            "code": refusal.code,
            "request_id": identity,
        }
        kind, content = _written(scope, problem)
        headers = [
            *self._headers,
            (b"content-type", kind),
            (b"content-length", str(len(content)).encode()),
            (b"x-request-id", identity.encode()),
        ]
        await send({"type": "http.response.start", "status": problem["status"], "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def header(scope: Scope, name: bytes) -> str:
    """Return a request header, or nothing. Names are lower case, as ASGI has them."""
    return next((v.decode("latin-1") for n, v in scope["headers"] if n == name), "")


def announced_length(scope: Scope) -> int:
    """Return ``Content-Length``; 0 where there is none, or none that is a number."""
    value = header(scope, b"content-length")
    return int(value) if value.isascii() and value.isdigit() else 0


def multipart_boundary(scope: Scope) -> bytes:
    """Return the boundary of a multipart body, or nothing."""
    try:
        kind, parameters = parse_header_parameters(header(scope, b"content-type"))
    except ValueError:
        return b""
    found = parameters.get("boundary", "") if kind == "multipart/form-data" else ""
    return str(found).encode("latin-1", "replace")


def _written(scope: Scope, problem: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return content type and content: a page for a form sent without script, else the problem."""
    if scope["path"].startswith("/api/") or "text/html" not in header(scope, b"accept"):
        return b"application/problem+json", json.dumps(problem).encode()
    return b"text/html; charset=utf-8", format_html(_PAGE, **problem).encode()
