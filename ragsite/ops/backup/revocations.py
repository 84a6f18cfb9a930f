"""What was revoked since a backup was made stays revoked when it is restored.

Read from the database that the backup replaces and written into the backup's before that takes
its place. Both may be of another release than this one, so that columns which every release has
are read and written as they are.
"""

# ruff: noqa: S608 - the names of tables and columns are constants.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from ragsite.ops.backup import copies

Row = tuple[Any, ...]

_USERS: Final = "id, date_joined, password, is_active, is_staff, is_superuser"
_SECOND_STEPS: Final = {
    "accounts_twostep": ("user_id", "secret", "confirmed_at", "last_step"),
    "accounts_recoverycode": ("user_id", "digest"),
}
_SESSIONS: Final = ("accounts_usersession", "django_session")


@dataclass(frozen=True, slots=True)
class Standing:
    """Who could do what with which secret: ``users`` by id, ``tokens`` as digests."""

    users: dict[int, Row]
    tokens: frozenset[str]
    second_steps: dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was taken back. ``is_known`` is whether anything could be known of it."""

    is_known: bool = False
    tokens: int = 0
    passwords: int = 0
    accounts: int = 0
    tokens_left: int = 0


def standing(path: Path) -> Standing | None:
    """Return how things stand in a database; nothing where that cannot be read."""
    if not path.exists():
        return None
    try:
        with copies.opened(path) as database:
            users = {row[0]: row for row in _all(database, f"SELECT {_USERS} FROM auth_user")}
            tokens = _all(database, "SELECT digest FROM accounts_apitoken")
            steps = {
                table: _all(database, f"SELECT {', '.join(columns)} FROM {table}")
                for table, columns in _SECOND_STEPS.items()
                if _has(database, table)
            }
    except dbapi2.Error:
        return None
    return Standing(users, frozenset(digest for (digest,) in tokens), steps)


def revoke(path: Path, present: Standing | None, *, all_tokens: bool = False) -> Revoked:
    """End all sessions of a database, and revoke in it what was revoked in ``present``.

    People are the same where id and moment of joining are; with nobody the same, the two
    are not one installation, and nothing follows of one for the other.
    """
    with copies.opened(path) as database, closing(database.cursor()) as cursor:
        cursor.execute("BEGIN")
        for table in filter(lambda name: _has(cursor, name), _SESSIONS):
            cursor.execute(f"DELETE FROM {table}")
        if all_tokens:
            cursor.execute("DELETE FROM accounts_apitoken")
        before = _users(cursor)
        same = present and {pk for pk, row in before.items() if _is_same(row, present)}
        passwords = accounts = tokens = 0
        if present and same:
            tokens = _tokens(cursor, present)
            passwords = sum(_passwords(cursor, before, present, same))
            accounts = sum(_accounts(cursor, before, present))
            _second_steps(cursor, present, same)
        left = cursor.execute("SELECT count(*) FROM accounts_apitoken").fetchone()[0]
        cursor.execute("COMMIT")
    return Revoked(bool(same), tokens, passwords, accounts, left)


def _users(cursor: Any) -> dict[int, Row]:
    return {row[0]: row for row in _all(cursor, f"SELECT {_USERS} FROM auth_user")}


def _is_same(row: Row, present: Standing) -> bool:
    now = present.users.get(row[0])
    return now is not None and now[1] == row[1]


def _tokens(cursor: Any, present: Standing) -> int:
    digests = [digest for (digest,) in _all(cursor, "SELECT digest FROM accounts_apitoken")]
    gone = [(digest,) for digest in digests if digest not in present.tokens]
    cursor.executemany("DELETE FROM accounts_apitoken WHERE digest = ?", gone)
    return len(gone)


def _passwords(
    cursor: Any, before: dict[int, Row], present: Standing, same: set[int]
) -> Iterator[bool]:
    for pk in same:
        now = present.users[pk][2]
        if now != before[pk][2]:
            cursor.execute("UPDATE auth_user SET password = ? WHERE id = ?", (now, pk))
            yield True


def _accounts(cursor: Any, before: dict[int, Row], present: Standing) -> Iterator[bool]:
    """Take away what somebody may no longer be; who is not there any more is closed."""
    for pk, row in before.items():
        now = present.users[pk][3:] if _is_same(row, present) else (0, 0, 0)
        least = tuple(int(was and still) for was, still in zip(row[3:], now, strict=True))
        if least != tuple(map(int, row[3:])):
            cursor.execute(
                "UPDATE auth_user SET is_active = ?, is_staff = ?, is_superuser = ? WHERE id = ?",
                (*least, pk),
            )
            yield True


def _second_steps(cursor: Any, present: Standing, same: set[int]) -> None:
    """Put the present second steps and recovery codes in the place of the earlier ones."""
    for table, rows in present.second_steps.items():
        if not _has(cursor, table):
            continue
        columns = _SECOND_STEPS[table]
        cursor.executemany(f"DELETE FROM {table} WHERE user_id = ?", [(pk,) for pk in same])
        places = ", ".join("?" * len(columns))
        wanted = [row for row in rows if row[0] in same]
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", wanted)


def _all(database: Any, query: str) -> list[Row]:
    return list(database.execute(query).fetchall())


def _has(database: Any, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return database.execute(query, [table]).fetchone() is not None
