"""The state of what can be found in each collection, as a value that no other state ever had.

Whatever changes what a search in a collection may return changes the collection's value in
the same transaction: triggers see to it, whoever writes. Where something moves from one to
another, both change; what concerns every search (which vectors are asked, and with what
weight) is the value of ``EVERYWHERE``. A value is random, not counted, so that a transaction
that was undone, or a backup that was restored, brings no value back that stood for something
else. A collection in which nothing was ever changed has none.

No model describes the table, so that nothing but the triggers writes to it. Django makes
tables anew in some migrations, and triggers go with the old ones: they are put back after
every ``migrate``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction

from documents.index.schema import SCOPE_TABLE

TABLE = "search_generation"
#: Stands for all collections at once: their ids begin at 1, and none is given twice.
EVERYWHERE = 0

_MAKE = f"CREATE TABLE IF NOT EXISTS {TABLE} (id INTEGER PRIMARY KEY, value TEXT)"

_DOCUMENTS, _SPACES = "documents_document", "documents_embeddingspace"
#: What of a document a search goes by.
_OF_DOCUMENTS = ("title", "collection_id", "current_version_id", "retired_at", "deleting")


_ANEW = "lower(hex(randomblob(16)))"


def _changes(*collections: object) -> str:
    """Return the statements that give one collection, or two that may be the same, new values.

    No row is ever in the way of another: inside of a trigger an ``OR REPLACE`` would give way
    to the conflict clause of the statement that fired it (sqlite.org/lang_createtrigger.html).
    """
    first, *other = collections
    told = ", ".join(map(str, collections))
    made = [f"INSERT INTO {TABLE} VALUES ({first}, {_ANEW});"]  # noqa: S608  # columns or a number
    made += [
        f"INSERT INTO {TABLE} SELECT {second}, {_ANEW} WHERE {second} <> {first};"
        for second in other
    ]
    return f"DELETE FROM {TABLE} WHERE id IN ({told}); {' '.join(made)}"  # noqa: S608


def _trigger(
    table: str, event: str, of: Sequence[object], *, name: str = "", when: str = ""
) -> tuple[str, str]:
    """Return name and statement of a trigger that changes the values of these collections."""
    name = f"{TABLE}_{table}_{name or event.lower()}"
    condition = f" WHEN {when}" if when else ""
    body = f"BEGIN {_changes(*of)} END"
    return name, f"CREATE TRIGGER {name} AFTER {event} ON {table}{condition} {body}"


def _triggers() -> dict[str, str]:
    """Return the statement of each trigger by its name, as ``sqlite_master`` keeps them."""
    here = {
        "INSERT": ("NEW.collection_id",),
        "UPDATE": ("OLD.collection_id", "NEW.collection_id"),
        "DELETE": ("OLD.collection_id",),
    }
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _OF_DOCUMENTS)
    update = f"UPDATE OF {', '.join(_OF_DOCUMENTS)}"
    return dict(
        [
            *(_trigger(SCOPE_TABLE, event, of) for event, of in here.items()),
            *(_trigger(_SPACES, event, (EVERYWHERE,)) for event in here),
            _trigger(_DOCUMENTS, update, here["UPDATE"], name="update", when=changed),
            _trigger(_DOCUMENTS, "DELETE", here["DELETE"]),
            # A new document has no version yet: but who writes past the product may give it one.
            _trigger(
                _DOCUMENTS, "INSERT", here["INSERT"], when="NEW.current_version_id IS NOT NULL"
            ),
        ]
    )


def keep_generations() -> None:
    """Make the table and its triggers, where what they watch is there and they are not.

    While one was missing, changes went by unseen: then every value is another from here on.
    """
    watched = {SCOPE_TABLE, _DOCUMENTS, _SPACES}
    if connection.vendor != "sqlite" or not watched <= set(connection.introspection.table_names()):
        return
    wanted = _triggers()
    if _present() == wanted and generation(()):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MAKE)
        for name in _present():
            cursor.execute(f"DROP TRIGGER {name}")
        for statement in wanted.values():
            cursor.execute(statement)
        for statement in _changes(EVERYWHERE).split(";")[:-1]:
            cursor.execute(statement)


def _present() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB %s",
            [f"{TABLE}_*"],
        )
        found: list[Any] = cursor.fetchall()
    return dict(found)


def generation(collections: Iterable[int]) -> str:
    """Return the present value for all of these collections together.

    Nothing where none is kept, and then nothing may be cached.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, value FROM {TABLE} WHERE id = {EVERYWHERE}"  # noqa: S608
                " OR id IN (SELECT value FROM json_each(%s)) ORDER BY id",
                [json.dumps(sorted(collections))],
            )
            rows = cursor.fetchall()
    except DatabaseError:
        return ""
    if not rows or rows[0][0] != EVERYWHERE:
        return ""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
