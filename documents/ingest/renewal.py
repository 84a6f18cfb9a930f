"""A table of vectors written anew, without the room that deletions left in it.

The new one is filled beside the old one, a few rows at a time, and takes its place when
no worker writes to the old one. That one is dropped by a later reconciliation: a search
that has just begun may still read it.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from documents.index.renewing import copy_window, highest_id
from documents.index.schema import create_vector_table, drop_vector_table
from documents.index.sqlite import SqliteIndex
from documents.ingest.reconciling import chunks
from documents.ingest.reconciling.report import BATCH, Report, windows
from documents.models import DocumentVersion, EmbeddingSpace
from documents.selectors import active_space
from documents.types import Status

#: With more of its slots empty, a table is written anew.
MOST_DEAD: Final = 0.5


def renew_vectors(most_dead: float = MOST_DEAD) -> bool:
    """Write the active table anew when more than that share of it is empty. Whether it was."""
    space = active_space()
    if space is None:
        return False
    index = SqliteIndex(connection, vector_table=space.table, dimensions=space.dimensions)
    if index.dead_ratio() <= most_dead:
        return False
    table = _next_name(space)
    with transaction.atomic():
        drop_vector_table(connection, table)  # what a run left that was killed
        create_vector_table(connection, table, space.dimensions)
    done = 0
    for low, high in windows(highest_id(connection, space.table), BATCH):
        with transaction.atomic():
            copy_window(connection, space.table, table, (low, high))
        done = high
    if not _swapped(space, table, done):
        with transaction.atomic():
            drop_vector_table(connection, table)
        return False
    chunks.look(Report())  # what was moved, switched or deleted while it was copied
    return True


def _next_name(space: EmbeddingSpace) -> str:
    """Return a name that differs from the present one: ``vectors_7`` or ``vectors_7_new``."""
    plain = f"vectors_{space.pk}"
    return f"{plain}_new" if space.table == plain else plain


@transaction.atomic
def _swapped(space: EmbeddingSpace, table: str, done: int) -> bool:
    """Let the new table answer, unless a worker still has the name of the old one."""
    if DocumentVersion.objects.filter(status=Status.PROCESSING).exists():
        return False
    highest = highest_id(connection, space.table)
    if highest > done + BATCH:
        return False
    copy_window(connection, space.table, table, (done + 1, highest))
    active = EmbeddingSpace.objects.filter(
        pk=space.pk, state=EmbeddingSpace.State.ACTIVE, table=space.table
    )
    return bool(active.update(table=table))
