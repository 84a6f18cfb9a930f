"""What the index holds, id by id: for comparing it with the rows that it was made from."""

# ruff: noqa: S608 - table names are constants or checked identifiers; values are parameters.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.index.schema import KEYWORD_TABLE, SCOPE_TABLE, checked_name


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk may be found: in which collection, and without naming its version or not."""

    collection_id: int
    current: bool


@dataclass(frozen=True, slots=True)
class Held:
    """The ids that each part of the index holds, with the places that two of them state."""

    words: frozenset[int]
    scopes: Mapping[int, Place]
    vectors: frozenset[int]
    vector_places: Mapping[int, Place]

    @property
    def ids(self) -> frozenset[int]:
        """All ids that any part holds."""
        return self.words | self.vectors | self.scopes.keys()

    def is_whole(self, chunk_id: int) -> bool:
        """Whether every part holds the chunk."""
        return chunk_id in self.words and chunk_id in self.vectors and chunk_id in self.scopes

    def is_at(self, chunk_id: int, place: Place) -> bool:
        """Whether the chunk is where it should be, for words and for vectors."""
        return self.scopes[chunk_id] == place == self.vector_places[chunk_id]


class IndexAudit:
    """Reads and mends the tables of the SQLite index by chunk id.

    The writing methods belong into a transaction of the caller's.
    """

    def __init__(self, connection: BaseDatabaseWrapper, table: str) -> None:
        self._connection = connection
        self._table = checked_name(table)

    def highest(self) -> int:
        """Return the highest id that any part holds; 0 for an empty index."""
        return max(
            self._rows(f"SELECT coalesce(max({column}), 0) FROM {table}", [])[0][0]
            for table, column in self._ids()
        )

    def _ids(self) -> tuple[tuple[str, str], ...]:
        # FTS5 and vec0 keep their ids in plain tables of their own; the virtual ones would scan.
        return (
            (f"{KEYWORD_TABLE}_docsize", "id"),
            (f"{self._table}_rowids", "rowid"),
            (SCOPE_TABLE, "chunk_id"),
        )

    def held(self, low: int, high: int) -> Held:
        """Return what is held of the ids from ``low`` to ``high``, both included."""
        (words, vectors, _) = (
            frozenset(
                row[0]
                for row in self._rows(
                    f"SELECT {column} FROM {table} WHERE {column} BETWEEN %s AND %s", [low, high]
                )
            )
            for table, column in self._ids()
        )
        where = f"FROM {SCOPE_TABLE} AS s"
        window = "WHERE s.chunk_id BETWEEN %s AND %s"
        scopes = f"SELECT s.chunk_id, s.collection_id, s.current {where} {window}"
        placed = (
            f"SELECT v.chunk_id, v.collection_id, v.current {where}"
            f" CROSS JOIN {self._table} AS v ON v.chunk_id = s.chunk_id {window}"
        )
        return Held(
            words, self._places(scopes, low, high), vectors, self._places(placed, low, high)
        )

    def _places(self, statement: str, low: int, high: int) -> dict[int, Place]:
        found = self._rows(statement, [low, high])
        return {chunk: Place(collection, bool(current)) for chunk, collection, current in found}

    def forget(self, chunk_ids: Iterable[int]) -> None:
        """Remove chunks from every part."""
        rows = [(chunk,) for chunk in chunk_ids]
        with self._connection.cursor() as cursor:
            cursor.executemany(f"DELETE FROM {KEYWORD_TABLE} WHERE rowid = %s", rows)
            cursor.executemany(f"DELETE FROM {self._table} WHERE chunk_id = %s", rows)
            cursor.executemany(f"DELETE FROM {SCOPE_TABLE} WHERE chunk_id = %s", rows)

    def put(self, chunk_ids: Iterable[int], place: Place) -> None:
        """State where chunks are to be found, for words and for vectors."""
        rows = [(place.collection_id, int(place.current), chunk) for chunk in chunk_ids]
        with self._connection.cursor() as cursor:
            for table in (SCOPE_TABLE, self._table):
                cursor.executemany(
                    f"UPDATE {table} SET collection_id = %s, current = %s WHERE chunk_id = %s", rows
                )

    def _rows(self, statement: str, params: Sequence[int]) -> list[tuple[int, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, params)
            found: list[tuple[int, ...]] = cursor.fetchall()
        return found


def vector_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of all tables of vectors that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND sql LIKE 'CREATE VIRTUAL TABLE%%USING vec0(%%' ORDER BY name"
        )
        return [row[0] for row in cursor.fetchall()]
