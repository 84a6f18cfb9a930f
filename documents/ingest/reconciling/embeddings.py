"""Whether there is still something that the kept vectors are of."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Exists, Max, OuterRef, QuerySet

from documents.index.audit import vector_tables
from documents.index.schema import drop_vector_table
from documents.ingest.reconciling.report import Report, windows
from documents.models import Chunk, Embedding, EmbeddingSpace


def look(report: Report) -> None:
    """Compare the kept vectors with the chunks, and the tables with the models in use."""
    highest = Embedding.objects.aggregate(last=Max("pk"))["last"] or 0
    for low, high in windows(highest):
        rows = Embedding.objects.filter(pk__range=(low, high))
        report.looked["embeddings"] += rows.count()
        unused = list(_unused().filter(pk__range=(low, high)).values_list("pk", flat=True))
        report.mend("embeddings_unused", unused, _forget)
    known = set(EmbeddingSpace.objects.values_list("table", flat=True))
    strays = [table for table in vector_tables(connection) if table not in known]
    report.mend("vector_tables", strays, _drop)


def _unused() -> QuerySet[Embedding]:
    used = Chunk.objects.filter(content_hash=OuterRef("content_hash"))
    models = [f"{space.model}/{space.dimensions}" for space in EmbeddingSpace.objects.all()]
    rows: QuerySet[Embedding] = Embedding.objects.exclude(Exists(used), model__in=models)
    return rows


def _forget(ids: Sequence[int]) -> int:
    return int(_unused().filter(pk__in=ids).delete()[0])


def _drop(tables: Sequence[str]) -> int:
    known = set(EmbeddingSpace.objects.values_list("table", flat=True))
    gone = [table for table in tables if table not in known]
    for table in gone:
        drop_vector_table(connection, table)
    return len(gone)
