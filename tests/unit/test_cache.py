"""The cache in an encrypted SQLite file."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import pytest
from sqlcipher3 import dbapi2

from ragsite import cache as module
from ragsite.cache import MAX_BYTES, SqliteCache
from ragsite.db.pool import pool

KEY = "ab" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def opened(path: Path, key: str = KEY, **options: int) -> SqliteCache:
    return SqliteCache(str(path), {"OPTIONS": {"key": key, **options}})


@pytest.fixture
def cache(path: Path) -> SqliteCache:
    return opened(path)


@pytest.mark.parametrize("value", [0, 7, -3, True, None, "text", b"bytes", {"a": [1, 2.5]}, 2**70])
def test_what_is_set_is_got(cache: SqliteCache, value: object) -> None:
    cache.set("key", value)
    assert cache.get("key", "nothing") == value
    assert type(cache.get("key")) is type(value)


def test_what_is_not_there_is_the_default(cache: SqliteCache) -> None:
    assert cache.get("absent") is None
    assert cache.get("absent", 5) == 5


def test_a_value_expires(cache: SqliteCache) -> None:
    cache.set("key", 1, timeout=0.02)
    time.sleep(0.03)
    assert cache.get("key") is None
    assert not cache.has_key("key")


def test_a_value_without_a_timeout_stays(cache: SqliteCache) -> None:
    cache.set("key", 1, timeout=None)
    assert cache.get("key") == 1


def test_a_value_that_is_none_is_there(cache: SqliteCache) -> None:
    cache.set("key", None)
    assert cache.has_key("key")


def test_adding_keeps_what_is_there(cache: SqliteCache) -> None:
    assert cache.add("key", 1)
    assert not cache.add("key", 2)
    assert cache.get("key") == 1


def test_adding_replaces_what_has_expired(cache: SqliteCache) -> None:
    cache.set("key", 1, timeout=0)
    assert cache.add("key", 2)
    assert cache.get("key") == 2


def test_a_number_can_be_added_to_and_taken_from(cache: SqliteCache) -> None:
    cache.set("key", 5)
    assert cache.incr("key") == 6
    assert cache.incr("key", 10) == 16
    assert cache.decr("key", 6) == 10


@pytest.mark.parametrize("value", ["text", None, 1.5])
def test_only_a_number_can_be_added_to(cache: SqliteCache, value: object) -> None:
    cache.set("key", value)
    with pytest.raises(ValueError, match="no number"):
        cache.incr("key")


def test_nothing_cannot_be_added_to(cache: SqliteCache) -> None:
    with pytest.raises(ValueError, match="no number"):
        cache.incr("absent")


def test_deleting_says_whether_there_was_something(cache: SqliteCache) -> None:
    cache.set("key", 1)
    assert cache.delete("key")
    assert not cache.delete("key")


def test_touching_sets_when_a_value_expires(cache: SqliteCache) -> None:
    cache.set("key", 1, timeout=60)
    assert cache.touch("key", 0)
    assert cache.get("key") is None
    assert not cache.touch("absent")


def test_clearing_forgets_everything(cache: SqliteCache) -> None:
    cache.set_many({"a": 1, "b": 2})
    cache.clear()
    assert cache.get_many(["a", "b"]) == {}


def test_versions_are_apart(cache: SqliteCache) -> None:
    cache.set("key", 1, version=1)
    cache.set("key", 2, version=2)
    assert (cache.get("key", version=1), cache.get("key", version=2)) == (1, 2)


def test_a_value_too_large_is_not_kept(cache: SqliteCache) -> None:
    cache.set("key", 1)
    cache.set("key", b"x" * (MAX_BYTES + 1))
    assert cache.get("key") is None


def test_nothing_can_be_read_in_the_file(cache: SqliteCache, path: Path) -> None:
    cache.set("question", "Who counts the nests of Hollow Fell?")
    for file in path.parent.iterdir():
        data = file.read_bytes()
        assert b"Hollow Fell" not in data
        assert b"SQLite format" not in data
        assert file.stat().st_mode & 0o077 == 0


def test_a_file_of_another_key_is_begun_anew(cache: SqliteCache, path: Path) -> None:
    cache.set("key", 1)
    other = opened(path, "cd" * 32)
    assert other.get("key") is None
    other.set("key", 2)
    assert other.get("key") == 2


def test_a_damaged_file_is_begun_anew(path: Path) -> None:
    path.write_bytes(b"\x07" * 9000)
    cache = opened(path)
    cache.set("key", 1)
    assert cache.get("key") == 1


def test_a_locked_file_is_told_and_not_deleted(
    cache: SqliteCache, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.set("key", 1)
    monkeypatch.setattr(module, "_PATIENCE", 0.02)
    holder = opened(path)._open()
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(dbapi2.OperationalError, match="locked"):
        opened(path).set("key", 2)
    holder.execute("ROLLBACK")
    assert cache.get("key") == 1


def test_what_expires_first_goes_when_there_is_too_much(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CULL_EVERY", 10)
    cache = opened(path, MAX_ENTRIES=10)
    for n in range(40):
        cache.set(f"key{n}", n, timeout=100 + n)
    kept = [n for n in range(40) if cache.has_key(f"key{n}")]
    assert len(kept) <= 20
    assert 39 in kept


def test_threads_count_exactly(path: Path) -> None:
    cache = opened(path)
    cache.set("key", 0)
    threads = [
        threading.Thread(target=lambda: [cache.incr("key") for _ in range(25)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get("key") == 200


def test_processes_count_exactly(path: Path) -> None:
    opened(path).set("key", 0)
    code = (
        "import sys; from ragsite.cache import SqliteCache;"
        f"c = SqliteCache(sys.argv[1], {{'OPTIONS': {{'key': '{KEY}'}}}});"
        "[c.incr('key') for _ in range(50)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [process.wait(20) for process in running] == [0, 0, 0]
    assert opened(path).get("key") == 150


# --- clocks and starts ----------------------------------------------------------------


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_wall_clock_that_jumps_changes_nothing(
    cache: SqliteCache, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    cache.set("long", 1, timeout=60)
    cache.set("short", 1, timeout=0.02)
    now = time.time() + hours * 3600
    monkeypatch.setattr(time, "time", lambda: now)
    assert cache.get("long") == 1
    assert cache.incr("long") == 2
    time.sleep(0.03)
    assert cache.get("short") is None
    assert cache.add("short", 1, timeout=60)


def test_what_was_kept_before_the_machine_was_started_anew_is_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).set("key", 1, timeout=None)
    pool(str(path), KEY, 4).clear()
    monkeypatch.setattr(module, "_START", "another start")
    cache = opened(path)
    assert cache.get("key") is None
    cache.set("key", 2)
    pool(str(path), KEY, 4).clear()
    assert opened(path).get("key") == 2


def test_a_file_of_two_moments_is_begun_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = opened(path)
    for number in range(200):
        cache.set(f"key-{number}", b"x" * 100, timeout=number + 1)
    _mix(path)
    monkeypatch.setattr(module, "_START", "another start")
    begun = mock.Mock(wraps=cache._begin_anew)
    monkeypatch.setattr(cache, "_begin_anew", begun)
    cache.set("key", 2)
    assert cache.get("key") == 2
    begun.assert_called_once_with()


def _mix(path: Path) -> None:
    """Make the index lack what the table has, as after a cut between the two."""
    pool(str(path), KEY, 4).clear()
    raw = dbapi2.connect(str(path), isolation_level=None)
    raw.execute(f"PRAGMA key = \"x'{KEY}'\"")
    raw.execute("PRAGMA writable_schema = ON")
    (page,) = raw.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'entry_by_expiry'"
    ).fetchone()
    raw.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'entry_by_expiry'")
    assert page != 2
    raw.close()


def test_a_machine_that_tells_no_start_goes_by_the_wall_clock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_START", "")
    cache = opened(path)
    cache.set("key", 1, timeout=60)
    now = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: now)
    assert cache.get("key") is None
