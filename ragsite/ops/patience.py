"""Closes connections on which no request arrives.

gunicorn's ASGI worker bounds how long it waits between two requests of a connection, but
not how long the head of the first may take: connections that never finish one would stay
until their senders tire. It has no setting for that.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from gunicorn.asgi.protocol import ASGIProtocol  # type: ignore[import-untyped]
from gunicorn.workers import gasgi  # type: ignore[import-untyped]

#: Seconds for the head of the first request; Apache's mod_reqtimeout gives 20 to 40.
HEAD_SECONDS: Final = 20.0


class PatientProtocol(ASGIProtocol):  # type: ignore[misc]  # untyped library
    """A connection that is closed when its first request does not come."""

    _impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._impatience = self.worker.loop.call_later(self.head_seconds(), self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._impatience is not None:
            self._impatience.cancel()
        super().connection_lost(exc)

    def head_seconds(self) -> float:
        """Return how long to wait."""
        return HEAD_SECONDS

    def _give_up(self) -> None:
        # From the second request on gunicorn's own timer bounds the wait; to close a connection
        # that is in use would take the next request from somebody who is just sending it.
        if self.req_count <= 1 and self._current_request is None and not self._closed:
            self._keepalive_timeout()


def install() -> None:
    """Have the worker of this process make such connections."""
    gasgi.ASGIProtocol = PatientProtocol
