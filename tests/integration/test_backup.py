"""Backups: made while the product works, proved, restored elsewhere, kept and forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from documents import storage
from documents.index.schema import SCOPE_TABLE
from documents.models import Document, DocumentVersion
from documents.services.documents import document_delete, document_upload
from ragsite.accounts.models import UserSession
from ragsite.audit.models import AuditEntry
from ragsite.ops.backup import restore as restoring
from ragsite.ops.backup.archive import backup_write
from ragsite.ops.backup.routine import backup_make, backup_routine, backup_verify, prune
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.models import Backup
from tests.integration.factories import WREN, person, shelf, work
from tests.integration.pages import browser
from tests.integration.serving import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ready(no_broker: list[str]) -> list[Document]:
    """A collection with two documents that answer."""
    del no_broker
    owner = person("ada")
    collection = shelf(owner)
    files = {"wren.txt": WREN, "otter.txt": b"The otter of Low Mill eats trout."}
    documents = [
        document_upload(user=owner, collection=collection, data=data, filename=name).document
        for name, data in files.items()
    ]
    work()
    return documents


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the product on other data, with the keys of the tests."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0x40
    path.write_bytes(bytes(data))


def test_a_backup_is_whole(ready: list[Document], tmp_path: Path) -> None:
    backup_verify(backup_write(tmp_path))


def test_a_backup_shows_nothing_of_the_documents(ready: list[Document], tmp_path: Path) -> None:
    data = backup_write(tmp_path).read_bytes()
    assert not any(canary in data for canary in (b"Odalys", b"wren.txt", b"SQLite format"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.999])
def test_a_flipped_byte_is_found(ready: list[Document], tmp_path: Path, share: float) -> None:
    path = backup_write(tmp_path)
    flip(path, int(share * path.stat().st_size))
    with pytest.raises(Unreadable):
        backup_verify(path)


def test_an_original_that_is_gone_stops_the_backup(ready: list[Document], tmp_path: Path) -> None:
    version = DocumentVersion.objects.first()
    assert version is not None
    storage.original_delete(version.original)
    with pytest.raises(CommandError, match="original of a version is missing"):
        call_command("backup", to=str(tmp_path))
    assert not list(tmp_path.iterdir())
    assert "missing" in Backup.objects.get().error


def test_an_original_of_another_version_is_found(ready: list[Document], tmp_path: Path) -> None:
    DocumentVersion.objects.filter(filename="wren.txt").update(sha256="0" * 64)
    with pytest.raises(Unreadable, match="is not the file of its version"):
        backup_verify(backup_write(tmp_path))


def test_a_passage_missing_from_the_index_is_found(ready: list[Document], tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {SCOPE_TABLE} WHERE version_id > 0")
    with pytest.raises(Unreadable, match="full-text index"):
        backup_verify(backup_write(tmp_path))


def test_what_is_deleted_while_a_backup_is_made_keeps_its_file(ready: list[Document]) -> None:
    document = ready[0]
    original = document.versions.get().original
    with storage.originals_kept():
        document_delete(user=User.objects.get(), document=document)
        work()
        assert storage.original_exists(original)
    assert not Document.objects.filter(pk=document.pk).exists()


def test_two_backups_at_once_are_refused(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("documents.storage._PATIENCE", 0.05)
    with storage.originals_kept(), pytest.raises(CommandError, match="Another backup"):
        call_command("backup")


def test_the_routine_writes_down_that_the_backup_is_good(
    ready: list[Document], settings: Any, tmp_path: Path
) -> None:
    settings.BACKUP_DIR = tmp_path / "backups"
    row = backup_routine()
    assert row.is_good
    assert row.size == Path(row.path).stat().st_size


def test_a_full_disk_is_told_before_it_is_full(
    settings: Any, tmp_path: Path, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_DIR = tmp_path
    monkeypatch.setattr("ragsite.ops.backup.routine._LEFT_FREE", 1.0)
    with pytest.raises(OSError, match="not enough room"):
        backup_routine()
    assert "not enough room" in Backup.objects.get().error


def made(folder: Path, days_old: int, *, good: bool) -> Path:
    path = folder / f"ragsite-{days_old}.backup"
    path.write_bytes(b"x")
    at = timezone.now() - timedelta(days=days_old)
    Backup.objects.create(path=str(path), started_at=at, verified_at=at if good else None)
    return path


def test_the_oldest_backups_are_forgotten(db: None, tmp_path: Path) -> None:
    paths = [made(tmp_path, days, good=True) for days in (3, 2, 1, 0)][::-1]
    assert set(prune(2)) == set(paths[2:])
    assert [path.exists() for path in paths] == [True, True, False, False]


def test_the_last_good_backup_is_never_forgotten(db: None, tmp_path: Path) -> None:
    bad = [made(tmp_path, days, good=False) for days in range(5)]
    good = made(tmp_path, 9, good=True)
    assert prune(1) == []
    assert all(path.exists() for path in [*bad, good])


def test_a_backup_is_restored_on_an_empty_machine(ready: list[Document], tmp_path: Path) -> None:
    path = backup_write(tmp_path / "backups")
    data = tmp_path / "data"
    done = manage(data, "restore", str(path))
    assert "Restored 2 documents" in done.stdout, done.stderr
    found = manage(data, "search", "who counts the nests", "--user", "ada", "--json")
    assert "Odalys Brennt" in json.loads(found.stdout)["results"][0]["text"]


def test_a_restore_refuses_a_place_with_data(ready: list[Document], tmp_path: Path) -> None:
    path = backup_write(tmp_path / "backups")
    data = tmp_path / "data"
    manage(data, "migrate", "--verbosity", "0")
    refused = manage(data, "restore", str(path))
    assert refused.returncode == 1
    assert "Nothing was restored. There is data in" in refused.stderr
    forced = manage(data, "restore", str(path), "--force")
    assert "What was there before lies in" in forced.stdout
    assert len(list(data.glob("replaced-*/ragsite.db"))) == 1


def test_a_damaged_backup_replaces_nothing(ready: list[Document], tmp_path: Path) -> None:
    path = backup_write(tmp_path / "backups")
    flip(path, path.stat().st_size // 2)
    refused = manage(tmp_path / "data", "restore", str(path))
    assert "Nothing was restored. The backup is damaged" in refused.stderr
    assert not (tmp_path / "data" / "ragsite.db").exists()


def test_a_backup_of_a_newer_release_is_refused(
    ready: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = backup_write(tmp_path)
    monkeypatch.setattr(
        "ragsite.ops.backup.restore.unknown_migrations", lambda _: ["documents.0999_later"]
    )
    with pytest.raises(Unreadable, match="newer release"):
        restoring.checked(path, tmp_path / "scratch")


def test_a_backup_under_another_key_is_told_so(
    ready: list[Document], tmp_path: Path, settings: Any
) -> None:
    row = backup_make(tmp_path)
    settings.BACKUP_KEY = bytes(32)
    with pytest.raises(CommandError, match="another DATABASE_KEY"):
        call_command("verify_backup", row.path)
    row.refresh_from_db()
    assert "another DATABASE_KEY" in row.error


def test_after_a_restore_everybody_signs_in_anew_and_it_is_written_down(
    ready: list[Document], tmp_path: Path
) -> None:
    browser(ready[0].created_by)
    assert UserSession.objects.count() == 1
    backup = backup_make(tmp_path / "backups")
    elsewhere = tmp_path / "elsewhere"
    done = manage(elsewhere, "restore", backup.path)
    assert done.returncode == 0, done.stderr
    asked = (
        "from ragsite.accounts.models import UserSession as S;"
        "from ragsite.audit.models import AuditEntry as A;"
        "print(S.objects.count(), A.objects.filter(action='backup.restored').count())"
    )
    assert manage(elsewhere, "shell", "-c", asked).stdout.split()[-2:] == ["0", "1"]


def test_a_backup_from_the_command_line_is_written_down(
    ready: list[Document], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup", to=str(tmp_path / "backups"), no_verify=True)
    entry = AuditEntry.objects.get(action="backup.made")
    assert (entry.via, entry.object_id) == ("command", str(Backup.objects.get().pk))
