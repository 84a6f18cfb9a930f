"""Writing down what happened, in batches, off the path of the request it is about.

Each process has one writer. What it has not written when the process is killed is
lost: at most what happened since its last batch.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError, connections

from analytics import services
from analytics.types import Fact

logger = logging.getLogger(__name__)

#: Seconds between two batches.
EVERY = 1.0
#: In a worker, whose numbers nobody waits for: each batch is a write that others wait for.
EVERY_IN_WORKER = 5.0
#: Facts that wait; beyond it the oldest are dropped, and counted.
WAITING = 20_000


class Recorder:
    """Takes facts from any thread; a thread of its own hands them to ``write`` in batches."""

    def __init__(self, write: Callable[[Sequence[Fact]], None]) -> None:
        self._write = write
        self._waiting: deque[Fact] = deque()
        self._lock = threading.Lock()
        self._pid = 0
        self._wanted = threading.Event()
        self.dropped = 0
        #: Seconds between two batches.
        self.every = EVERY

    def note(self, fact: Fact) -> None:
        """Take in a fact. Never waits and never fails."""
        with self._lock:
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(fact)
        self.start()
        self._wanted.set()

    def flush(self) -> int:
        """Write what waits, now. Returns how much that was; on a fault it waits on."""
        with self._lock:
            batch = list(self._waiting)
            self._waiting.clear()
        if not batch:
            return 0
        try:
            self._write(batch)
        except DatabaseError:
            logger.warning("%d facts could not be written yet", len(batch), exc_info=True)
            with self._lock:
                room = WAITING - len(self._waiting)
                self._waiting.extendleft(reversed(batch[:room]))
                self.dropped += max(len(batch) - room, 0)
            return 0
        return len(batch)

    def start(self) -> None:
        """Start this process's writer now: its thread has the priority of who starts it."""
        if self._pid != os.getpid():
            self._start()

    def _start(self) -> None:
        """Start this process's writer; a fork has none of its parent's threads."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        if settings.RECORD_IN_BACKGROUND:
            threading.Thread(target=self._run, name="recorder", daemon=True).start()
            atexit.register(self.flush)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            pause.wait(self.every)
            try:
                self.flush()
            except Exception:  # the writer outlives whatever a batch holds
                logger.exception("a batch of facts was lost")
            finally:
                connections.close_all()


recorder = Recorder(services.write)
note = recorder.note
