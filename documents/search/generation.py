"""The state of what can be found, as one value that no other state ever had.

Whatever changes what a search may return changes the value in the same transaction:
triggers see to it, whoever writes. It is random, not counted, so that a transaction that
was undone, or a backup that was restored, brings no value back that stood for something
else.

No model describes the table, so that nothing but the triggers writes to it. Django makes
tables anew in some migrations, and triggers go with the old ones: they are put back after
every ``migrate``.
"""

from __future__ import annotations

from django.db import DatabaseError, connection, transaction

from documents.index.schema import SCOPE_TABLE

TABLE = "search_generation"

_VALUE = "lower(hex(randomblob(16)))"
_CHANGE = f"UPDATE {TABLE} SET value = {_VALUE} WHERE id = 1"  # noqa: S608  # names of our own

_DOCUMENTS, _SPACES = "documents_document", "documents_embeddingspace"
#: What of a document a search goes by.
_OF_DOCUMENTS = ("title", "collection_id", "current_version_id", "retired_at", "deleting")


def _trigger(table: str, event: str, *, name: str = "", when: str = "") -> str:
    return (
        f"CREATE TRIGGER {TABLE}_{table}_{name or event.lower()} AFTER {event} ON {table}"
        f" {f'WHEN {when}' if when else ''} BEGIN {_CHANGE}; END"
    )


def _triggers() -> list[str]:
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _OF_DOCUMENTS)
    return [
        *(_trigger(SCOPE_TABLE, event) for event in ("INSERT", "UPDATE", "DELETE")),
        *(_trigger(_SPACES, event) for event in ("INSERT", "UPDATE", "DELETE")),
        _trigger(_DOCUMENTS, f"UPDATE OF {', '.join(_OF_DOCUMENTS)}", name="update", when=changed),
        _trigger(_DOCUMENTS, "DELETE"),
    ]


def keep_generations() -> None:
    """Make the table and its triggers, where what they watch is there. May be called again."""
    watched = {SCOPE_TABLE, _DOCUMENTS, _SPACES}
    if connection.vendor != "sqlite" or not watched <= set(connection.introspection.table_names()):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id INTEGER PRIMARY KEY, value TEXT)")
        cursor.execute(f"INSERT OR IGNORE INTO {TABLE} VALUES (1, {_VALUE})")  # noqa: S608
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            if name.startswith(f"{TABLE}_"):
                cursor.execute(f"DROP TRIGGER {name}")
        for statement in _triggers():
            cursor.execute(statement)
        cursor.execute(_CHANGE)


def generation() -> str:
    """Return the present value; nothing where none is kept, and then nothing may be cached."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT value FROM {TABLE} WHERE id = 1")  # noqa: S608
            row = cursor.fetchone()
    except DatabaseError:
        return ""
    return str(row[0]) if row else ""
