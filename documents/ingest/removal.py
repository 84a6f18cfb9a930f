"""Takes away what was made from a document, in steps that a crash may interrupt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from documents import page_cache, storage
from documents.models import Chunk, Document, DocumentVersion, Embedding
from documents.querysets import VersionQuerySet
from documents.selectors import search_index
from documents.signals import document_deleted

#: Rows a single write transaction may touch: others wait for it.
BATCH = 200
#: A file without a row may belong to an upload that is still under way.
ORPHAN_AGE = timedelta(hours=1)


def remove_chunks(version_id: int) -> None:
    """Remove the chunks of a version from the index and the table, and unused vectors."""
    with transaction.atomic():
        search_index().remove([version_id])
    while True:
        rows = list(
            Chunk.objects.filter(version_id=version_id).values_list("pk", "content_hash")[:BATCH]
        )
        if not rows:
            return
        with transaction.atomic():
            Chunk.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
            forget_vectors({content_hash for _, content_hash in rows})


def forget_vectors(hashes: set[str]) -> None:
    """Remove the kept vectors of texts that no chunk has any more."""
    used = set(Chunk.objects.filter(content_hash__in=hashes).values_list("content_hash", flat=True))
    Embedding.objects.filter(content_hash__in=hashes - used).delete()


def remove_document(document_id: Any) -> None:
    """End a deletion that was begun. Does nothing for a document that is gone."""
    versions = list(DocumentVersion.objects.filter(document_id=document_id))
    for version in versions:
        remove_chunks(version.pk)
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
        document_deleted.send(sender=Document, document_id=document.pk)
        document.delete()
    checkpoint()


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
    """Move what was deleted out of the write-ahead log too, as far as readers allow."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
