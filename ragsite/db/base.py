"""The connection: Django's SQLite backend on the ``sqlcipher3`` driver.

Used as ``ENGINE = "ragsite.db"``. It differs from the backend it extends in the
driver, in the key that opens the file, and in the sqlite-vec extension.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import tee
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3._functions import (  # type: ignore[import-untyped]
    register as register_functions,
)
from django.utils.asyncio import async_unsafe
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from sqlcipher3 import dbapi2

from ragsite.db import turns
from ragsite.db.client import DatabaseClient
from ragsite.db.driver import (
    check_key,
    check_place,
    check_sqlite_version,
    load_vectors,
    unlock,
)
from ragsite.db.features import DatabaseFeatures
from ragsite.db.pool import Pool, pool
from ragsite.db.validation import DatabaseValidation

dbapi2.register_converter("bool", b"1".__eq__)
dbapi2.register_converter("date", base.decoder(parse_date))
dbapi2.register_converter("time", base.decoder(parse_time))
dbapi2.register_converter("datetime", base.decoder(parse_datetime))
dbapi2.register_converter("timestamp", base.decoder(parse_datetime))
dbapi2.register_adapter(decimal.Decimal, str)
dbapi2.register_adapter(dt.date, base.adapt_date)
dbapi2.register_adapter(dt.datetime, base.adapt_datetime)


class CursorWrapper(dbapi2.Cursor):  # type: ignore[misc]  # the driver is untyped
    """Django's cursor over this driver: ``%s`` becomes ``?``, ``%(name)s`` becomes ``:name``.

    Django's own wrapper cannot be inherited: it derives from the stdlib's cursor.
    """

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement; one that needs the write lock waits for it as ``turns`` says."""
        if not self.connection.in_transaction and turns.takes_lock(query):
            return turns.insist(self.connection, lambda: self._run(query, params))
        return self._run(query, params)

    def _run(self, query: str, params: Any) -> Any:
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

    ``OPTIONS["pool"]`` is how many opened connections a process keeps for later use.

    Without the option the file is not encrypted; the product's settings always
    give one. A database in memory has no need of it. Raises ``OperationalError``
    with a sentence for the operator when the key does not open the file.
    """

    Database = dbapi2
    client_class = DatabaseClient
    features_class = DatabaseFeatures
    validation_class = DatabaseValidation
    init_commands: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._key = ""
        self._pool: Pool | None = None

    def get_connection_params(self) -> dict[str, Any]:
        """Return the driver's arguments; the key is kept aside, never passed on."""
        params: dict[str, Any] = super().get_connection_params()
        key = params.pop("key", "")
        check_key(key)
        self._key = "" if self.is_in_memory_db() else key
        most = params.pop("pool", 0)
        if most and not self.is_in_memory_db():
            self._pool = pool(str(self.settings_dict["NAME"]), self._key, most)
        return params

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open, unlock and prepare a connection, or take up one that was left ready."""
        kept = self._pool.take() if self._pool else None
        if kept is not None:
            kept.execute("PRAGMA foreign_keys = ON")  # the one thing that is ever switched off
            return kept
        check_sqlite_version()
        if not self.is_in_memory_db():
            self._claim_place()
        connection = dbapi2.connect(**conn_params)
        try:
            unlock(connection, self._key, self.settings_dict["NAME"])
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        """Leave the connection ready for whoever needs one next, unless something is open in it."""
        unused = self.connection is not None and not self.in_atomic_block
        if not (self._pool and unused) or self.errors_occurred or self.connection.in_transaction:
            super()._close()  # type: ignore[misc]  # the stubs leave it out
            return
        with self.wrap_database_errors:
            self._pool.give(self.connection)

    def _claim_place(self) -> None:
        """Refuse an unsafe place; let only the owner read a new file, and so its log."""
        name = self.settings_dict["NAME"]
        check_place(name)
        if not Path(name).exists():
            with suppress(OSError):  # the driver says what is wrong with the place
                Path(name).touch(mode=0o600)

    def _prepare(self, connection: Any) -> None:
        register_functions(connection)
        load_vectors(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        for command in self.init_commands:
            if command := command.strip():
                connection.execute(command)

    def create_cursor(self, name: str | None = None) -> CursorWrapper:  # noqa: ARG002
        """Return a cursor that understands Django's placeholders."""
        cursor: CursorWrapper = self.connection.cursor(factory=CursorWrapper)
        return cursor
