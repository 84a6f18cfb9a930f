"""Another embedding model: a new space is filled beside the old one, then they change places.

Searches go on in the old space all the while. What is ingested meanwhile goes to
the old space too and is caught up with before the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import connection, transaction

from documents.embed.base import Embedder, Vectors
from documents.errors import ServiceError
from documents.index.filling import FillingTable
from documents.index.schema import drop_vector_table
from documents.ingest.indexing import BATCH, vectors_of
from documents.ingest.space import space_create
from documents.models import Chunk, Embedding, EmbeddingSpace
from documents.selectors import active_space, configured_embedder, configured_model

State = EmbeddingSpace.State


def is_due() -> bool:
    """Whether the settings name another model than when the present space was made."""
    space = active_space()
    return space is not None and configured_model() != space.configured_model


def reindex(model: str = "", on_progress: Callable[[int, int], None] | None = None) -> bool:
    """Embed everything with ``model``, or the configured one, and switch to it.

    Returns whether there was anything to do. May be interrupted and run again: what
    was embedded is kept. Raises ``EmbeddingFailed``; the old space then stays.
    """
    old = active_space()
    if old is None:
        return False
    embedder = configured_embedder(model)
    dimensions = embedder.dimensions or len(embedder.embed_query("dimensions"))
    if (embedder.model, dimensions) == (old.model, old.dimensions):
        EmbeddingSpace.objects.filter(pk=old.pk).update(configured_model=configured_model())
        return False
    new = space_create(embedder, dimensions, State.BUILDING)
    table = FillingTable(connection, new.table, new.dimensions)
    total = Chunk.objects.count()
    done = 0
    while not _switched(old, new, table):
        while group := table.missing(BATCH):
            if not _fill(table, embedder, group) and table.missing(BATCH) == group:
                raise ServiceError("The index holds chunks that have no row.")
            done += len(group)
            if on_progress is not None:
                on_progress(min(done, total), total)
    _drop(old)
    return True


def _fill(table: FillingTable, embedder: Embedder, chunk_ids: Sequence[int]) -> int:
    """Embed a few chunks under the titles they are indexed with. Returns how many."""
    chunks = Chunk.objects.filter(pk__in=chunk_ids).select_related("version")
    made: dict[int, Vectors] = {}
    by_title: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        by_title.setdefault(chunk.version.indexed_title, []).append(chunk)
    for title, group in by_title.items():
        vectors = vectors_of(embedder, title, group)
        made |= {chunk.pk: vector for chunk, vector in zip(group, vectors, strict=True)}
    with transaction.atomic():
        table.add(made)
    return len(made)


@transaction.atomic
def _switched(old: EmbeddingSpace, new: EmbeddingSpace, table: FillingTable) -> bool:
    """Change places, unless something was indexed since; readers see one space or the other."""
    if table.missing(1):
        return False
    table.align()
    EmbeddingSpace.objects.filter(pk=old.pk).update(state=State.RETIRED)
    EmbeddingSpace.objects.filter(pk=new.pk).update(state=State.ACTIVE)
    return True


def _drop(old: EmbeddingSpace) -> None:
    """Remove the old table and the vectors kept for its model."""
    with transaction.atomic():
        drop_vector_table(connection, old.table)
        EmbeddingSpace.objects.filter(pk=old.pk).delete()
    Embedding.objects.filter(model=f"{old.model}/{old.dimensions}").delete()
