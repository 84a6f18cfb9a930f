"""Opened connections of this process that wait for their next use.

Under ASGI every request runs in a thread of its own, so nothing that is kept per thread
is ever met again: a connection has to be handed from one request to the next.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

_Place = tuple[int, int]


class Pool:
    """At most ``most`` idle connections to one file; the one used last is used next.

    A connection from before a fork, or to a file that another has taken the place of
    (a restored database, a new key), is never handed out.
    """

    def __init__(self, path: str, most: int) -> None:
        self._path, self._most = Path(path), most
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._idle: list[tuple[_Place, Any]] = []

    def take(self) -> Any | None:
        """Return an idle connection that opens the file that is there now; none without one."""
        place = self._place()
        while True:
            with self._lock:
                self._forget_parents()
                if not self._idle:
                    return None
                known, connection = self._idle.pop()
            if known == place:
                return connection
            connection.close()

    def give(self, connection: Any) -> None:
        """Keep a connection that nobody uses any more, in no transaction; close one too many."""
        place = self._place()
        with self._lock:
            self._forget_parents()
            if place is not None and len(self._idle) < self._most:
                self._idle.append((place, connection))
                return
        connection.close()

    def clear(self) -> None:
        """Close what is idle."""
        with self._lock:
            self._forget_parents()
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _forget_parents(self) -> None:
        """Drop, unclosed, what a fork copied: closing would end the parent's locks."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            _inherited.extend(connection for _, connection in self._idle)
            self._idle = []

    def _place(self) -> _Place | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


#: Connections of a parent process: kept from the garbage collector, which would close them.
_inherited: list[Any] = []
_pools: dict[tuple[str, str], Pool] = {}
_pools_lock = threading.Lock()


def pool(path: str, key: str, most: int) -> Pool:
    """Return this process's pool for a file and its key."""
    with _pools_lock:
        found = _pools.get((path, key))
        if found is None:
            found = _pools[path, key] = Pool(path, most)
        return found
