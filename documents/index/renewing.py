"""Vectors copied from one table to another, a window of ids at a time."""

# ruff: noqa: S608 - table names are checked identifiers; values are parameters.

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.index.schema import checked_name

_COLUMNS = "chunk_id, embedding, collection_id, version_id, current"


def highest_id(connection: BaseDatabaseWrapper, table: str) -> int:
    """Return the highest chunk id in a table of vectors; 0 for an empty one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(rowid), 0) FROM {checked_name(table)}_rowids")
        return int(cursor.fetchone()[0])


def copy_window(
    connection: BaseDatabaseWrapper, old: str, new: str, window: tuple[int, int]
) -> None:
    """Copy the vectors of the chunks from the first to the last id, both included."""
    old, new = checked_name(old), checked_name(new)
    with connection.cursor() as cursor:
        # By one id at a time: a range over a vec0 table would scan all of it.
        cursor.execute(
            f"INSERT INTO {new} ({_COLUMNS})"
            f" SELECT {', '.join(f'v.{name.strip()}' for name in _COLUMNS.split(','))}"
            f" FROM {old}_rowids AS ids CROSS JOIN {old} AS v ON v.chunk_id = ids.rowid"
            " WHERE ids.rowid BETWEEN %s AND %s",
            list(window),
        )
