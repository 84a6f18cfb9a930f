"""How a transaction waits for the write lock, of which a file has one.

SQLite's own wait looks again after 1, 2, 5, 10, … and at last every 100 ms: beside a worker
that writes half of the time, most of what a request waits is time in which the lock was
free. Here it is looked for every few milliseconds, which costs some 4 µs each time. A
process that nobody waits for lets the others go first: it leaves them time to find the lock
free between two transactions of its own, and looks less often.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.utils import OperationalError

#: SQLITE_BUSY; its extended codes have the same lowest byte.
_BUSY: Final = 5


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


def begin(connection: Any, start: Callable[[], None], seconds: float) -> None:
    """Call ``start``, which begins a transaction, until the lock is free or the time is up.

    ``start`` raises ``OperationalError`` where the database is locked, and so does this where
    it stays so. ``connection`` is the driver's: SQLite itself waits for nothing meanwhile.
    """
    if _manner.before:
        time.sleep(_manner.before)
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        _insist(start, _manner, time.monotonic() + seconds)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def _insist(start: Callable[[], None], manner: Manner, end: float) -> None:
    pause = manner.first
    while True:
        try:
            start()
        except OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= end:
                raise
        else:
            return
        time.sleep(pause)
        pause = min(2 * pause, manner.longest)


def _is_busy(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == _BUSY
