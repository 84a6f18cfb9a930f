"""What has to be on the disk before something is promised: contents, and the names of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from documents import storage
from documents.ingest.bell import ring
from documents.models import DocumentVersion
from ragsite.ops.backup import restore
from ragsite.ops.backup.manifest import Manifest
from ragsite.ops.backup.unpack import Unpacked
from tests.integration.factories import WREN, Api


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """What was flushed and what was given its name, in that order."""
    seen: list[tuple[str, Path]] = []
    flush, name = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        flush(descriptor)
        seen.append(("flushed", Path(f"/proc/self/fd/{descriptor}").readlink()))

    def replace(path: Path, target: Path) -> Path:
        seen.append(("named", Path(target)))
        return name(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    return seen


@pytest.fixture
def originals(tmp_path: Path) -> storage.EncryptedStorage:
    storage._sync_name.cache_clear()  # as in a process that has just begun
    return storage.EncryptedStorage(tmp_path)


def _save(originals: storage.EncryptedStorage, data: bytes) -> Path:
    name = storage.original_name(hashlib.sha256(data).hexdigest())
    originals.save(name, ContentFile(data))
    return Path(originals.path(name))


def test_an_original_its_name_and_its_folder_are_flushed_in_this_order(
    originals: storage.EncryptedStorage, events: list[tuple[str, Path]], tmp_path: Path
) -> None:
    target = _save(originals, b"A text.")
    part, *rest = events
    assert part[0] == "flushed"
    assert part[1].name.startswith(".part-")
    folder = target.parent
    assert rest == [("named", target), ("flushed", folder), ("flushed", tmp_path)]


def test_the_name_of_a_folder_is_flushed_once_by_each_process(
    originals: storage.EncryptedStorage, events: list[tuple[str, Path]], tmp_path: Path
) -> None:
    for _ in range(3):
        _save(originals, b"A text.")
    assert events.count(("flushed", tmp_path)) == 1


def test_a_file_that_another_upload_has_just_named_is_not_taken_for_durable(
    originals: storage.EncryptedStorage, events: list[tuple[str, Path]]
) -> None:
    folder = _save(originals, b"A text.").parent
    events.clear()
    _save(originals, b"A text.")
    assert events == [("flushed", folder)]


def test_an_upload_is_refused_where_its_name_cannot_be_flushed(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("documents.storage.durable.sync", broken)
    assert ada.upload(("wren.txt", WREN)).status_code == 507
    assert not DocumentVersion.objects.exists()


def test_a_restored_backup_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, settings: Any, events: list[tuple[str, Path]]
) -> None:
    settings.DATABASE_PATH = tmp_path / "data" / "ragsite.db"
    settings.ORIGINALS_DIR = tmp_path / "data" / "originals"
    settings.ORIGINALS_DIR.mkdir(parents=True)
    unpacked = Unpacked(tmp_path / "staging", Manifest("1", "", {}, [], {}), {})
    (unpacked.folder / "originals" / "ab").mkdir(parents=True)
    unpacked.database.write_bytes(b"x")
    restore._place(unpacked)
    data = tmp_path / "data"
    assert events == [("flushed", path) for path in (data, data / "ragsite.db", data)]


@pytest.mark.django_db
def test_an_upload_needs_no_broker_that_can_be_read(
    ada: Api, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def damaged(*_: Any, **__: Any) -> None:
        raise ValueError("Expecting value: line 1 column 1 (char 0)")

    monkeypatch.setattr("documents.ingest.bell.current_app.send_task", damaged)
    with django_capture_on_commit_callbacks(execute=True):
        ring()
        assert ada.upload(("wren.txt", WREN)).status_code == 202
