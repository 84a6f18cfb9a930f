"""A vector table that is being filled beside the one that answers."""

# ruff: noqa: S608 - table names are constants or checked identifiers; values are parameters.

from __future__ import annotations

from collections.abc import Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.embed.base import Vectors
from documents.index.schema import SCOPE_TABLE, checked_name
from documents.index.vectors import checked_vector


class FillingTable:
    """Vectors of another model for the chunks that the index holds already.

    Where a chunk may be found is copied from ``chunk_scope``; the words of the
    index are not touched.
    """

    def __init__(self, connection: BaseDatabaseWrapper, table: str, dimensions: int) -> None:
        self._connection = connection
        self._table = checked_name(table)
        self._dimensions = dimensions

    def missing(self, limit: int) -> list[int]:
        """Return ids of chunks that are indexed but have no vector here yet."""
        statement = (
            f"SELECT chunk_id FROM {SCOPE_TABLE}"
            f" WHERE chunk_id NOT IN (SELECT rowid FROM {self._table}_rowids)"
            " ORDER BY chunk_id LIMIT %s"
        )
        with self._connection.cursor() as cursor:
            cursor.execute(statement, [limit])
            return [row[0] for row in cursor.fetchall()]

    def add(self, vectors: Mapping[int, Vectors]) -> None:
        """Insert vectors by chunk id; a chunk that is no longer indexed is left out.

        Raises ``EmbeddingFailed`` before anything is written.
        """
        rows = [
            (checked_vector(vector, self._dimensions).tobytes(), chunk)
            for chunk, vector in vectors.items()
        ]
        statement = (
            f"INSERT INTO {self._table}"
            " (chunk_id, collection_id, version_id, current, embedding)"
            " SELECT chunk_id, collection_id, version_id, current, %s"
            f" FROM {SCOPE_TABLE} WHERE chunk_id = %s"
            f" AND chunk_id NOT IN (SELECT rowid FROM {self._table}_rowids)"
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def align(self) -> None:
        """Forget chunks that are gone, and take over what was moved or switched meanwhile."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self._table} WHERE chunk_id IN (SELECT rowid FROM"
                f" {self._table}_rowids EXCEPT SELECT chunk_id FROM {SCOPE_TABLE})"
            )
            cursor.execute(
                f"SELECT s.collection_id, s.current, s.chunk_id FROM {SCOPE_TABLE} AS s"
                f" JOIN {self._table} AS v ON v.chunk_id = s.chunk_id"
                " WHERE v.collection_id <> s.collection_id OR v.current <> s.current"
            )
            cursor.executemany(
                f"UPDATE {self._table} SET collection_id = %s, current = %s WHERE chunk_id = %s",
                cursor.fetchall(),
            )
