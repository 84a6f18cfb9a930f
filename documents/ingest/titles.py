"""Renamed documents: their chunks carry the title in the index, so it is written again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from documents.embed.base import Vectors
from documents.ingest.indexing import (
    INDEXED,
    batches,
    content_hash,
    embedded_text,
    keep_vectors,
    vectors_of,
)
from documents.ingest.removal import forget_vectors
from documents.ingest.space import space_ensure
from documents.models import Chunk, Document, DocumentVersion
from documents.selectors import search_index
from documents.types import IndexEntry


def refresh_titles() -> int:
    """Index again every current version whose document has another title by now.

    Returns how many. A version found here and interrupted is found again.
    """
    stale = list(
        Document.objects.filter(current_version__isnull=False, deleting=False)
        .exclude(current_version__indexed_title=F("title"))
        .select_related("current_version")
    )
    for document in stale:
        _refresh(document)
    return len(stale)


def _refresh(document: Document) -> None:
    version = document.current_version
    if version is None:
        return
    space, embedder = space_ensure()
    for group in batches(list(version.chunks.all()), INDEXED):
        before = {chunk.content_hash for chunk in group}
        for chunk in group:
            text = embedded_text(document.title, chunk.heading, chunk.text)
            chunk.content_hash = content_hash(text)
        vectors = vectors_of(embedder, document.title, group)
        with transaction.atomic():
            # Meanwhile it may have been deleted, moved or followed by another version.
            now = Document.objects.filter(pk=document.pk, current_version=version, deleting=False)
            if not (present := now.first()):
                return
            entries = [
                _entry(present, version.pk, document.title, chunk, vector)
                for chunk, vector in zip(group, vectors, strict=True)
            ]
            Chunk.objects.bulk_update(group, ["content_hash"])
            search_index(space).add(entries, current=present.retired_at is None)
            keep_vectors(
                embedder,
                {chunk.content_hash: v for chunk, v in zip(group, vectors, strict=True)},
            )
            forget_vectors(before)
    DocumentVersion.objects.filter(pk=version.pk).update(indexed_title=document.title)


def _entry(
    document: Document, version_id: int, title: str, chunk: Chunk, vector: Vectors
) -> IndexEntry:
    return IndexEntry(
        chunk_id=chunk.pk,
        version_id=version_id,
        collection_id=document.collection_id,
        title=title,
        heading=chunk.heading,
        text=chunk.text,
        vector=vector,  # type: ignore[arg-type]  # an array is a sequence of floats
    )
