"""What is told before the database is used: where it lies, and whether it opens."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.utils import OperationalError

from ragsite.db import mounts
from ragsite.db.base import DatabaseWrapper
from tests.integration.database_samples import KEY, OTHER_KEY, connect, make_counter

MOUNTS = """\
21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
22 21 0:5 / /proc rw,nosuid - proc proc rw
23 21 0:30 / /srv/share rw shared:2 master:1 - nfs4 server:/export rw,vers=4.2
24 23 0:31 / /srv/share/local rw - xfs /dev/vdb rw
25 21 0:32 / /mnt/two\\040words rw - cifs //server/share rw
26 21 0:33 / /mnt/hidden rw - 9p host rw
27 21 254:2 / /mnt/hidden rw - btrfs /dev/vdc rw
28 21 0:34 / /mnt/user rw - fuse.rclone remote: rw
a broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/anna/var", "ext4"),
        ("/srv/share", "nfs4"),
        ("/srv/share/ragsite", "nfs4"),
        ("/srv/shared", "ext4"),
        ("/srv/share/local/var", "xfs"),
        ("/mnt/two words/var", "cifs"),
        ("/mnt/hidden/var", "btrfs"),
        ("/mnt/user/var", "fuse.rclone"),
    ],
)
def test_the_innermost_mount_decides(path: str, kind: str) -> None:
    assert mounts.filesystem_type(Path(path), MOUNTS) == kind


def test_without_a_mount_table_the_type_is_unknown() -> None:
    assert mounts.filesystem_type(Path("/anywhere"), "") == ""


def test_the_mount_table_of_this_system_can_be_read() -> None:
    assert mounts.filesystem_type(Path("/"), mounts.read_mountinfo())


@pytest.fixture(autouse=True)
def own_databases(django_db_blocker: Any) -> Iterator[None]:
    """These tests open files of their own, which pytest-django would otherwise refuse."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def opened() -> Iterator[Any]:
    """Make connections that are closed when the test ends."""
    made: list[DatabaseWrapper] = []

    def make(path: Path | str, key: str = KEY) -> DatabaseWrapper:
        made.append(connect(path, key))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def pretend_mounts(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str) -> None:
    table = folder / "mountinfo"
    table.write_text(f"21 1 0:5 / / rw - ext4 /dev/vda rw\n22 21 0:6 / {folder} rw - {kind} x rw\n")
    monkeypatch.setattr(mounts, "MOUNTINFO", table)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p"])
def test_a_database_on_a_network_file_system_is_refused(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    pretend_mounts(monkeypatch, tmp_path, kind)
    [error] = opened(tmp_path / "site.db").validation.check()
    assert error.id == "ragsite.db.E001"
    assert str(tmp_path) in error.msg
    assert kind in error.msg


@pytest.mark.parametrize("kind", ["ext4", "overlay", "tmpfs", "fuse.gcsfuse", "virtiofs"])
def test_a_database_elsewhere_is_accepted(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    pretend_mounts(monkeypatch, tmp_path, kind)
    assert opened(tmp_path / "site.db").validation.check() == []


def test_a_link_to_a_network_file_system_is_followed(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    pretend_mounts(monkeypatch, share, "nfs")
    (tmp_path / "var").symlink_to(share)
    assert opened(tmp_path / "var" / "site.db").validation.check()


def test_a_wrong_key_is_an_error_of_the_check(opened: Any, tmp_path: Path) -> None:
    make_counter(tmp_path / "site.db")
    [error] = opened(tmp_path / "site.db", OTHER_KEY).validation.check()
    assert error.id == "ragsite.db.E001"
    assert "DATABASE_KEY is not the key" in error.msg


def test_a_key_in_the_wrong_form_is_an_error_of_the_check(opened: Any, tmp_path: Path) -> None:
    [error] = opened(tmp_path / "site.db", "short").validation.check()
    assert "64 hexadecimal digits" in error.msg


def test_a_database_that_opens_is_no_error(opened: Any, tmp_path: Path) -> None:
    make_counter(tmp_path / "site.db")
    assert opened(tmp_path / "site.db").validation.check() == []


def test_nothing_is_created_on_a_network_file_system(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend_mounts(monkeypatch, tmp_path, "nfs")
    with pytest.raises(OperationalError, match="network file system"):
        opened(tmp_path / "absent.db").ensure_connection()
    assert not (tmp_path / "absent.db").exists()


def test_a_database_in_memory_is_nowhere(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "read_mountinfo", lambda: "1 1 0:1 / / rw - nfs x rw\n")
    assert opened(":memory:").validation.check() == []


def test_the_command_line_tells_a_wrong_key_in_one_sentence(tmp_path: Path) -> None:
    make_counter(tmp_path / "ragsite.db")
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "DATABASE_KEY is not the key it was created with" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_column_of_json_is_checked_without_opening_the_database(tmp_path: Path) -> None:
    connection = connect(tmp_path / "absent.db")
    assert connection.features.supports_json_field
    assert not (tmp_path / "absent.db").exists()
    assert connection.connection is None
    assert connections["default"].features.supports_json_field
