"""Works the queue down, and mends what crashes left behind."""

from __future__ import annotations

import time
from collections.abc import Callable

from documents import storage
from documents.ingest import lease as leases
from documents.ingest import pipeline
from documents.ingest.removal import remove_document, remove_orphan_pages, remove_orphans
from documents.ingest.titles import refresh_titles
from documents.models import Document, DocumentVersion
from documents.types import Status


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
    while time.monotonic() < deadline and done != limit and not should_stop():
        lease = leases.claim(owner)
        if lease is None:
            refresh_titles()
            break
        pipeline.process(lease)
        done += 1
    return done


def waiting() -> int:
    """Return how many versions wait for a worker."""
    count: int = DocumentVersion.objects.filter(status=Status.QUEUED).count()
    return count


def sweep() -> int:
    """Put back what was lost and end what was begun. Returns how many versions wait."""
    leases.release_lost()
    leases.forget_dead_workers()
    for document_id in Document.objects.filter(deleting=True).values_list("pk", flat=True):
        remove_document(document_id)
    remove_orphans(_folder_of_the_minute())
    remove_orphan_pages()
    return waiting()


def _folder_of_the_minute() -> str:
    """Return one folder of the originals: a sweep a minute passes all of them in hours."""
    folders = storage.original_folders()
    return folders[int(time.time() // 60) % len(folders)]
