"""Renamed documents: their chunks carry the title in the index, so it is written again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from documents.ingest.indexing import batches, content_hash, embedded_text, vectors_of
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
    index = search_index(space)
    for group in batches(list(version.chunks.all())):
        for chunk in group:
            text = embedded_text(document.title, chunk.heading, chunk.text)
            chunk.content_hash = content_hash(text)
        vectors = vectors_of(embedder, document.title, group)
        entries = [
            IndexEntry(
                chunk_id=chunk.pk,
                version_id=version.pk,
                collection_id=document.collection_id,
                title=document.title,
                heading=chunk.heading,
                text=chunk.text,
                vector=vector,  # type: ignore[arg-type]  # an array is a sequence of floats
            )
            for chunk, vector in zip(group, vectors, strict=True)
        ]
        with transaction.atomic():
            if not DocumentVersion.objects.filter(pk=version.pk).exists():
                return  # deleted meanwhile: nothing may come back
            Chunk.objects.bulk_update(group, ["content_hash"])
            index.add(entries, current=document.retired_at is None)
    DocumentVersion.objects.filter(pk=version.pk).update(indexed_title=document.title)
