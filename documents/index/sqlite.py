"""The index in SQLite: FTS5 for words, sqlite-vec for vectors, both scoped inside the query."""

# ruff: noqa: S608 - table names are constants or checked identifiers; values are parameters.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from documents.embed.base import Vectors
from documents.index.base import Frequencies, IndexCounts
from documents.index.schema import (
    COLUMN_WEIGHTS,
    KEYWORD_TABLE,
    SCOPE_TABLE,
    checked_name,
    create_vector_table,
    drop_vector_table,
)
from documents.index.vectors import checked_vector, checked_vectors
from documents.text.terms import Term, query_terms
from documents.text.words import fold_words, index_text
from documents.types import IndexEntry, Scope, Scored

#: The most neighbours that sqlite-vec gives in one query.
MAX_NEIGHBOURS = 4096

#: So many vectors are read one by one (25 µs each) rather than all of the table's.
MOST_BY_ONE = 2000

# Begin, undo, end. A transaction that reads first and writes later must be immediate.
_TRANSACTION = ("BEGIN IMMEDIATE", "ROLLBACK", "COMMIT")
_SAVEPOINT = ("SAVEPOINT index_write", "ROLLBACK TO index_write", "RELEASE index_write")


class SqliteIndex:
    """An ``Index`` over the tables of ``documents.index.schema``, which must exist.

    ``connection`` is a Django connection whose engine is ``ragsite.db``. Each
    writing method is one transaction, or part of the one that is open.
    """

    def __init__(
        self, connection: BaseDatabaseWrapper, *, vector_table: str, dimensions: int
    ) -> None:
        self._connection = connection
        self._table = checked_name(vector_table)
        self._dimensions = dimensions

    # --- writing -----------------------------------------------------------------

    def add(self, entries: Sequence[IndexEntry], *, current: bool) -> None:
        """Insert or replace chunks. Raises ``EmbeddingFailed`` before anything is written."""
        vectors = checked_vectors(entries, self._dimensions)
        latest = {entry.chunk_id: (entry, v) for entry, v in zip(entries, vectors, strict=True)}
        with self._together() as cursor:
            self._delete(cursor, latest)
            cursor.executemany(
                f"INSERT INTO {SCOPE_TABLE} (chunk_id, collection_id, version_id, current)"
                " VALUES (%s, %s, %s, %s)",
                [(*_place(entry), int(current)) for entry, _ in latest.values()],
            )
            cursor.executemany(
                f"INSERT INTO {KEYWORD_TABLE} (rowid, title, heading, text)"
                " VALUES (%s, %s, %s, %s)",
                [_words(entry) for entry, _ in latest.values()],
            )
            cursor.executemany(
                f"INSERT INTO {self._table}"
                " (chunk_id, collection_id, version_id, current, embedding)"
                " VALUES (%s, %s, %s, %s, %s)",
                [(*_place(entry), int(current), v.tobytes()) for entry, v in latest.values()],
            )

    def set_current(self, version_id: int, *, current: bool) -> None:
        """Make the chunks of a version findable without naming the version, or not."""
        self._update([version_id], "current", int(current))

    def move(self, version_ids: Sequence[int], collection_id: int) -> None:
        """Put the chunks of these versions into another collection's scope."""
        self._update(version_ids, "collection_id", collection_id)

    def remove(self, version_ids: Sequence[int]) -> None:
        """Forget the chunks of these versions. Unknown ids are ignored."""
        with self._together() as cursor:
            self._delete(cursor, self._chunk_ids(cursor, version_ids))

    def chunks_of(self, version_id: int, limit: int) -> list[int]:
        """Ids of chunks of a version that are here, at most so many."""
        with self._connection.cursor() as cursor:
            return self._chunk_ids(cursor, [version_id], limit)

    def forget(self, chunk_ids: Sequence[int]) -> None:
        """Forget these chunks. Unknown ids are ignored."""
        with self._together() as cursor:
            self._delete(cursor, chunk_ids)

    def _update(self, version_ids: Sequence[int], column: str, value: int) -> None:
        with self._together() as cursor:
            rows = [(value, chunk) for chunk in self._chunk_ids(cursor, version_ids)]
            for table in (SCOPE_TABLE, self._table):
                cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE chunk_id = %s", rows)

    def _delete(self, cursor: Any, chunk_ids: Iterable[int]) -> None:
        rows = [(chunk,) for chunk in chunk_ids]
        cursor.executemany(f"DELETE FROM {KEYWORD_TABLE} WHERE rowid = %s", rows)
        cursor.executemany(f"DELETE FROM {self._table} WHERE chunk_id = %s", rows)
        cursor.executemany(f"DELETE FROM {SCOPE_TABLE} WHERE chunk_id = %s", rows)

    def _chunk_ids(self, cursor: Any, version_ids: Sequence[int], limit: int = -1) -> list[int]:
        cursor.execute(
            f"SELECT chunk_id FROM {SCOPE_TABLE}"
            " WHERE version_id IN (SELECT value FROM json_each(%s)) LIMIT %s",
            [_json(version_ids), limit],
        )
        return [row[0] for row in cursor.fetchall()]

    @contextmanager
    def _together(self) -> Iterator[Any]:
        """A cursor whose statements take effect together or not at all."""
        begin, undo, end = _SAVEPOINT if self._connection.in_atomic_block else _TRANSACTION
        with self._connection.cursor() as cursor:
            cursor.execute(begin)
            try:
                yield cursor
            except BaseException:
                cursor.execute(undo)
                if begin == _SAVEPOINT[0]:
                    cursor.execute(end)
                raise
            cursor.execute(end)

    # --- searching ---------------------------------------------------------------

    def keyword(self, query: str, scope: Scope, limit: int) -> list[Scored]:
        """Best chunks by BM25 over title, heading and text, best first."""
        terms = query_terms(query)
        if not terms or scope.is_empty or limit < 1:
            return []
        condition, params = _condition(scope, f"{SCOPE_TABLE}.")
        weights = ", ".join(map(str, COLUMN_WEIGHTS))
        # CROSS JOIN fixes the order: match first, then look the scope up by chunk.
        return self._scored(
            f"SELECT {KEYWORD_TABLE}.rowid, -bm25({KEYWORD_TABLE}, {weights}) AS score"
            f" FROM {KEYWORD_TABLE}"
            f" CROSS JOIN {SCOPE_TABLE} ON {SCOPE_TABLE}.chunk_id = {KEYWORD_TABLE}.rowid"
            f" WHERE {KEYWORD_TABLE} MATCH %s AND {condition}"
            f" ORDER BY score DESC, {KEYWORD_TABLE}.rowid LIMIT %s",
            [match_expression(terms), *params, limit],
        )

    def semantic(self, vector: Vectors, scope: Scope, limit: int) -> list[Scored]:
        """Nearest chunks by cosine, best first, at most ``MAX_NEIGHBOURS``."""
        asked = checked_vector(vector, self._dimensions)
        if scope.is_empty or limit < 1:
            return []
        limit = min(limit, MAX_NEIGHBOURS)
        condition, params = _condition(scope, "")
        if scope.versions is not None:
            named = f"SELECT chunk_id FROM {SCOPE_TABLE} WHERE {condition}"
            if self._are_few(named, params):
                return self._one_by_one(asked, named, params, limit)
            # vec0 looks a list of versions through for every vector, but finds ids by
            # halves: 20,000 versions cost 900 ms more in the one form, 70 in the other.
            condition = f"chunk_id IN ({named})"
        return self._scored(
            f"SELECT chunk_id, 1.0 - distance AS score FROM {self._table}"
            f" WHERE embedding MATCH %s AND k = %s AND {condition}"
            " ORDER BY distance",
            [asked.tobytes(), limit, *params],
        )

    def _one_by_one(
        self, asked: Vectors, named: str, params: Sequence[Any], limit: int
    ) -> list[Scored]:
        """Compare with the vectors of the named chunks alone."""
        return self._scored(
            "SELECT named.chunk_id, 1.0 - vec_distance_cosine(embedding, %s) AS score"
            # CROSS JOIN fixes the order: the ids first, then the vector of each.
            f" FROM ({named}) AS named CROSS JOIN {self._table} AS vectors"
            " ON vectors.chunk_id = named.chunk_id"
            " ORDER BY score DESC, named.chunk_id LIMIT %s",
            [asked.tobytes(), *params, limit],
        )

    def _are_few(self, statement: str, params: Sequence[Any]) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM ({statement} LIMIT %s)", [*params, MOST_BY_ONE + 1]
            )
            return int(cursor.fetchone()[0]) <= MOST_BY_ONE

    def frequencies(self, terms: Sequence[Term]) -> Frequencies:
        """How many chunks hold each term, over all scopes, in one statement."""
        one = f"(SELECT count(*) FROM {KEYWORD_TABLE} WHERE {KEYWORD_TABLE} MATCH %s)"
        columns = [one] * len(terms) + [f"(SELECT count(*) FROM {SCOPE_TABLE})"]
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(columns)}", [match_expression([term]) for term in terms]
            )
            *holding, total = map(int, cursor.fetchone())
        return Frequencies(tuple(holding), total)

    def spread(self, phrase: str, scope: Scope) -> dict[int, int]:
        """How many chunks of each version hold the phrase in their text."""
        words = " ".join(fold_words(phrase))
        if not words or scope.is_empty:
            return {}
        condition, params = _condition(scope, f"{SCOPE_TABLE}.")
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {SCOPE_TABLE}.version_id, count(*) FROM {KEYWORD_TABLE}"
                f" CROSS JOIN {SCOPE_TABLE} ON {SCOPE_TABLE}.chunk_id = {KEYWORD_TABLE}.rowid"
                f" WHERE {KEYWORD_TABLE} MATCH %s AND {condition}"
                f" GROUP BY {SCOPE_TABLE}.version_id",
                [f'text : "{words}"', *params],
            )
            return {int(version): int(count) for version, count in cursor.fetchall()}

    def _scored(self, statement: str, params: Sequence[Any]) -> list[Scored]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, params)
            found = [Scored(int(chunk), float(score)) for chunk, score in cursor.fetchall()]
        return sorted(found, key=lambda hit: (-hit.score, hit.chunk_id))

    # --- upkeep ------------------------------------------------------------------

    def counts(self) -> IndexCounts:
        """Rows per channel, over all scopes."""
        return IndexCounts(self._value(KEYWORD_TABLE), self._value(self._table))

    def dead_ratio(self) -> float:
        """The share of vector slots that deletes left empty, from 0 to 1.

        vec0 fills slots from the last chunk of rows only and frees a chunk only
        when all of it is empty, so the holes in earlier chunks stay for ever.
        """
        before_last = f"chunk_id < (SELECT max(chunk_id) FROM {self._table}_chunks)"
        slots = self._value(f"{self._table}_chunks", "coalesce(sum(size), 0)", before_last)
        if not slots:
            return 0.0
        return 1.0 - self._value(f"{self._table}_rowids", "count(*)", before_last) / slots

    def rebuild(self) -> None:
        """Write both channels anew without the room that deleted chunks left.

        Holds the write lock meanwhile: some 5 to 10 seconds for 50,000 chunks.
        """
        copy = f"{self._table}_copy"
        columns = "chunk_id, embedding, collection_id, version_id, current"
        with self._together() as cursor:
            create_vector_table(self._connection, copy, self._dimensions)
            cursor.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {self._table}")
            drop_vector_table(self._connection, self._table)
            create_vector_table(self._connection, self._table, self._dimensions)
            cursor.execute(f"INSERT INTO {self._table} ({columns}) SELECT {columns} FROM {copy}")
            drop_vector_table(self._connection, copy)
            cursor.execute(f"INSERT INTO {KEYWORD_TABLE}({KEYWORD_TABLE}) VALUES ('optimize')")

    def _value(self, table: str, expression: str = "count(*)", condition: str = "1") -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression} FROM {table} WHERE {condition}")
            return int(cursor.fetchone()[0])


def match_expression(terms: Sequence[Term]) -> str:
    """The terms as an FTS5 query: each quoted, so that none is an operator, joined by OR."""
    quoted = (f'"{term.text}"{" *" if term.is_prefix else ""}' for term in terms)
    return " OR ".join(quoted)


def _condition(scope: Scope, prefix: str) -> tuple[str, list[str]]:
    """The scope as a condition on columns named with ``prefix``, and its parameters."""
    within = f"{prefix}collection_id IN (SELECT value FROM json_each(%s))"
    params = [_json(scope.collections)]
    if scope.versions is None:
        return f"{within} AND {prefix}current = 1", params
    params.append(_json(scope.versions))
    # The plus keeps the wide index on collections out of it: versions say more.
    return f"+{within} AND {prefix}version_id IN (SELECT value FROM json_each(%s))", params


def _json(ids: Iterable[int]) -> str:
    """Any number of ids as one parameter."""
    return json.dumps(sorted(ids))


def _place(entry: IndexEntry) -> tuple[int, int, int]:
    return entry.chunk_id, entry.collection_id, entry.version_id


def _words(entry: IndexEntry) -> tuple[int, str, str, str]:
    fields = (entry.title, entry.heading, entry.text)
    title, heading, text = (index_text(field) for field in fields)
    return entry.chunk_id, title, heading, text
