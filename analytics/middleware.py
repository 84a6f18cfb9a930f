"""Notes each request with its response, however that is sent."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from analytics.recording import note
from analytics.types import RequestRecord

logger = logging.getLogger(__name__)

Next = Callable[[HttpRequest], Any]
#: What is asked for every few seconds by programs that watch, and tells nothing of use.
_UNWATCHED = ("/api/health", "/metrics", "/static/")


class RequestLogMiddleware:
    """Measures until the last byte was handed over; a stream is noted when it ends."""

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        at, clock = timezone.now(), time.perf_counter()
        response: HttpResponse | StreamingHttpResponse = self.get_response(request)
        if request.path.startswith(_UNWATCHED):
            return response

        def done(sent: int) -> None:
            record = _record(request, response, at, clock, sent)
            _log(record)
            if settings.REQUEST_LOG_DAYS:
                note(record)

        if not isinstance(response, StreamingHttpResponse):
            done(len(response.content))
        elif response.is_async:
            response.streaming_content = _counted_async(response.streaming_content, done)
        else:
            response.streaming_content = _counted(response.streaming_content, done)
        return response


def _log(record: RequestRecord) -> None:
    """Write one line for a request; its id is in every line."""
    fields = {
        "method": record.method,
        "route": record.route,
        "status": record.status,
        "ms": round(record.ms, 1),
        "request_bytes": record.request_bytes,
        "response_bytes": record.response_bytes,
        # A stream may end when its request is over for everybody else.
        "request_id": record.request_id,
        "user_id": record.user_id,
    }
    said = (record.method, record.route, record.status, record.ms)
    logger.info("%s %s %d in %.0f ms", *said, extra={"fields": fields})


def _record(
    request: HttpRequest, response: Any, at: datetime, clock: float, sent: int
) -> RequestRecord:
    match, token = request.resolver_match, getattr(request, "api_token", None)
    user = token.user if token else getattr(request, "user", None)
    return RequestRecord(
        at=at,
        request_id=getattr(request, "request_id", ""),
        method=request.method or "",
        # Of what no route knows, the address itself would be anybody's text.
        route=f"/{match.route}" if match else "(unknown)",
        status=response.status_code,
        ms=(time.perf_counter() - clock) * 1000,
        request_bytes=_size(request),
        response_bytes=sent,
        user_id=user.pk if user is not None and user.is_authenticated else None,
        token_id=token.pk if token else None,
    )


def _size(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or ""
    return int(given) if given.isascii() and given.isdigit() else 0


def _counted(parts: Any, done: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    try:
        for part in parts:
            sent += len(part)
            yield part
    finally:
        done(sent)


async def _counted_async(parts: Any, done: Callable[[int], None]) -> AsyncIterator[bytes]:
    sent = 0
    try:
        async with aclosing(parts):
            async for part in parts:
                sent += len(part)
                yield part
    finally:
        done(sent)
