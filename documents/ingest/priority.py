"""Who works behind whoever waits for an answer, and what of it does not.

On a busy processor a process of low priority gets its turn late. Where it holds the write
lock of the database then, everybody waits with it, however important: so reading files has
two threads. The one that writes has the priority of the web server; long computations, and
the programs that read a file, are left to the other and to children, which give way. On
Linux a thread has a priority of its own (setpriority(2), "C library/kernel differences").
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from documents.extract.process import NICENESS

P = ParamSpec("P")
T = TypeVar("T")


class _Lane:
    """A thread that does one thing after the other; it ends with its process, done or not."""

    def __init__(self, name: str, niceness: int, after: Callable[[], None] = lambda: None) -> None:
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._after = after
        threading.Thread(target=self._run, args=(niceness,), name=name, daemon=True).start()

    def _run(self, niceness: int) -> None:
        os.nice(niceness)
        while True:
            future, work = self._waiting.get()
            try:
                try:
                    result = work()
                finally:
                    self._after()
                future.set_result(result)
            except BaseException as error:  # noqa: BLE001  # raised again by who waits for it
                future.set_exception(error)

    def do(self, work: Callable[[], T]) -> T:
        """Do it in the thread, wait for it, and return or raise what came of it."""
        future: Future[T] = Future()
        self._waiting.put((future, work))
        return future.result()


@dataclass(frozen=True, slots=True)
class _Lanes:
    """Two threads of a process that works behind others."""

    writing: _Lane
    computing: _Lane


_lanes: _Lanes | None = None
_is_ahead: ContextVar[bool] = ContextVar("is_ahead", default=False)


def stand_back(after: Callable[[], None]) -> None:
    """Have what this thread does from here on give way, but for what it does ``ahead``.

    ``after`` is called in the thread of that whenever something is done.
    """
    global _lanes  # noqa: PLW0603  # a fact of the process
    # A thread has the priority of the one that starts it: so both are made before it changes.
    _lanes = _Lanes(_Lane("writing", 0, after), _Lane("computing", NICENESS))
    os.nice(NICENESS)


def ahead(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what writes often, with the priority that the process had at first, and wait for it."""
    if _lanes is None or _is_ahead.get():
        return work(*args, **kwargs)
    context = copy_context()
    context.run(_is_ahead.set, True)
    return _lanes.writing.do(lambda: context.run(work, *args, **kwargs))


def behind(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Compute something, which must not write, behind everybody else, and wait for it."""
    if _lanes is None or not _is_ahead.get():
        return work(*args, **kwargs)
    context = copy_context()
    context.run(_is_ahead.set, False)
    return _lanes.computing.do(lambda: context.run(work, *args, **kwargs))
