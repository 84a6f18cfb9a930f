"""What deletions leave in the index, taken away in short steps.

A contentless FTS5 table marks what is deleted and drops it when it next merges: until
then the words of a deleted document stay in the file. A vec0 table zeroes the vector and
keeps its slot.
"""

# ruff: noqa: S608 - table names are constants or checked identifiers.

from __future__ import annotations

from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.index.schema import KEYWORD_TABLE

#: Pages (of 4 KB) that one step rewrites: measured at 20,000 chunks, a step takes 30 ms at most.
STEP: Final = 256
#: Where FTS5 keeps the marks of what is deleted: pages with ids from here on. From
#: ``FTS5_TOMBSTONE_ROWID`` in SQLite's fts5_index.c: a segment's number plus 2^16, shifted by
#: the 37 bits that number the pages of a segment.
_MARKS: Final = 65536 << 37


def holds_deleted_words(connection: BaseDatabaseWrapper) -> bool:
    """Whether words of chunks that were removed are still in the file."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM {KEYWORD_TABLE}_data WHERE id >= %s)", [_MARKS]
        )
        return bool(cursor.fetchone()[0])


def drop_deleted_words(connection: BaseDatabaseWrapper, most: int = 100_000) -> int:
    """Merge the index step by step, each a transaction of its own. Returns how many steps.

    Does nothing where nothing was deleted. With ``secure_delete`` the pages that become
    free are overwritten.
    """
    if not holds_deleted_words(connection):
        return 0
    pages, steps = -STEP, 0  # negative: begin to merge everything into one segment
    while steps < most:
        before = connection.connection.total_changes
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {KEYWORD_TABLE}({KEYWORD_TABLE}, rank) VALUES ('merge', %s)", [pages]
            )
        steps += 1
        # A difference below 2 means that nothing was left to merge: sqlite.org/fts5.html, 6.9.
        if connection.connection.total_changes - before < 2:
            break
        pages = STEP
    return steps
