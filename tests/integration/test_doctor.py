"""The examination of every part."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from documents import storage
from documents.index.schema import KEYWORD_TABLE, SCOPE_TABLE
from documents.ingest import lease as leases
from documents.models import DocumentVersion
from ragsite.ops import doctor
from ragsite.ops.doctor import Finding, examine
from tests.integration.factories import WREN, Api

pytestmark = pytest.mark.django_db


def found(part: str) -> Finding:
    return next(finding for finding in examine() if finding.part == part)


def test_every_part_is_looked_at() -> None:
    assert [finding.part for finding in examine()] == [part for part, _ in doctor.PARTS]


@pytest.mark.parametrize(
    "part", ["engines", "database", "migrations", "cache", "embedder", "queue"]
)
def test_a_part_that_is_well_is_said_to_be(part: str) -> None:
    finding = found(part)
    assert finding.is_well, finding.seen
    assert finding.seen
    assert not finding.mend


def test_a_missing_worker_is_a_fault_with_a_mend() -> None:
    assert not found("worker").is_well
    assert "serve worker" in found("worker").mend


def test_a_worker_that_lives_is_seen() -> None:
    worker = leases.worker_register()
    assert found("worker").is_well
    leases.worker_gone(worker.pk)


def test_a_missing_original_is_found(ada: Api) -> None:
    ada.ready()
    assert found("originals").is_well
    storage.original_delete(DocumentVersion.objects.get().original)
    assert "1 of 1 original files are missing" in found("originals").seen


def test_a_damaged_original_is_found(ada: Api) -> None:
    ada.ready()
    path = storage.original_path(DocumentVersion.objects.get().original)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert "damaged" in found("originals").seen


def test_a_damaged_original_is_mended_by_the_same_file(ada: Api) -> None:
    ada.ready()
    version = DocumentVersion.objects.get()
    path = storage.original_path(version.original)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    storage.original_save(WREN, version.sha256)
    assert storage.original_read(version.original) == WREN


def test_a_passage_that_no_search_finds_is_a_fault(ada: Api) -> None:
    ada.ready()
    assert found("search index").is_well
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {KEYWORD_TABLE}")
        cursor.execute(f"DELETE FROM {SCOPE_TABLE}")
    assert "passages, but 0 by words" in found("search index").seen


def test_what_waits_for_long_is_a_fault(ada: Api) -> None:
    ada.upload(("wren.txt", b"The wren."))
    DocumentVersion.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert "waits for 2.0 hours" in found("queue").seen


def test_a_library_without_a_backup_is_a_fault_after_two_days(ada: Api) -> None:
    ada.upload(("wren.txt", b"The wren."))
    assert found("backup").is_well
    DocumentVersion.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert found("backup").mend == "manage.py backup"


def test_a_folder_open_to_all_is_a_fault(settings: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings.DATA_DIR = tmp_path
    assert found("data folder").mend == f"chmod 700 {tmp_path}"


def test_a_part_that_breaks_does_not_end_the_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise RuntimeError("no")

    monkeypatch.setattr(doctor, "PARTS", (("one", broken), ("two", lambda: "fine")))
    assert [finding.is_well for finding in examine()] == [False, True]


def test_the_command_ends_with_one_where_there_is_a_fault() -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1
    assert "FAULT  worker" in out.getvalue()
    assert "mend: script/server" in out.getvalue()
