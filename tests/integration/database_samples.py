"""Connections for the tests of the database, apart from those of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from sqlcipher3 import dbapi2

from ragsite.db.base import DatabaseWrapper

KEY = "5f" * 32
OTHER_KEY = "a0" * 32
#: What the product's settings send on every connection.
INIT_COMMAND: str = connections.settings["default"]["OPTIONS"]["init_command"]


def connect(path: Path | str, key: str = KEY, **options: object) -> DatabaseWrapper:
    """Return a connection that is not opened yet, with the product's defaults around it."""
    settings: dict[str, Any] = connections.configure_settings(
        {"default": {"ENGINE": "ragsite.db", "NAME": str(path), "OPTIONS": {"key": key, **options}}}
    )["default"]
    return DatabaseWrapper(settings, alias="sample")


@contextmanager
def open_plain(path: Path) -> Iterator[Any]:
    """Open a file that is not encrypted, with the bare driver."""
    connection = dbapi2.connect(str(path))
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()
