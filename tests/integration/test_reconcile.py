"""Rows, files, index and cache are compared every night; what differs is mended or told."""

from __future__ import annotations

import json
import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from documents import page_cache, storage
from documents.errors import EmbeddingFailed
from documents.index.audit import IndexAudit, Place
from documents.index.schema import create_vector_table
from documents.ingest import lease as leases
from documents.ingest.indexing import vectors_of
from documents.ingest.reconciling import chunks as chunk_part
from documents.ingest.reconciling.report import BATCH, Report
from documents.ingest.reconciling.run import is_due, reconcile
from documents.models import (
    Chunk,
    Document,
    DocumentVersion,
    Embedding,
    EmbeddingSpace,
    Reconciliation,
    VersionText,
)
from documents.selectors import search_index
from documents.types import Status
from ragsite.ops import tasks
from ragsite.ops.doctor import examine
from tests.integration.factories import WREN, Api, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document that is ready, with an index that holds it."""
    return ada.ready()


def _audit() -> IndexAudit:
    return IndexAudit(connection, EmbeddingSpace.objects.get().table)


def _execute(statement: str) -> None:
    table = EmbeddingSpace.objects.get().table
    with connection.cursor() as cursor:
        cursor.execute(statement.format(vectors=table))


def _aged(path: str | Path, hours: float = 30) -> Path:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return Path(path)


def _one_version() -> DocumentVersion:
    version: DocumentVersion = DocumentVersion.objects.get()
    return version


def test_where_all_is_well_nothing_is_changed(ada: Api, wren: dict[str, Any]) -> None:
    ada.add_version(wren["id"], "v2.txt", b"A second version of the same thing.")
    work()
    report = reconcile()
    assert (report.mended, report.left) == ({}, [])
    assert report.looked["documents"] == 1
    assert report.looked["versions"] == report.looked["originals"] == 2
    assert report.looked["chunks"] == Chunk.objects.count()


@pytest.mark.parametrize(
    "broken",
    [
        "DELETE FROM chunk_keywords",
        "DELETE FROM chunk_scope",
        "DELETE FROM {vectors}",
    ],
)
def test_what_one_part_of_the_index_lost_is_indexed_again(
    ada: Api, wren: dict[str, Any], broken: str
) -> None:
    _execute(broken)
    report = reconcile()
    assert report.mended == {"index_missing": Chunk.objects.count()}
    assert search_index().counts().keyword == search_index().counts().semantic
    assert ada.found("eggs in April")[0]["document"]["id"] == wren["id"]
    assert reconcile().mended == {}


def test_a_vector_that_is_not_kept_is_made_again(ada: Api, wren: dict[str, Any]) -> None:
    Embedding.objects.all().delete()
    _execute("DELETE FROM {vectors}")
    reconcile()
    assert Embedding.objects.count() == Chunk.objects.count()
    assert ada.found("wren", mode="semantic")


def test_without_an_embedder_the_document_is_named(
    wren: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise EmbeddingFailed

    _execute("DELETE FROM {vectors}")
    monkeypatch.setattr(chunk_part, "vectors_of", away)
    assert reconcile().left == [{"code": "not_embedded", "version": _one_version().pk}]


def test_index_entries_without_a_row_are_removed(wren: dict[str, Any]) -> None:
    Chunk.objects.all().delete()
    report = reconcile()
    assert report.mended["index_strays"] > 0
    assert _audit().held(1, 10**6).ids == frozenset()


def test_a_chunk_in_the_wrong_collection_is_put_right(wren: dict[str, Any]) -> None:
    _execute("UPDATE chunk_scope SET collection_id = 999")
    report = reconcile()
    assert report.mended == {"index_places": Chunk.objects.count()}
    expected = Place(Document.objects.get().collection_id, current=True)
    held = _audit().held(1, 10**6)
    assert {*held.scopes.values(), *held.vector_places.values()} == {expected}


def test_a_retired_document_answers_nothing_although_the_index_says_so(
    wren: dict[str, Any],
) -> None:
    Document.objects.update(retired_at=timezone.now())
    assert reconcile().mended == {"index_places": Chunk.objects.count()}
    assert {p.current for p in _audit().held(1, 10**6).scopes.values()} == {False}


def test_a_document_that_lost_its_version_answers_again(ada: Api, wren: dict[str, Any]) -> None:
    Document.objects.update(current_version=None, newest_version=None)
    reconcile()
    assert Document.objects.get().current_version == _one_version()
    assert ada.document(wren["id"])["status"] == "ready"
    assert ada.found("eggs in April")


def test_what_a_failed_version_left_is_removed(wren: dict[str, Any]) -> None:
    DocumentVersion.objects.update(status=Status.FAILED)
    report = reconcile()
    assert report.mended["chunks_of_failed"] > 0
    assert Chunk.objects.count() == Embedding.objects.count() == 0
    assert _audit().held(1, 10**6).ids == frozenset()


def test_kept_vectors_of_nothing_are_removed(wren: dict[str, Any]) -> None:
    model = Embedding.objects.all()[0].model
    Embedding.objects.create(model=model, content_hash="0" * 64, vector=b"")
    Embedding.objects.create(model="another/3", content_hash="1" * 64, vector=b"")
    assert reconcile().mended == {"embeddings_unused": 2}
    assert Embedding.objects.count() == Chunk.objects.count()


def test_a_table_of_vectors_that_nothing_uses_is_dropped(wren: dict[str, Any]) -> None:
    create_vector_table(connection, "vectors_999", 4)
    assert reconcile().mended == {"vector_tables": 1}
    assert reconcile().mended == {}


def test_a_missing_original_is_told_with_its_document(ada: Api, wren: dict[str, Any]) -> None:
    storage.original_delete(_one_version().original)
    assert reconcile().left == [{"code": "original_missing", "version": _one_version().pk}]
    (fault,) = [each for each in examine() if each.part == "reconciliation"]
    assert "“wren”, version 1: its original file is missing" in fault.seen


def test_a_shortened_original_is_told(wren: dict[str, Any]) -> None:
    os.truncate(storage.original_path(_one_version().original), 10)
    assert [fault["code"] for fault in reconcile().left] == ["original_damaged"]


def test_a_lost_text_and_lost_passages_are_told(ada: Api) -> None:
    ada.ready(data=b"Nests in ivy. " * 300)
    VersionText.objects.all().delete()
    Chunk.objects.filter(ordinal=0).delete()
    codes = {fault["code"] for fault in reconcile().left}
    assert codes == {"text_missing", "chunks_missing"}


def test_only_files_of_nothing_that_are_old_are_removed(wren: dict[str, Any]) -> None:
    young, old = (storage.original_save(data, f"{data.hex():0<64}") for data in (b"a", b"b"))
    _aged(storage.original_path(old))
    assert reconcile().mended == {"originals_unused": 1}
    assert (storage.original_exists(young), storage.original_exists(old)) == (True, False)
    assert storage.original_exists(_one_version().original)
    storage.original_delete(young)


def test_page_pictures_of_versions_that_are_gone_are_removed(wren: dict[str, Any]) -> None:
    page_cache.keep(10**9, "1", b"picture")
    assert reconcile().mended == {"page_pictures": 1}
    assert page_cache.read(10**9, "1") is None


def test_old_temporary_files_and_folders_are_removed(wren: dict[str, Any]) -> None:
    folder = settings.TEMP_DIR / f"verifying-{uuid.uuid4().hex}"
    fresh = settings.TEMP_DIR / f"upload-{uuid.uuid4().hex}"
    folder.mkdir()
    fresh.touch()
    inside = folder / "part"
    inside.touch()
    _aged(folder)
    assert reconcile().mended == {}  # somebody writes in it
    _aged(inside)
    _aged(folder)
    assert reconcile().mended == {"temporary_files": 1}
    assert (folder.exists(), fresh.exists()) == (False, True)
    fresh.unlink()


def test_a_version_that_is_being_read_is_left_alone(ada: Api, wren: dict[str, Any]) -> None:
    ada.add_version(wren["id"], "v2.txt", b"A second version of the same thing.")
    assert leases.claim("me") is not None
    reading = DocumentVersion.objects.get(number=2)
    Chunk.objects.create(
        version=reading, ordinal=0, start=0, end=8, text="A second", content_hash="2" * 64
    )
    assert reconcile().mended == {}
    assert Chunk.objects.filter(version=reading).count() == 1


def test_a_document_that_is_being_deleted_is_left_alone(wren: dict[str, Any]) -> None:
    Document.objects.update(deleting=True)
    search_index().remove([_one_version().pk])
    storage.original_delete(_one_version().original)
    report = reconcile()
    assert (report.mended, report.left) == ({}, [])


def test_what_is_deleted_while_it_is_mended_does_not_come_back(
    ada: Api, wren: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = vectors_of

    def overtaken(*args: Any) -> Any:
        made = real(*args)
        ada.delete(f"/api/documents/{wren['id']}")
        return made

    _execute("DELETE FROM {vectors}")
    monkeypatch.setattr(chunk_part, "vectors_of", overtaken)
    reconcile()
    assert ada.found("wren") == []
    work()
    assert _audit().held(1, 10**6).ids == frozenset()


def test_a_dry_run_changes_nothing(wren: dict[str, Any]) -> None:
    _execute("DELETE FROM {vectors}")
    Embedding.objects.create(model="another/3", content_hash="1" * 64, vector=b"")
    would = reconcile(dry_run=True)
    assert would.mended == {"index_missing": Chunk.objects.count(), "embeddings_unused": 1}
    assert Embedding.objects.filter(model="another/3").exists()
    assert Reconciliation.objects.count() == 0
    assert reconcile().mended == would.mended


def test_no_transaction_touches_many_rows() -> None:
    sizes: list[int] = []

    def each(group: Any) -> int:
        sizes.append(len(group))
        return len(group)

    Report().mend("anything", range(BATCH * 2 + 1), each)
    assert sizes == [BATCH, BATCH, 1]


def test_the_cost_does_not_grow_with_every_document(ada: Api) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            reconcile(dry_run=True)
        return len(captured)

    ada.ready()
    few = cost()
    for number in range(8):
        ada.upload((f"{number}.txt", WREN + str(number).encode()))
    work()
    assert cost() == few


def test_the_result_is_remembered(wren: dict[str, Any]) -> None:
    Embedding.objects.create(model="another/3", content_hash="1" * 64, vector=b"")
    reconcile()
    run = Reconciliation.objects.get()
    assert run.finished_at is not None
    assert run.mended == {"embeddings_unused": 1}
    assert run.looked["chunks"] == Chunk.objects.count()


NIGHT = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
RUNS = [
    (timedelta(hours=6), True, False),  # it ran this night
    (timedelta(hours=20), True, True),  # the next night
    (timedelta(hours=30), True, True),
    (timedelta(hours=1), False, False),  # it may still be running
    (timedelta(hours=3), False, True),  # it was killed
    (timedelta(hours=-5), True, False),  # the clock was put back
]


@pytest.mark.parametrize(("age", "ended", "due"), RUNS)
def test_a_run_is_due_once_a_night(age: timedelta, ended: bool, due: bool) -> None:
    finished = NIGHT if ended else None
    Reconciliation.objects.create(started_at=NIGHT - age, finished_at=finished)
    assert is_due(NIGHT) is due


def test_by_day_only_what_is_long_over_is_due() -> None:
    noon = NIGHT + timedelta(hours=9)
    row = Reconciliation.objects.create(started_at=noon - timedelta(hours=20), finished_at=noon)
    assert not is_due(noon)
    Reconciliation.objects.filter(pk=row.pk).update(started_at=noon - timedelta(hours=27))
    assert is_due(noon)


def test_the_task_runs_soon_after_the_first_start_and_then_waits(wren: dict[str, Any]) -> None:
    tasks.keep()
    tasks.keep()
    assert Reconciliation.objects.count() == 1


def test_the_command_reports_and_fails_where_something_is_left(
    wren: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reconcile")
    assert "All is well." in capsys.readouterr().out
    storage.original_delete(_one_version().original)
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", "--dry-run", "--json")
    body = json.loads(capsys.readouterr().out)
    assert (ended.value.code, body["dry_run"]) == (1, True)
    assert body["left"][0]["document"] == wren["id"]
    assert body["left"][0]["title"] == "wren"


def test_a_kept_file_that_is_no_part_of_anything_does_not_stop_the_rest() -> None:
    name = f"ff/{uuid.uuid4().hex}"
    storages["default"].save(name, ContentFile(b"x"))
    _aged(storage.original_path(name))
    assert reconcile().mended == {"originals_unused": 1}
