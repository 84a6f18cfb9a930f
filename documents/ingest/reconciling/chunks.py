"""Whether the index holds every chunk, once, and where it may be found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from documents.errors import ProductError
from documents.index.audit import IndexAudit, Place
from documents.ingest.indexing import batches, vectors_of
from documents.ingest.reconciling.report import Report, windows
from documents.ingest.removal import forget_vectors
from documents.models import Chunk, DocumentVersion, EmbeddingSpace
from documents.selectors import active_space, search_index, space_embedder
from documents.types import IndexEntry, Status

#: What is read of a chunk to know whether and where the index should hold it.
_COLUMNS = (
    "pk",
    "version_id",
    "version__status",
    "version__document__deleting",
    "version__document__collection_id",
    "version__document__current_version_id",
    "version__document__retired_at",
)


def look(report: Report) -> None:
    """Compare chunks with the active part of the index; a new one is the business of reindexing."""
    _remove_failed(report)
    space = active_space()
    if space is None:
        report.looked["chunks"] = Chunk.objects.count()
        return
    audit = IndexAudit(connection, space.table)
    highest = max(Chunk.objects.aggregate(last=Max("pk"))["last"] or 0, audit.highest())
    for low, high in windows(highest):
        _look_at(report, audit, space, (low, high))


def _look_at(
    report: Report, audit: IndexAudit, space: EmbeddingSpace, window: tuple[int, int]
) -> None:
    # Read before the rows: what is indexed meanwhile then has a row, and is no stray.
    held = audit.held(*window)
    rows = {row[0]: row for row in Chunk.objects.filter(pk__range=window).values_list(*_COLUMNS)}
    report.looked["chunks"] += len(rows)
    strays = sorted(held.ids - rows.keys())
    report.mend("index_strays", strays, lambda ids: _forget_strays(audit, ids))
    missing: dict[int, list[int]] = defaultdict(list)
    misplaced: dict[Place, list[int]] = defaultdict(list)
    for pk, row in rows.items():
        if row[2] != Status.READY or row[3]:
            continue  # being read or being deleted: not ours to touch
        if not held.is_whole(pk):
            missing[row[1]].append(pk)
        elif not held.is_at(pk, place := _place(row)):
            misplaced[place].append(pk)
    for version_id, ids in missing.items():
        _restore(report, space, version_id, ids)
    for ids in misplaced.values():
        report.mend("index_places", ids, lambda group: _put(audit, group))


def _place(row: Sequence[Any]) -> Place:
    _, version_id, _, _, collection_id, current_id, retired_at = row
    return Place(collection_id, current_id == version_id and retired_at is None)


def _forget_strays(audit: IndexAudit, ids: Sequence[int]) -> int:
    """Forget what has no row. Ids are never given twice, so none can get one any more."""
    present = set(Chunk.objects.filter(pk__in=ids).values_list("pk", flat=True))
    gone = [chunk for chunk in ids if chunk not in present]
    audit.forget(gone)
    return len(gone)


def _put(audit: IndexAudit, ids: Sequence[int]) -> int:
    """State the places anew, as they are now."""
    found: dict[Place, list[int]] = defaultdict(list)
    for row in Chunk.objects.filter(pk__in=ids).values_list(*_COLUMNS):
        found[_place(row)].append(row[0])
    for place, group in found.items():
        audit.put(group, place)
    return sum(map(len, found.values()))


def _restore(report: Report, space: EmbeddingSpace, version_id: int, ids: Sequence[int]) -> None:
    """Index chunks again from their rows; their vectors are mostly kept."""
    if report.dry_run:
        report.mended["index_missing"] += len(ids)
        return
    version = DocumentVersion.objects.filter(pk=version_id).first()
    if version is None:
        return
    embedder, title = space_embedder(space), version.indexed_title
    for group in batches(list(Chunk.objects.filter(pk__in=ids).order_by("ordinal"))):
        try:
            vectors = vectors_of(embedder, title, group)
        except ProductError:
            report.leave("not_embedded", version_id)
            return
        report.mended["index_missing"] += _index(
            space, version_id, title, zip(group, vectors, strict=True)
        )


@transaction.atomic
def _index(
    space: EmbeddingSpace, version_id: int, title: str, pairs: Iterable[tuple[Chunk, Any]]
) -> int:
    ready = DocumentVersion.objects.filter(
        pk=version_id, status=Status.READY, document__deleting=False
    )
    version = ready.select_related("document").first()
    if version is None:  # deleted while it was embedded
        return 0
    document = version.document
    entries = [
        IndexEntry(
            chunk_id=chunk.pk,
            version_id=version_id,
            collection_id=document.collection_id,
            title=title,
            heading=chunk.heading,
            text=chunk.text,
            vector=vector,
        )
        for chunk, vector in pairs
    ]
    current = document.current_version_id == version_id and document.retired_at is None
    search_index(space).add(entries, current=current)
    return len(entries)


def _remove_failed(report: Report) -> None:
    """Remove what a version left in the index that failed by the death of its workers."""
    rows = Chunk.objects.filter(version__status=Status.FAILED)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    report.mend("chunks_of_failed", ids, _remove_chunks)


def _remove_chunks(ids: Sequence[int]) -> int:
    rows = Chunk.objects.filter(pk__in=ids, version__status=Status.FAILED)
    hashes = dict(rows.values_list("pk", "content_hash"))
    for space in EmbeddingSpace.objects.all():
        IndexAudit(connection, space.table).forget(hashes)
    Chunk.objects.filter(pk__in=hashes).delete()
    forget_vectors(set(hashes.values()))
    return len(hashes)
