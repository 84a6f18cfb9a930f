"""The tables of the SQLite index: they are made by hand, for no model describes them.

``chunk_keywords`` (FTS5) holds the words, ``chunk_scope`` says where each chunk
may be found, and a ``vec0`` table per vector space holds the vectors.
"""

from __future__ import annotations

import re

from django.db.backends.base.base import BaseDatabaseWrapper

KEYWORD_TABLE = "chunk_keywords"
SCOPE_TABLE = "chunk_scope"

#: Weights of title, heading and text in BM25: a word of the title counts as three.
COLUMN_WEIGHTS = (3.0, 1.5, 1.0)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")

# Vowel signs of Indic scripts (categories M*) are letters of a word, not borders.
_KEYWORD_STATEMENTS = (
    f"""
    CREATE VIRTUAL TABLE IF NOT EXISTS {KEYWORD_TABLE} USING fts5(
        title, heading, text, content='', contentless_delete=1,
        tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
    )
    """,
    f"INSERT INTO {KEYWORD_TABLE}({KEYWORD_TABLE}, rank) VALUES ('secure-delete', 1)",  # noqa: S608
    f"""
    CREATE TABLE IF NOT EXISTS {SCOPE_TABLE} (
        chunk_id INTEGER PRIMARY KEY,
        collection_id INTEGER NOT NULL,
        version_id INTEGER NOT NULL,
        current INTEGER NOT NULL
    )
    """,
    f"CREATE INDEX IF NOT EXISTS {SCOPE_TABLE}_version ON {SCOPE_TABLE}(version_id)",
    f"""
    CREATE INDEX IF NOT EXISTS {SCOPE_TABLE}_collection
    ON {SCOPE_TABLE}(collection_id, current)
    """,
)


def create_keyword_table(connection: BaseDatabaseWrapper) -> None:
    """Make the keyword table and its companion for the scope, where they are missing."""
    with connection.cursor() as cursor:
        for statement in _KEYWORD_STATEMENTS:
            cursor.execute(statement)


def create_vector_table(connection: BaseDatabaseWrapper, name: str, dimensions: int) -> None:
    """Make the table for a vector space of ``dimensions``, where it is missing.

    Raises ``ValueError`` for a name that is no plain identifier and for a
    dimension that sqlite-vec refuses (1 to 8192).
    """
    table = checked_name(name)
    if not 1 <= dimensions <= 8192:
        raise ValueError(f"A vector table has 1 to 8192 dimensions, not {dimensions}.")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE VIRTUAL TABLE IF NOT EXISTS {table} USING vec0(
                chunk_id INTEGER PRIMARY KEY,
                embedding float[{dimensions:d}] distance_metric=cosine,
                collection_id INTEGER, version_id INTEGER, current INTEGER
            )
            """
        )


def drop_vector_table(connection: BaseDatabaseWrapper, name: str) -> None:
    """Drop the table of a vector space with everything in it, where it exists."""
    table = checked_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


def checked_name(name: str) -> str:
    """``name`` itself; ``ValueError`` unless it is a lower-case identifier."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a table.")
    return name
