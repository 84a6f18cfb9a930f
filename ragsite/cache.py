"""A cache for all processes of one machine, in an encrypted SQLite file, that counts exactly.

Django's own caches without a server lose counts when processes add at once; here
``incr`` is one statement. What is kept may be lost at any time (the file is not
flushed to the disk, and is begun anew when it cannot be read, and when the machine was
started since): nothing but time may depend on it.

Time is that of a clock which runs from the start of the machine, the same for all processes:
what is put into the cache for a minute stays for a minute when the clock on the wall jumps.
"""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from sqlcipher3 import dbapi2

from ragsite.db.driver import unlock
from ragsite.db.pool import pool

T = TypeVar("T")

#: A value larger than this is not kept: reading it would cost more than making it.
MAX_BYTES: Final = 4 << 20
#: Waiting longer for a cache than this defeats its purpose, seconds.
_PATIENCE: Final = 2.0
#: Connections kept open; each call needs one, and is short.
_IDLE: Final = 4
#: One in so many writes looks for what has expired.
_CULL_EVERY: Final = 500
_FOREVER: Final = 1e18
#: Writes of this process, whichever object they went through.
_writes: Final = itertools.count(1)


def _this_start() -> str:
    """Return what tells this start of the machine from all others; empty where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


_START: Final = _this_start()


def _clock() -> float:
    """Return seconds that pass alike for all processes until the machine is started anew."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _START else time.time()


_SCHEMA: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 16777216",
    "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value, expires REAL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS entry_by_expiry ON entry (expires)",
    "CREATE TABLE IF NOT EXISTS start (machine TEXT PRIMARY KEY) WITHOUT ROWID",
)


class SqliteCache(BaseCache):
    """``LOCATION`` is the file; ``OPTIONS["key"]`` its raw key, 64 hexadecimal digits.

    Raises the driver's ``OperationalError`` when the file stays locked for too long.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = Path(location)
        self._key = str(params.get("OPTIONS", {}).get("key", ""))
        # Each request asks through a cache object of its own: connections outlive it.
        self._idle = pool(str(self._path), self._key, _IDLE)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or ``default`` when there is none or it has expired."""
        name = self._name(key, version)
        row = self._do(
            lambda db: db.execute(
                "SELECT value FROM entry WHERE key = ? AND expires > ?", (name, _clock())
            ).fetchone()
        )
        return default if row is None else _unpacked(row[0])

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep a value, unless it is larger than ``MAX_BYTES``."""
        packed, name = _packed(value), self._name(key, version)
        if packed is None:
            self.delete(key, version)
            return
        expires = self._expires(timeout)
        self._write(
            lambda db: db.execute(
                "INSERT INTO entry (key, value, expires) VALUES (?, ?, ?) ON CONFLICT (key)"
                " DO UPDATE SET value = excluded.value, expires = excluded.expires",
                (name, packed, expires),
            )
        )

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep a value where there is none. Of several at once, exactly one is told True."""
        packed, name, now = _packed(value), self._name(key, version), _clock()
        if packed is None:
            return False
        row = self._write(
            lambda db: db.execute(
                "INSERT INTO entry (key, value, expires) VALUES (?, ?, ?) ON CONFLICT (key)"
                " DO UPDATE SET value = excluded.value, expires = excluded.expires"
                " WHERE entry.expires <= ? RETURNING 1",
                (name, packed, self._expires(timeout), now),
            ).fetchone()
        )
        return row is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a whole number, in one statement. Raises ``ValueError`` where there is none."""
        name, now = self._name(key, version), _clock()
        row = self._write(
            lambda db: db.execute(
                "UPDATE entry SET value = value + ? WHERE key = ? AND expires > ?"
                " AND typeof(value) = 'integer' RETURNING value",
                (delta, name, now),
            ).fetchone()
        )
        if row is None:
            raise ValueError(f"There is no number under {key!r}.")
        return int(row[0])

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let a value live longer. Returns whether there is one."""
        name, now, expires = self._name(key, version), _clock(), self._expires(timeout)
        row = self._write(
            lambda db: db.execute(
                "UPDATE entry SET expires = ? WHERE key = ? AND expires > ? RETURNING 1",
                (expires, name, now),
            ).fetchone()
        )
        return row is not None

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a value. Returns whether there was one."""
        name = self._name(key, version)
        row = self._write(
            lambda db: db.execute("DELETE FROM entry WHERE key = ? RETURNING 1", (name,)).fetchone()
        )
        return row is not None

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether there is a value that has not expired."""
        missing = object()
        return self.get(key, missing, version) is not missing

    def clear(self) -> None:
        """Forget everything."""
        self._do(lambda db: db.execute("DELETE FROM entry"))

    def close(self, **kwargs: Any) -> None:  # Django's signature
        """Nothing is held between two calls."""

    # --- the file ----------------------------------------------------------------

    def _name(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _expires(self, timeout: Any) -> float:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return _FOREVER if seconds is None else _clock() + float(seconds)

    def _write(self, statement: Callable[[Any], T]) -> T:
        if next(_writes) % _CULL_EVERY == 0:
            self._do(self._cull)
        return self._do(statement)

    def _do(self, statement: Callable[[Any], T]) -> T:
        """Run a statement on a connection that nobody else uses meanwhile."""
        try:
            return self._tried(statement)
        except dbapi2.DatabaseError as error:
            if isinstance(error, dbapi2.OperationalError) and "locked" in str(error):
                raise
            # A file of another key, or a damaged one: nothing of worth is in it.
            self._begin_anew()
            return self._tried(statement)

    def _tried(self, statement: Callable[[Any], T]) -> T:
        connection = self._idle.take() or self._open()
        try:
            result = statement(connection)
        except BaseException:
            connection.close()
            raise
        self._idle.give(connection)
        return result

    def _open(self) -> Any:
        if not self._path.exists():
            self._path.touch(mode=0o600)
        opened = dbapi2.connect(
            str(self._path), timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            unlock(opened, self._key, self._path.name)
            for command in _SCHEMA:
                opened.execute(command)
            _belong_to_this_start(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def _begin_anew(self) -> None:
        self._idle.clear()
        for end in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)

    def _cull(self, database: Any) -> None:
        """Forget what has expired, and what expires first when there is too much."""
        database.execute("DELETE FROM entry WHERE expires <= ?", (_clock(),))
        (count,) = database.execute("SELECT count(*) FROM entry").fetchone()
        if (excess := count - self._max_entries) > 0:
            database.execute(
                "DELETE FROM entry WHERE key IN (SELECT key FROM entry ORDER BY expires LIMIT ?)",
                (excess + self._max_entries // max(self._cull_frequency, 1),),
            )


def _belong_to_this_start(database: Any) -> None:
    """Forget what was kept before the machine was started anew.

    By its clock nothing can be told of those times; and the file is not flushed, so that after
    a power cut it may hold some pages of one moment and some of another. Raises the driver's
    ``DatabaseError`` where it does.
    """
    if database.execute("SELECT 1 FROM start WHERE machine = ?", (_START,)).fetchone():
        return
    database.execute("BEGIN IMMEDIATE")
    if database.execute("INSERT OR IGNORE INTO start VALUES (?) RETURNING 1", (_START,)).fetchall():
        if database.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise dbapi2.DatabaseError("the cache is damaged")
        database.execute("DELETE FROM start WHERE machine <> ?", (_START,))
        database.execute("DELETE FROM entry")
    database.execute("COMMIT")


def _packed(value: Any) -> int | bytes | None:
    """Return the value as it is kept: whole numbers plain, so that they can be added to."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62:
        return value
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return data if len(data) <= MAX_BYTES else None


def _unpacked(value: int | bytes) -> Any:
    # The file is encrypted and authenticated under the installation's own key: what is
    # in it, this program wrote.
    return value if isinstance(value, int) else pickle.loads(value)  # noqa: S301
