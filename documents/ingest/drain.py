"""Works the queue down, and mends what crashes left behind."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from documents import storage
from documents.ingest import lease as leases
from documents.ingest import pipeline
from documents.ingest.removal import (
    NotRemoved,
    checkpoint,
    remove_next,
    remove_orphan_pages,
    remove_orphans,
)
from documents.ingest.titles import refresh_titles
from documents.models import DocumentVersion
from documents.types import Status

logger = logging.getLogger(__name__)


def drain(
    owner: str,
    *,
    seconds: float = 300.0,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Process what waits, until nothing does, or the time or the limit is reached.

    ``should_stop`` is asked before each version. Returns how many were processed.
    """
    deadline, done = time.monotonic() + seconds, 0
    removals = _Removals()
    while time.monotonic() < deadline and done != limit and not should_stop():
        removed = removals.next()  # between two files: a long queue must not keep it waiting
        lease = leases.claim(owner)
        if lease is None and removed:
            continue
        if lease is None:
            refresh_titles()
            break
        pipeline.process(lease)
        done += 1
    return done


class _Removals:
    """Ends deletions one by one. One that cannot be ended is left to the next sweep."""

    def __init__(self) -> None:
        self._left: set[Any] = set()

    def next(self) -> bool:
        """End one. Whether there was one."""
        try:
            return remove_next(self._left) is not None
        except NotRemoved as fault:
            deleted = fault.document_id
            logger.exception("document %s is deleted, but not all of it could be removed", deleted)
            self._left.add(deleted)
            return True


def waiting() -> int:
    """Return how many versions wait for a worker."""
    count: int = DocumentVersion.objects.filter(status=Status.QUEUED).count()
    return count


def sweep() -> int:
    """Put back what was lost and end what was begun. Returns how many versions wait."""
    leases.release_lost()
    leases.forget_dead_workers()
    removals = _Removals()
    while removals.next():
        pass
    checkpoint()
    remove_orphans(_folder_of_the_minute())
    remove_orphan_pages()
    return waiting()


def _folder_of_the_minute() -> str:
    """Return one folder of the originals: a sweep a minute passes all of them in hours."""
    folders = storage.original_folders()
    return folders[int(time.time() // 60) % len(folders)]
