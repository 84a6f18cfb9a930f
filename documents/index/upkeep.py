"""What deletions leave in the index, taken away in short steps.

A contentless FTS5 table marks what is deleted and drops it when it next merges: until
then the words of a deleted document stay in the file. A vec0 table zeroes the vector and
keeps its slot.
"""

# ruff: noqa: S608 - table names are constants or checked identifiers.

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.index.schema import KEYWORD_TABLE

#: Pages (of 4 KB) that one step rewrites: measured at 20,000 chunks, a step takes 30 ms at most.
STEP: Final = 256
#: Where FTS5 keeps the marks of what is deleted: pages with ids from here on. From
#: ``FTS5_TOMBSTONE_ROWID`` in SQLite's fts5_index.c: a segment's number plus 2^16, shifted by
#: the 37 bits that number the pages of a segment.
_MARKS: Final = 65536 << 37
#: Where FTS5 keeps how many rows there are, and words in each column: ``FTS5_AVERAGES_ROWID``
#: there.
_TOTALS: Final = 1


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


def recount_words(connection: BaseDatabaseWrapper) -> int:
    """Leave deleted chunks out of the counts that BM25 goes by. Returns how many were in them.

    FTS5 counts rows, and the words of each column, when a row is added; a contentless table
    does not take them off again when it is deleted. The number of rows and their mean length
    would be those of all that ever were, and the ranking drift away from that of an index
    made anew. What each row that is there was counted with is in ``_docsize``.

    All is read in one statement, and what was counted too much is then taken off in one
    write of one row; what others add meanwhile stays counted. Not for within a transaction,
    in which FTS5 may still hold counts of its own back.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT block FROM {KEYWORD_TABLE}_data WHERE id = %s", [_TOTALS])
        counted = _numbers(cursor.fetchone()[0])
        cursor.execute(f"SELECT count(*) FROM {KEYWORD_TABLE}_docsize")
        if not counted or counted[0] == cursor.fetchone()[0]:
            return 0
    surplus = _surplus(connection)
    while not _taken_off(connection, surplus):
        pass  # somebody wrote in between: what was too much is still as much
    return surplus[0]


def _surplus(connection: BaseDatabaseWrapper) -> list[int]:
    """By how much the counts exceed what is there: rows, then words of each column."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT block FROM {KEYWORD_TABLE}_data WHERE id = %s"
            f" UNION ALL SELECT sz FROM {KEYWORD_TABLE}_docsize",
            [_TOTALS],
        )
        surplus = _numbers(cursor.fetchone()[0])
        while rows := cursor.fetchmany(1000):
            for (sizes,) in rows:
                for place, number in enumerate((1, *_numbers(sizes))):
                    surplus[place] -= number
    return surplus


def _taken_off(connection: BaseDatabaseWrapper, surplus: Sequence[int]) -> bool:
    """Whether the counts could be lessened: not when they changed while that was worked out."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT block FROM {KEYWORD_TABLE}_data WHERE id = %s", [_TOTALS])
        (block,) = cursor.fetchone()
        less = [count - more for count, more in zip(_numbers(block), surplus, strict=True)]
        cursor.execute(
            f"UPDATE {KEYWORD_TABLE}_data SET block = %s WHERE id = %s AND block = %s",
            [b"".join(map(_varint, less)), _TOTALS, block],
        )
        return bool(cursor.rowcount)


def _numbers(block: bytes) -> list[int]:
    """The numbers of a record, below 2^56: seven bits a byte, the highest bit where more follow."""
    found, number = [], 0
    for byte in block:
        number = number << 7 | byte & 127
        if byte < 128:
            found.append(number)
            number = 0
    return found


def _varint(number: int) -> bytes:
    """A number of at least 0 as SQLite writes it: sqlite.org/fileformat2.html#varint."""
    groups = [number & 127]
    while number := number >> 7:
        groups.append(number & 127 | 128)
    return bytes(reversed(groups))
