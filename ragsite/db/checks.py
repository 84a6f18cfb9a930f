"""System checks: whether the database can be used here, told before anything is tried.

``ragsite.ops.apps`` imports this module, which registers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.utils import OperationalError

from ragsite.db.base import DatabaseWrapper
from ragsite.db.mounts import network_filesystem


def _on_disk(aliases: Iterable[str]) -> Iterator[DatabaseWrapper]:
    for alias in aliases:
        connection = connections[alias]
        if isinstance(connection, DatabaseWrapper) and not connection.is_in_memory_db():
            yield connection


@register()
def database_is_on_a_local_disk(**kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Refuse a database on a network file system: it would be corrupted there."""
    found: list[CheckMessage] = []
    for connection in _on_disk(connections):
        folder = Path(connection.settings_dict["NAME"]).parent
        if kind := network_filesystem(folder):
            found.append(
                Error(
                    f"The folder of the database, {folder}, is on a network file system ({kind}). "
                    "SQLite loses data there.",
                    hint="Set DATA_DIR or DATABASE_URL to a place on a local disk.",
                    id="ragsite.db.E001",
                )
            )
    return found


@register(Tags.database)
def database_opens(*, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Open each database that a command is going to use, and say in a sentence why not."""
    found: list[CheckMessage] = []
    for connection in _on_disk(databases or ()):
        try:
            connection.ensure_connection()
        except (OperationalError, ImproperlyConfigured) as error:
            found.append(Error(str(error), id="ragsite.db.E002"))
    return found
