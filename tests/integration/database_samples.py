"""Connections for the tests of the database, apart from those of the settings."""

from __future__ import annotations

import os
import signal
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


# --- a counter that several processes raise, each by reading it first ----------------


def make_counter(path: Path) -> None:
    """Make a database that holds one number, 0."""
    connection = connect(path, init_command=INIT_COMMAND)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE counter (n integer)")
        cursor.execute("INSERT INTO counter VALUES (0)")
    connection.close()


def read_counter(path: Path) -> int:
    """Return the number."""
    connection = connect(path)
    with connection.cursor() as cursor:
        number: int = cursor.execute("SELECT n FROM counter").fetchone()[0]
    connection.close()
    return number


def count_up(path: Path, times: int) -> None:
    """Read the number and write the next one, on a new connection each time."""
    for _ in range(times):
        connection = connect(
            path, timeout=20, transaction_mode="IMMEDIATE", init_command=INIT_COMMAND
        )
        connection.ensure_connection()
        connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        with connection.cursor() as cursor:
            number = cursor.execute("SELECT n FROM counter").fetchone()[0]
            cursor.execute("UPDATE counter SET n = %s", [number + 1])
        connection.commit()
        connection.close()


def crash_with_a_log(path: Path) -> None:
    """Write 41 and die without closing: the write stays in the write-ahead log."""
    connection = connect(path, init_command=INIT_COMMAND)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE counter SET n = 41")
    os.kill(os.getpid(), signal.SIGKILL)
