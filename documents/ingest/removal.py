"""Takes away what was made from a document, in steps that a crash may interrupt."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from documents import page_cache, storage
from documents.ingest.bell import ring
from documents.models import Chunk, Document, DocumentVersion, Embedding, RecognisedPage
from documents.querysets import VersionQuerySet
from documents.selectors import search_index
from documents.signals import document_deleted, document_moved

#: Rows a single write transaction may touch: others wait for it. The full-text index takes
#: longer for each row the more of them one transaction removes: 5,000 at once cost 4 to 8 s
#: of processor time, 5,000 by fifties 1.2 s, the longest of these 160 ms.
BATCH = 50
#: A file without a row may belong to an upload that is still under way.
ORPHAN_AGE = timedelta(hours=1)
#: Withdrawn documents that are looked at for one to remove.
_AT_ONCE = 20
#: Milliseconds that the write-ahead log waits for readers.
_PATIENCE_MS = 200


class NotRemoved(Exception):
    """What was made from a document could not be removed; the cause says why."""

    def __init__(self, document_id: Any) -> None:
        super().__init__(f"document {document_id}")
        self.document_id = document_id


def withdraw(document_id: Any, note: Callable[[], None] = lambda: None) -> bool:
    """Take a document out of everybody's sight, for good. Returns whether it was to be seen.

    When this returns, nothing of it is found, read or answered from, and no conversation
    quotes it. What was made from it is removed by the worker, ``remove_document``. ``note``
    is called in the same transaction.
    """
    with transaction.atomic():
        rows = Document.objects.filter(pk=document_id, deleting=False)
        found = rows.values_list("current_version_id", flat=True)
        version_id = found.first()
        if not rows.update(retired_at=timezone.now(), deleting=True):
            return False
        if version_id is not None:  # else it would take the room of what may be found
            search_index().set_current(version_id, current=False)
        document_moved.send(sender=Document, document_id=document_id)
        note()
        ring()
    versions = DocumentVersion.objects.filter(document_id=document_id)
    for version_id in versions.values_list("pk", flat=True):
        page_cache.forget(version_id)
    document_deleted.send(sender=Document, document_id=document_id)
    return True


def remove_chunks(version_id: int) -> None:
    """Remove the chunks of a version from index and table, and unused vectors, a few at a time."""
    chunks, index = Chunk.objects.filter(version_id=version_id), search_index()
    while True:
        rows = dict(chunks.values_list("pk", "content_hash")[:BATCH])
        ids = list(rows) or index.chunks_of(version_id, BATCH)
        if not ids:
            return
        with transaction.atomic():
            index.forget(ids)
            Chunk.objects.filter(pk__in=ids).delete()
            forget_vectors(set(rows.values()))


def forget_vectors(hashes: set[str]) -> None:
    """Remove the kept vectors of texts that no chunk has any more."""
    used = set(Chunk.objects.filter(content_hash__in=hashes).values_list("content_hash", flat=True))
    Embedding.objects.filter(content_hash__in=hashes - used).delete()


def remove_next(leave: Collection[Any] = ()) -> Any | None:
    """Remove what was made from a document that was withdrawn, but from none of ``leave``.

    Returns its id; ``None`` where none is left. Raises ``NotRemoved``.
    """
    rows = Document.objects.filter(deleting=True).exclude(pk__in=leave).order_by("created_at")
    ids = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
    if not ids:
        return None
    document_id = random.choice(ids)  # noqa: S311  # two workers seldom take the same
    try:
        remove_document(document_id)
    except Exception as error:
        raise NotRemoved(document_id) from error
    return document_id


def remove_document(document_id: Any) -> None:
    """End a deletion that was begun. Does nothing for a document that is gone."""
    versions = list(DocumentVersion.objects.filter(document_id=document_id))
    for version in versions:
        remove_chunks(version.pk)
        _remove_pages(version.pk)
    with transaction.atomic():
        document = Document.objects.filter(pk=document_id, deleting=True).first()
        if document is None:
            return
        # Uploads look for their file inside a write transaction too, so in this one
        # nobody can begin to use it. Rows go last: with them a crash is found again.
        for original in {version.original for version in versions}:
            _remove_original(original, DocumentVersion.objects.exclude(document=document))
        # A worker may have gone on meanwhile; from here on it finds no version to hold.
        for version in versions:
            remove_chunks(version.pk)
            page_cache.forget(version.pk)
        # Told once more: who withdrew it may have died before it was told.
        document_deleted.send(sender=Document, document_id=document.pk)
        document.delete()


def _remove_pages(version_id: int) -> None:
    pages = RecognisedPage.objects.filter(version_id=version_id)
    while ids := list(pages.values_list("pk", flat=True)[:BATCH]):
        RecognisedPage.objects.filter(pk__in=ids).delete()


def _remove_original(name: str, others: VersionQuerySet) -> bool:
    if others.filter(original=name).exists():
        return False
    storage.original_delete(name)
    return True


def remove_unused(name: str) -> bool:
    """Remove an original that no version refers to. Returns whether it did."""
    with transaction.atomic():
        return _remove_original(name, DocumentVersion.objects.all())


def remove_orphans(folder: str) -> int:
    """Remove the files in one folder of the originals that no version refers to.

    They are of uploads that died before their row was written. Returns how many.
    """
    removed = 0
    for name in storage.originals_older(folder, ORPHAN_AGE):
        with transaction.atomic():
            removed += _remove_original(name, DocumentVersion.objects.all())
    return removed


def remove_orphan_pages() -> int:
    """Remove the pictures of pages whose version is gone. Returns of how many versions.

    They were drawn while their document was deleted, by a process that then died.
    """
    kept = page_cache.kept_versions()
    gone = kept - set(DocumentVersion.objects.filter(pk__in=kept).values_list("pk", flat=True))
    for version_id in gone:
        page_cache.forget(version_id)
    return len(gone)


def checkpoint() -> None:
    """Move what was deleted out of the write-ahead log too, if readers allow it soon.

    While it waits for them SQLite lets nobody write, so it waits for a moment only.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
