"""The key of the database: what opens the file, what does not, and what is then left behind."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError
from sqlcipher3 import dbapi2

from ragsite.db.base import DatabaseWrapper
from ragsite.db.driver import check_sqlite_version
from tests.integration.database_samples import KEY, OTHER_KEY, connect, open_plain

CANARY = "heliotrope-canary-71"
Open = Callable[..., DatabaseWrapper]


@pytest.fixture(autouse=True)
def own_databases(django_db_blocker: Any) -> Iterator[None]:
    """These tests open files of their own, which pytest-django would otherwise refuse."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Open]:
    """Open connections to ``path`` that are closed when the test ends."""
    made: list[DatabaseWrapper] = []

    def make(key: str = KEY, **options: object) -> DatabaseWrapper:
        made.append(connect(path, key, **options))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def filled(path: Path, opened: Open) -> Path:
    connection = opened()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE note (body text)")
        cursor.execute("INSERT INTO note VALUES (%s)", [CANARY])
    connection.close()
    return path


def rows(connection: DatabaseWrapper) -> list[tuple[str]]:
    with connection.cursor() as cursor:
        found: list[tuple[str]] = cursor.execute("SELECT body FROM note").fetchall()
    return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_right_key_opens_the_file_again(filled: Path, opened: Open) -> None:
    assert rows(opened()) == [(CANARY,)]


def test_the_key_is_the_first_statement_that_reads_the_file(filled: Path, opened: Open) -> None:
    # Were ``journal_mode`` sent before the key, it would meet an encrypted header.
    connection = opened(init_command="PRAGMA journal_mode = WAL")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("key", [OTHER_KEY, ""], ids=["another key", "no key"])
def test_without_the_right_key_one_plain_sentence_says_so(
    filled: Path, opened: Open, key: str
) -> None:
    with pytest.raises(OperationalError) as caught:
        opened(key).ensure_connection()
    message = str(caught.value)
    assert str(filled) in message
    assert "DATABASE_KEY is not the key it was created with" in message
    assert KEY not in message
    assert OTHER_KEY not in message


@pytest.mark.parametrize("key", [OTHER_KEY, ""], ids=["another key", "no key"])
def test_a_refused_open_leaves_the_folder_as_it_was(filled: Path, opened: Open, key: str) -> None:
    before = digest(filled)
    with pytest.raises(OperationalError):
        opened(key).ensure_connection()
    assert digest(filled) == before
    assert list(filled.parent.iterdir()) == [filled]


def test_a_refused_open_writes_nothing_on_standard_error(
    filled: Path, opened: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OperationalError):
        opened(OTHER_KEY).ensure_connection()
    assert capfd.readouterr() == ("", "")


def test_a_plain_database_is_not_opened_with_a_key(path: Path, opened: Open) -> None:
    with open_plain(path) as plain:
        plain.execute("CREATE TABLE note (body text)")
    before = digest(path)
    with pytest.raises(OperationalError, match="not an encrypted database"):
        opened().ensure_connection()
    assert digest(path) == before


def test_any_other_fault_of_the_file_keeps_its_own_words(path: Path, opened: Open) -> None:
    path.mkdir()
    with pytest.raises(OperationalError, match="unable to open"):
        opened().ensure_connection()


@pytest.mark.parametrize("key", ["short", "'; DROP TABLE note; --", "g" * 64, "ab" * 33])
def test_only_a_raw_key_is_taken(path: Path, opened: Open, key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="64 hexadecimal digits"):
        opened(key).ensure_connection()
    assert not path.exists()


def test_the_key_is_not_among_the_arguments_of_the_driver(opened: Open) -> None:
    assert KEY not in repr(opened().get_connection_params())


def test_a_database_in_memory_ignores_the_key() -> None:
    connection = connect(":memory:")
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_nothing_readable_reaches_the_disk(path: Path, opened: Open) -> None:
    connection = opened(init_command="PRAGMA journal_mode = WAL")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE note (body text)")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.executemany("INSERT INTO note VALUES (%s)", [[f"{CANARY} {n}"] for n in range(500)])
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["site.db", "site.db-shm", "site.db-wal"]
    content = b"".join(file.read_bytes() for file in files)
    assert len(content) > 20_000
    assert not re.search(rb"heliotrope|SQLite format|CREATE TABLE", content, re.IGNORECASE)


def test_only_its_owner_may_read_the_file(filled: Path) -> None:
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600


def test_the_same_rows_without_a_key_are_readable(path: Path, opened: Open) -> None:
    """Proof that the test above looks where rows would be seen."""
    connection = opened("")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE note (body text)")
        cursor.execute("INSERT INTO note VALUES (%s)", [CANARY])
    assert CANARY.encode() in path.read_bytes()


def test_a_flipped_bit_is_found_by_the_integrity_check(filled: Path, opened: Open) -> None:
    data = bytearray(filled.read_bytes())
    data[-100] ^= 1
    filled.write_bytes(data)
    with opened().cursor() as cursor:
        assert cursor.execute("PRAGMA cipher_integrity_check").fetchall()


def test_an_sqlite_that_can_corrupt_the_log_is_refused() -> None:
    with pytest.raises(dbapi2.NotSupportedError, match=re.escape("3.51.3 or later is needed")):
        check_sqlite_version((3, 51, 2))


def test_the_first_repaired_sqlite_is_accepted() -> None:
    check_sqlite_version((3, 51, 3))
