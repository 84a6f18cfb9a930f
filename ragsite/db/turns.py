"""How a statement waits for the write lock, of which a file has one.

SQLite's own wait looks again after 1, 2, 5, 10, … and at last every 100 ms: beside a worker
that writes half of the time, most of what a request waits is time in which the lock was
free. Here it is looked for every few milliseconds, which costs some 4 µs each time. A
process that nobody waits for lets the others go first: it leaves them time to find the lock
free between two transactions of its own, and looks less often.

While SQLite waits it also holds the mutex of its connection. Under heavy load a thread that
had the lock was seen to stand still for as long as another thread of its process waited inside
SQLite: all of the 20 s that it may, and everybody with them. Hence the wait is here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlcipher3 import dbapi2

#: SQLITE_BUSY; its extended codes have the same lowest byte.
_BUSY: Final = 5
_WRITES: Final = re.compile(
    r"\s*(BEGIN|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manner:
    """Seconds before the first look at the lock, after it, and between two looks at most."""

    before: float
    first: float
    longest: float


#: Of a process that answers somebody.
AHEAD: Final = Manner(0.0, 0.0005, 0.004)
#: Of one that nobody waits for. Before it looks, each of the others has looked once.
BEHIND: Final = Manner(0.005, 0.02, 0.02)

_manner = AHEAD


def stand_behind() -> None:
    """Let the transactions of other processes begin before those of this one and its forks."""
    global _manner  # noqa: PLW0603  # a fact of the process
    _manner = BEHIND


def takes_lock(statement: str) -> bool:
    """Whether a statement needs the write lock, if it is not part of a transaction."""
    return _WRITES.match(statement) is not None


def insist(connection: Any, run: Callable[[], T]) -> T:
    """Run a statement until the lock is free or the connection's time for that is up.

    ``connection`` is the driver's. Raises its ``OperationalError`` for a database that stays
    locked, as SQLite does.
    """
    if _manner.before:
        time.sleep(_manner.before)
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        return _insist(run, _manner, time.monotonic() + patience / 1000)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def _insist(run: Callable[[], T], manner: Manner, end: float) -> T:
    pause = manner.first
    while True:
        try:
            return run()
        except dbapi2.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= end:
                raise
        time.sleep(pause)
        pause = min(2 * pause, manner.longest)


def _is_busy(error: dbapi2.OperationalError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == _BUSY
