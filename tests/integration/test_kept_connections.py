"""Connections to the database that outlive the request they were opened for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from ragsite.db.base import DatabaseWrapper
from ragsite.db.pool import pool
from tests.integration.database_samples import INIT_COMMAND, KEY, connect


@pytest.fixture(autouse=True)
def own_databases(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


def opened(path: Path) -> DatabaseWrapper:
    return connect(path, pool=2, init_command=INIT_COMMAND)


def use(database: DatabaseWrapper) -> Any:
    """Use a connection as a request does, and return the driver's own."""
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    return database.connection


def test_the_next_request_takes_up_the_connection(path: Path) -> None:
    first = opened(path)
    driver = use(first)
    first.close()
    assert use(opened(path)) is driver


def test_another_thread_takes_it_up_too(path: Path) -> None:
    first = opened(path)
    driver = use(first)
    first.close()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(use(opened(path))))
    thread.start()
    thread.join()
    assert found == [driver]


def test_two_at_once_have_two(path: Path) -> None:
    assert use(opened(path)) is not use(opened(path))


def test_what_was_not_finished_is_not_handed_on(path: Path) -> None:
    first = opened(path)
    use(first)
    first.connection.execute("BEGIN IMMEDIATE")
    first.connection.execute("CREATE TABLE a (b)")
    first.close()
    second = opened(path)
    use(second)
    with pytest.raises(dbapi2.OperationalError, match="no such table"):
        second.connection.execute("SELECT * FROM a")


def test_what_a_request_switched_off_is_on_again(path: Path) -> None:
    first = opened(path)
    use(first).execute("PRAGMA foreign_keys = OFF")
    first.close()
    assert use(opened(path)).execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_the_settings_of_a_connection_stay(path: Path) -> None:
    wanted = ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
    first = opened(path)
    before = [use(first).execute(f"PRAGMA {name}").fetchone() for name in wanted]
    first.close()
    assert [use(opened(path)).execute(f"PRAGMA {name}").fetchone() for name in wanted] == before


def test_a_transaction_still_ends_with_its_block(path: Path) -> None:
    for number in range(3):
        database = opened(path)
        with database.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS a (b)")
            cursor.execute("INSERT INTO a VALUES (%s)", [number])
        database.close()
    again = opened(path)
    assert use(again).execute("SELECT count(*) FROM a").fetchone() == (3,)
    assert not again.connection.in_transaction


def test_a_reader_that_waits_keeps_no_log_from_being_cut(path: Path) -> None:
    first = opened(path)
    use(first).execute("CREATE TABLE a (b)")
    first.close()
    second = opened(path)
    busy, *_ = use(second).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0


def test_no_more_are_kept_than_is_said(path: Path) -> None:
    databases = [opened(path) for _ in range(4)]
    for database in databases:
        use(database)
    for database in databases:
        database.close()
    idle = pool(str(path), KEY, 2)
    assert [idle.take() is None for _ in range(3)] == [False, False, True]
