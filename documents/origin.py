"""For whom work is done: the request or task whose id stands in every trace of it.

A context variable, so that it goes along into threads of the event loop and into tasks of
asyncio. Whatever logs, calls a model or notes an error asks here; nothing here knows Django.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

#: The header that carries a request's id over HTTP.
HEADER: Final = "X-Request-ID"


@dataclass(frozen=True, slots=True)
class Origin:
    """What present work belongs to. All empty outside of requests and tasks.

    ``request`` is the web request itself, of which route and user are known only later.
    """

    request_id: str = ""
    task: str = ""
    task_id: str = ""
    request: Any = None


_NOBODY: Final = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOBODY)


def current() -> Origin:
    """Return what the present work belongs to."""
    return _origin.get()


def begin(origin: Origin) -> None:
    """Say what the work from here on belongs to."""
    _origin.set(origin)


def end() -> None:
    """Say that what comes belongs to nothing."""
    _origin.set(_NOBODY)


@contextmanager
def bound(origin: Origin) -> Iterator[None]:
    """Let the work inside belong to another origin."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def headers() -> dict[str, str]:
    """Return the header with which a call to another server tells for which request it is."""
    request_id = current().request_id
    return {HEADER: request_id} if request_id else {}
