"""Opened connections that wait for their next use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragsite.db.pool import Pool, pool


class Connection:
    """Knows only whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.db"
    file.touch()
    return file


@pytest.fixture
def idle(path: Path) -> Pool:
    return Pool(str(path), 2)


def test_an_empty_pool_has_nothing(idle: Pool) -> None:
    assert idle.take() is None


def test_the_one_used_last_is_used_next(idle: Pool) -> None:
    first, second = Connection(), Connection()
    idle.give(first)
    idle.give(second)
    assert [idle.take(), idle.take(), idle.take()] == [second, first, None]


def test_one_too_many_is_closed(idle: Pool) -> None:
    given = [Connection() for _ in range(3)]
    for connection in given:
        idle.give(connection)
    assert [connection.is_closed for connection in given] == [False, False, True]


def test_a_connection_to_a_file_that_was_replaced_is_closed(idle: Pool, path: Path) -> None:
    old = Connection()
    idle.give(old)
    other = path.with_name("b.db")
    other.touch()
    other.replace(path)
    assert idle.take() is None
    assert old.is_closed


def test_a_connection_to_a_file_that_is_gone_is_closed(idle: Pool, path: Path) -> None:
    path.unlink()
    late = Connection()
    idle.give(late)
    assert late.is_closed


def test_a_fork_uses_nothing_of_its_parent_s(idle: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    parents = Connection()
    idle.give(parents)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert idle.take() is None
    assert not parents.is_closed  # closing it would end the parent's locks


def test_clearing_closes_all(idle: Pool) -> None:
    given = Connection()
    idle.give(given)
    idle.clear()
    assert given.is_closed
    assert idle.take() is None


def test_a_file_has_one_pool_for_each_key(path: Path) -> None:
    assert pool(str(path), "a", 2) is pool(str(path), "a", 2)
    assert pool(str(path), "a", 2) is not pool(str(path), "b", 2)
