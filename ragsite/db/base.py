"""The connection: Django's SQLite backend on the ``sqlcipher3`` driver.

Used as ``ENGINE = "ragsite.db"``. Three things differ from the backend it
extends: the driver brings its own, current SQLite; the first statement on every
connection is the encryption key (any earlier pragma would already read the
encrypted header); and the sqlite-vec extension is loaded.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import tee
from typing import Any

import sqlite_vec
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3._functions import register as register_functions
from django.utils.asyncio import async_unsafe
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from sqlcipher3 import dbapi2 as Database

from ragsite.db.features import DatabaseFeatures

#: The first release without the bug that can corrupt a database in WAL mode when
#: two connections checkpoint at once (https://www.sqlite.org/wal.html, "WAL-reset bug").
MINIMUM_SQLITE = (3, 51, 3)

RAW_KEY = re.compile(r"[0-9a-fA-F]{64}")

WRONG_KEY = (
    "The database {name} cannot be opened: DATABASE_KEY is not the key it was created with, "
    "or the file is not a database. Nothing was changed."
)

Database.register_converter("bool", b"1".__eq__)
Database.register_converter("date", base.decoder(parse_date))
Database.register_converter("time", base.decoder(parse_time))
Database.register_converter("datetime", base.decoder(parse_datetime))
Database.register_converter("timestamp", base.decoder(parse_datetime))
Database.register_adapter(decimal.Decimal, str)
Database.register_adapter(datetime.date, base.adapt_date)
Database.register_adapter(datetime.datetime, base.adapt_datetime)


def check_sqlite_version(version: tuple[int, ...] = Database.sqlite_version_info) -> None:
    """Raise ``ImproperlyConfigured`` for an SQLite that may corrupt the database."""
    if version < MINIMUM_SQLITE:
        found, least = (".".join(map(str, v)) for v in (version, MINIMUM_SQLITE))
        raise ImproperlyConfigured(
            f"SQLite {found} can corrupt a database in WAL mode; {least} or later is needed. "
            "Install the sqlcipher3 release named in requirements.txt."
        )


class CursorWrapper(Database.Cursor):  # type: ignore[misc]  # the driver is untyped
    """Django's cursor over this driver: ``%s`` becomes ``?``, ``%(name)s`` becomes ``:name``.

    Django's own wrapper cannot be inherited: it derives from the stdlib's cursor.
    """

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement."""
        if params is None:
            return super().execute(query)
        names = list(params) if isinstance(params, Mapping) else None
        return super().execute(convert_query(query, names), params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Run one statement for each set of parameters."""
        peekable, param_list = tee(iter(param_list))
        first = next(peekable, None)
        names = list(first) if isinstance(first, Mapping) else None
        return super().executemany(convert_query(query, names), param_list)


def convert_query(query: str, names: Sequence[str] | None = None) -> str:
    """Return the statement in the driver's placeholder style."""
    if names is None:
        return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")
    return query % {name: f":{name}" for name in names}


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection. ``OPTIONS["key"]`` is the raw key as 64 hexadecimal digits.

    Without the option the file is not encrypted; the product's settings always
    give one. Raises ``OperationalError`` with a sentence for the operator when
    the key does not open the file.
    """

    Database = Database
    features_class = DatabaseFeatures

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._key = ""

    def get_connection_params(self) -> dict[str, Any]:
        """Return the driver's arguments; the key is kept aside, never passed on."""
        params: dict[str, Any] = super().get_connection_params()
        self._key = params.pop("key", "") if not self.is_in_memory_db() else ""
        if self._key and not RAW_KEY.fullmatch(self._key):
            raise ImproperlyConfigured("The database key must be 64 hexadecimal digits.")
        return params

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open, unlock and prepare a connection."""
        check_sqlite_version()
        connection = Database.connect(**conn_params)
        try:
            self._unlock(connection)
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _unlock(self, connection: Any) -> None:
        if self._key:
            # The library would print its own lines on standard error at a wrong key.
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(f"PRAGMA key = \"x'{self._key}'\"")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except Database.DatabaseError as error:
            if "not a database" not in str(error):
                raise
            message = WRONG_KEY.format(name=self.settings_dict["NAME"])
            raise Database.OperationalError(message) from None

    def _prepare(self, connection: Any) -> None:
        register_functions(connection)
        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        connection.enable_load_extension(False)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        for command in self.init_commands:
            if command := command.strip():
                connection.execute(command)

    def create_cursor(self, name: str | None = None) -> CursorWrapper:
        """Return a cursor that understands Django's placeholders."""
        return self.connection.cursor(factory=CursorWrapper)
