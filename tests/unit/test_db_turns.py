"""Waiting for the write lock: who looks how often, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from sqlcipher3 import dbapi2

from ragsite.db import turns


class Connection:
    """Notes what it is told; a clock that only sleeping moves goes with it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.patience = 20_000
        self.now = 100.0
        self.slept: list[float] = []

    def execute(self, statement: str) -> Connection:
        self.said.append(statement)
        return self

    def fetchone(self) -> tuple[int]:
        return (self.patience,)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    made = Connection()
    monkeypatch.setattr("ragsite.db.turns.time.sleep", made.sleep)
    monkeypatch.setattr("ragsite.db.turns.time.monotonic", lambda: made.now)
    monkeypatch.setattr(turns, "_manner", turns.AHEAD)
    return made


def locked(code: int = 5) -> Any:
    error: Any = dbapi2.OperationalError("database is locked")
    error.sqlite_errorcode = code
    return error


class Start:
    """Fails a few times with an error before it begins."""

    def __init__(self, failures: int, error: Any = None) -> None:
        self.left, self.error, self.tried = failures, error or locked(), 0

    def __call__(self) -> None:
        self.tried += 1
        if self.tried <= self.left:
            raise self.error


def test_a_free_lock_is_taken_without_waiting(connection: Connection) -> None:
    turns.insist(connection, Start(0))
    assert connection.slept == []


def test_sqlite_itself_waits_for_nothing_meanwhile_and_as_before_afterwards(
    connection: Connection,
) -> None:
    turns.insist(connection, Start(3))
    assert connection.said[1:] == ["PRAGMA busy_timeout = 0", "PRAGMA busy_timeout = 20000"]


def test_a_request_looks_every_few_milliseconds(connection: Connection) -> None:
    turns.insist(connection, Start(20))
    assert len(connection.slept) == 20
    assert max(connection.slept) == 0.004


def test_a_worker_leaves_a_moment_and_looks_less_often(connection: Connection) -> None:
    turns.stand_behind()
    turns.insist(connection, Start(2))
    assert connection.slept == [0.005, 0.02, 0.02]
    assert connection.slept[0] > turns.AHEAD.longest


def test_a_database_that_stays_locked_is_told_when_the_time_is_up(connection: Connection) -> None:
    connection.patience = 500
    with pytest.raises(dbapi2.OperationalError, match="locked"):
        turns.insist(connection, Start(10**6))
    assert sum(connection.slept) == pytest.approx(0.5, abs=0.01)
    assert connection.said[-1] == "PRAGMA busy_timeout = 500"


def test_another_fault_is_told_at_once(connection: Connection) -> None:
    start = Start(1, locked(code=10))  # SQLITE_IOERR
    with pytest.raises(dbapi2.OperationalError):
        turns.insist(connection, start)
    assert (start.tried, connection.slept) == (1, [])


def test_an_extended_code_of_a_lock_is_a_lock(connection: Connection) -> None:
    start = Start(1, locked(code=5 | 2 << 8))  # SQLITE_BUSY_SNAPSHOT
    turns.insist(connection, start)
    assert start.tried == 2


@pytest.mark.parametrize(
    ("statement", "takes"),
    [
        ("BEGIN IMMEDIATE", True),
        ("UPDATE a SET b = 1", True),
        ("\n  insert into a values (1)", True),
        ("DELETE FROM a", True),
        ("SELECT 1", False),
        ("PRAGMA wal_checkpoint(TRUNCATE)", False),
        ("WITH x AS (SELECT 1) SELECT * FROM x", False),
        ("COMMIT", False),
    ],
)
def test_what_writes_takes_the_lock(statement: str, takes: bool) -> None:
    assert turns.takes_lock(statement) is takes
