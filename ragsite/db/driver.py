"""What every connection to an encrypted file needs, whoever opens it.

The driver is ``sqlcipher3``: it brings its own, current SQLite with SQLCipher.
The key is the first statement on a connection; any earlier one that reads the
file would meet an encrypted header.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sqlite_vec
from django.core.exceptions import ImproperlyConfigured
from sqlcipher3 import dbapi2

from ragsite.db.mounts import network_filesystem

#: The first release without the bug that can corrupt a database in WAL mode when
#: two connections checkpoint at once (https://www.sqlite.org/wal.html, "WAL-reset bug").
MINIMUM_SQLITE = (3, 51, 3)

RAW_KEY = re.compile(r"[0-9a-fA-F]{64}")

WRONG_KEY = (
    "The database {name} cannot be opened: DATABASE_KEY is not the key it was created with, "
    "or the file is not an encrypted database. Nothing was changed."
)


def check_sqlite_version(version: tuple[int, ...] = dbapi2.sqlite_version_info) -> None:
    """Raise the driver's ``NotSupportedError`` for an SQLite that may corrupt the database."""
    if version < MINIMUM_SQLITE:
        found, least = (".".join(map(str, v)) for v in (version, MINIMUM_SQLITE))
        raise dbapi2.NotSupportedError(
            f"SQLite {found} can corrupt a database in WAL mode; {least} or later is needed. "
            "Install the sqlcipher3 release named in requirements.txt."
        )


def check_place(name: str) -> None:
    """Raise the driver's ``OperationalError`` where the file lies on a network file system."""
    folder = Path(name).parent
    if kind := network_filesystem(folder):
        raise dbapi2.OperationalError(
            f"The folder of the database, {folder}, is on a network file system ({kind}), where "
            "SQLite loses data. Set DATA_DIR or DATABASE_URL to a place on a local disk."
        )


def check_key(key: str) -> None:
    """Raise ``ImproperlyConfigured`` unless the key is raw.

    A passphrase would cost its derivation, up to a second, on every connection,
    and a quote in it would end the statement it stands in.
    """
    if key and not RAW_KEY.fullmatch(key):
        raise ImproperlyConfigured("The database key must be 64 hexadecimal digits.")


def unlock(connection: Any, key: str, name: str) -> None:
    """Give a fresh connection its key and prove it; an empty key means a plain file.

    Raises the driver's ``OperationalError``, with a sentence for the operator
    about the file called ``name``, when the key does not open it.
    """
    check_key(key)
    if key:
        # The library would print its own lines on standard error at a wrong key.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    try:
        connection.execute("PRAGMA schema_version").fetchone()  # the cheapest read of page 1
    except dbapi2.DatabaseError as error:
        if "not a database" not in str(error):
            raise
        raise dbapi2.OperationalError(WRONG_KEY.format(name=name)) from None


def load_vectors(connection: Any) -> None:
    """Load sqlite-vec, and close the door behind it: SQL must not load code."""
    connection.enable_load_extension(True)
    try:
        sqlite_vec.load(connection)
    finally:
        connection.enable_load_extension(False)
