"""The copy of a database in a backup: how it is made, opened and looked at."""

# ruff: noqa: S608 - names of tables come from the database itself, and are quoted.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from sqlcipher3 import dbapi2

from ragsite.db.driver import load_vectors, unlock


def copy_database(target: Path) -> None:
    """Write a consistent copy of the live database, under the same key, to a new file.

    Others go on reading and writing meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a copy with the installation's key, apart from Django."""
    found = dbapi2.connect(str(path), isolation_level=None)
    try:
        unlock(found, connection.settings_dict["OPTIONS"]["key"], path.name)
        load_vectors(found)
        yield found
    finally:
        found.close()


def counts(database: Any) -> dict[str, int]:
    """Return the rows of every table by its name, those behind the search index included."""
    tables = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    return {
        name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in tables
    }


def migrations(database: Any) -> list[str]:
    """Return the applied migrations as ``app.name``."""
    rows = database.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return [f"{app}.{name}" for app, name in rows.fetchall()]


def originals(database: Any) -> dict[str, str]:
    """Return the SHA-256 of the content of every original that a version refers to, by name."""
    return dict(
        database.execute("SELECT original, sha256 FROM documents_documentversion").fetchall()
    )


def faults(database: Any) -> list[str]:
    """Return what is wrong with the database itself, a sentence each; nothing when it is sound."""
    found = []
    if database.execute("PRAGMA cipher_integrity_check").fetchall():
        found.append("Pages of the database are damaged.")
    if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        found.append("The database is not consistent in itself.")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        found.append("Rows of the database refer to rows that are not there.")
    return found
