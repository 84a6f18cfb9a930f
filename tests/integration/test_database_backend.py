"""What a connection can do: vectors, foreign keys, placeholders, and many writers at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db.utils import DatabaseError, IntegrityError, OperationalError
from sqlcipher3 import dbapi2

from ragsite.db.base import DatabaseWrapper, convert_query
from tests.integration.database_samples import (
    INIT_COMMAND,
    OTHER_KEY,
    connect,
    count_up,
    crash_with_a_log,
    make_counter,
    read_counter,
)


@pytest.fixture(autouse=True)
def own_databases(django_db_blocker: Any) -> Iterator[None]:
    """These tests open files of their own, which pytest-django would otherwise refuse."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.db"


@pytest.fixture
def connection(path: Path) -> Iterator[DatabaseWrapper]:
    made = connect(path, timeout=20, init_command=INIT_COMMAND)
    yield made
    made.close()


def query(connection: DatabaseWrapper, sql: str, params: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()  # type: ignore[no-any-return]


def test_vectors_can_be_searched(connection: DatabaseWrapper) -> None:
    query(connection, "CREATE VIRTUAL TABLE v USING vec0(embedding float[2])")
    query(connection, "INSERT INTO v(rowid, embedding) VALUES (1, '[1, 0]'), (2, '[0, 1]')")
    nearest = "SELECT rowid FROM v WHERE embedding MATCH '[0.1, 1]' AND k = 1"
    assert query(connection, nearest) == [(2,)]


def test_sql_cannot_load_an_extension(connection: DatabaseWrapper) -> None:
    with pytest.raises(OperationalError, match="not authorized"):
        query(connection, "SELECT load_extension('/tmp/any.so')")


def test_full_text_search_is_there(connection: DatabaseWrapper) -> None:
    query(connection, "CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter unicode61')")
    query(connection, "INSERT INTO f VALUES (%s)", ["Libraries answer"])
    assert query(connection, "SELECT body FROM f WHERE f MATCH 'library'") == [
        ("Libraries answer",)
    ]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("foreign_keys", 1),
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("temp_store", 2),
        ("secure_delete", 1),
        ("cache_size", -65536),
        ("busy_timeout", 20_000),
    ],
)
def test_every_connection_is_set_up(
    connection: DatabaseWrapper, pragma: str, value: object
) -> None:
    assert query(connection, f"PRAGMA {pragma}") == [(value,)]


def test_a_row_cannot_refer_to_one_that_is_not_there(connection: DatabaseWrapper) -> None:
    query(connection, "CREATE TABLE parent (id integer PRIMARY KEY)")
    query(connection, "CREATE TABLE child (parent_id integer REFERENCES parent (id))")
    with pytest.raises(IntegrityError):
        query(connection, "INSERT INTO child VALUES (7)")


@pytest.mark.parametrize(
    ("sql", "names", "converted"),
    [
        ("a = %s AND b = %s", None, "a = ? AND b = ?"),
        ("a LIKE '100%%' AND b = %s", None, "a LIKE '100%' AND b = ?"),
        ("a = '%%s'", None, "a = '%s'"),
        ("a = %(x)s OR b = %(y)s", ["x", "y"], "a = :x OR b = :y"),
        ("a LIKE '%%' || %(x)s", ["x"], "a LIKE '%' || :x"),
    ],
)
def test_placeholders_become_the_driver_s(
    sql: str, names: list[str] | None, converted: str
) -> None:
    assert convert_query(sql, names) == converted


def test_a_statement_without_parameters_is_left_as_it_is(connection: DatabaseWrapper) -> None:
    assert query(connection, "SELECT '100%s %%'") == [("100%s %%",)]


def test_many_rows_may_come_from_a_generator(connection: DatabaseWrapper) -> None:
    query(connection, "CREATE TABLE t (a, b)")
    rows: Any = ((n,) for n in range(3))
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s, '%%')", rows)
        cursor.executemany("INSERT INTO t VALUES (%(a)s, '')", [{"a": 3}, {"a": 4}])
        cursor.executemany("INSERT INTO t VALUES (%s, '')", [])
    assert query(connection, "SELECT count(*), max(a) FROM t") == [(5, 4)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("datetime", dt.datetime(2024, 2, 29, 23, 59, 58, 123456)),  # noqa: DTZ001
        ("date", dt.date(2024, 2, 29)),
        ("bool", True),
        ("text", "née – 図書館 🕮"),
        ("blob", b"\x00\xff"),
    ],
)
def test_a_value_comes_back_as_it_went_in(
    connection: DatabaseWrapper, column: str, value: object
) -> None:
    query(connection, f"CREATE TABLE t (a {column})")
    query(connection, "INSERT INTO t VALUES (%s)", [value])
    assert query(connection, "SELECT a FROM t") == [(value,)]


def test_a_decimal_is_kept_as_text(connection: DatabaseWrapper) -> None:
    assert query(connection, "SELECT %s", [decimal.Decimal("1.10")]) == [("1.10",)]


def test_dbshell_says_why_it_cannot_help(connection: DatabaseWrapper) -> None:
    with pytest.raises(CommandError, match="encrypted"):
        connection.client.runshell([])


# --- many at once -----------------------------------------------------------------


def test_a_deferred_transaction_fails_when_another_writer_was_faster(path: Path) -> None:
    """Why the settings ask for immediate ones: the waiting time does not help here."""
    make_counter(path)
    slow, fast = connect(path, timeout=20), connect(path, timeout=20)
    query(slow, "BEGIN DEFERRED")
    query(slow, "SELECT n FROM counter")
    query(fast, "UPDATE counter SET n = n + 1")
    with pytest.raises(OperationalError, match="locked"):
        query(slow, "UPDATE counter SET n = n + 1")
    slow.close()
    fast.close()


@pytest.mark.parametrize("statement", ["UPDATE counter SET n = n + 1", "BEGIN IMMEDIATE"])
def test_who_waits_for_the_lock_never_stops_the_other_threads(path: Path, statement: str) -> None:
    """While SQLite waits, whoever asks that connection for anything stands still with it."""
    make_counter(path)
    writer, waiting = connect(path), connect(path, timeout=3)
    query(writer, "BEGIN IMMEDIATE")
    waiting.ensure_connection()

    def wait() -> None:
        with contextlib.suppress(dbapi2.OperationalError):
            waiting.create_cursor().execute(statement)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert waiting.connection.total_changes == 0
    took = time.monotonic() - began
    query(writer, "COMMIT")
    thread.join()
    writer.close()
    waiting.close()
    assert took < 1


def test_an_immediate_transaction_waits_for_its_turn(path: Path) -> None:
    make_counter(path)
    first = connect(path)
    query(first, "BEGIN IMMEDIATE")
    second = threading.Thread(target=count_up, args=(path, 1))
    second.start()
    time.sleep(0.2)
    query(first, "UPDATE counter SET n = n + 1")
    query(first, "COMMIT")
    second.join()
    first.close()
    assert read_counter(path) == 2


def test_threads_that_read_then_write_never_fail(path: Path) -> None:
    make_counter(path)
    threads = [threading.Thread(target=count_up, args=(path, 20)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_counter(path) == 120


def test_processes_that_open_read_write_and_close_never_fail(path: Path) -> None:
    make_counter(path)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count_up, args=(path, 20)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert read_counter(path) == 60


def test_the_log_of_a_crash_survives_a_wrong_key(path: Path) -> None:
    make_counter(path)
    context = multiprocessing.get_context("spawn")
    crashed = context.Process(target=crash_with_a_log, args=(path,))
    crashed.start()
    crashed.join()
    assert os.stat(f"{path}-wal").st_size > 0  # noqa: PTH116
    with pytest.raises(DatabaseError, match="DATABASE_KEY"):
        connect(path, OTHER_KEY).ensure_connection()
    assert read_counter(path) == 41
