"""Deleting leaves nothing, whatever interrupts it; and nothing lies about in clear."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from chat.models import Citation, Conversation, Message
from documents import storage
from documents.errors import StorageFailed
from documents.ingest import drain as queue
from documents.ingest import removal
from documents.models import Chunk, Document, DocumentVersion, Embedding, VersionText
from documents.selectors import search_index
from tests.integration.factories import WREN, Api, assert_problem, work

pytestmark = pytest.mark.django_db

TABLES = (Document, DocumentVersion, VersionText, Chunk, Embedding)


def _rows() -> dict[str, int]:
    counts = search_index().counts()
    rows = {model.__name__: model._default_manager.count() for model in TABLES}
    return rows | {"keyword": counts.keyword, "semantic": counts.semantic}


def _originals() -> list[str]:
    return list(DocumentVersion.objects.values_list("original", flat=True))


def test_a_deleted_document_leaves_nothing(ada: Api) -> None:
    document = ada.ready()
    ada.add_version(document["id"], "v2.txt", b"A second version of the same thing.")
    work()
    originals = _originals()
    assert ada.delete(f"/api/documents/{document['id']}").status_code == 204
    assert set(_rows().values()) == {0}
    assert not any(storage.original_exists(name) for name in originals)


def test_a_deleted_document_is_gone_from_every_door(ada: Api) -> None:
    path = f"/api/documents/{ada.ready()['id']}"
    ada.delete(path)
    for address in (path, f"{path}/versions", f"{path}/versions/1/download"):
        assert_problem(ada.get(address), 404, "not_found")
    assert ada.get("/api/documents").json()["count"] == 0
    assert ada.found("eggs in April") == []


def test_deleting_twice_answers_404(ada: Api) -> None:
    path = f"/api/documents/{ada.ready()['id']}"
    ada.delete(path)
    assert_problem(ada.delete(path), 404, "not_found")


def test_the_same_bytes_may_come_again_after_a_deletion(ada: Api) -> None:
    first = ada.ready()
    ada.delete(f"/api/documents/{first['id']}")
    second = ada.ready()
    assert second["id"] != first["id"]
    assert ada.found("eggs in April")[0]["document"]["id"] == second["id"]


def test_a_deletion_leaves_the_rest_of_the_library_alone(ada: Api) -> None:
    wren = ada.ready()
    heron = ada.ready("heron.txt", b"The heron eats eels and frogs.")
    ada.delete(f"/api/documents/{wren['id']}")
    assert set(_rows().values()) == {1}
    assert ada.found("heron eels")[0]["document"]["id"] == heron["id"]


def test_a_vector_that_another_document_uses_stays(ada: Api, bob: Api) -> None:
    first = ada.ready()
    bob.ready()
    assert Embedding.objects.count() == 1
    ada.delete(f"/api/documents/{first['id']}")
    assert Embedding.objects.count() == 1


@pytest.mark.parametrize("step", ["remove_chunks", "_remove_original", "checkpoint"])
def test_an_interrupted_deletion_is_out_of_sight_and_ended_by_the_sweep(
    ada: Api, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: Any) -> None:
        raise Killed

    document, originals = ada.ready(), _originals()
    with monkeypatch.context() as patch:
        patch.setattr(removal, step, killed)
        with pytest.raises(Killed):
            ada.delete(f"/api/documents/{document['id']}")
    assert_problem(ada.get(f"/api/documents/{document['id']}"), 404)
    assert ada.found("eggs in April") == []
    queue.sweep()
    assert set(_rows().values()) == {0}
    assert not any(storage.original_exists(name) for name in originals)


def _age(name: str, settings: LazySettings) -> None:
    long_ago = time.time() - 7200
    os.utime(settings.ORIGINALS_DIR / name, (long_ago, long_ago))


def test_the_file_of_an_upload_that_died_is_swept_away(
    ada: Api, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = storage.original_save(b"A file without a row.", "ab" * 32)
    ada.ready()
    kept = DocumentVersion.objects.get().original
    for name in (lost, kept):
        _age(name, settings)
        monkeypatch.setattr(queue, "_folder_of_the_minute", lambda name=name: name[:2])
        queue.sweep()
    assert (storage.original_exists(lost), storage.original_exists(kept)) == (False, True)


def test_the_file_of_an_upload_under_way_is_not_swept_away(db: None) -> None:
    name = storage.original_save(b"A file without a row as yet.", "cd" * 32)
    assert removal.remove_orphans(name[:2]) == 0
    assert storage.original_exists(name)
    storage.original_delete(name)


def test_every_folder_is_swept_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for minute in range(256):
        monkeypatch.setattr("documents.ingest.drain.time.time", lambda at=minute: at * 60.0)
        seen.add(queue._folder_of_the_minute())
    assert seen == set(storage.original_folders())


def test_a_quote_of_a_deleted_document_is_forgotten(ada: Api) -> None:
    document = ada.ready()
    conversation = Conversation.objects.create(user=ada.user, title="Birds")
    message = Message.objects.create(conversation=conversation, question="How many eggs?")
    quote = {"start": 74, "end": 100, "quote": "seven eggs", "title": "wren", "version": 1}
    Citation.objects.create(message=message, n=1, document_id=document["id"], **quote)
    ada.delete(f"/api/documents/{document['id']}")
    citation = Citation.objects.get()
    assert (citation.document_id, citation.quote, citation.title) == (None, "", "wren")


# --- at rest --------------------------------------------------------------------------

CANARY = b"canary-7f3a91-of-the-north-wall"


@pytest.fixture
def canary(ada: Api) -> dict[str, Any]:
    """A document with words that must not be found on the disk."""
    return ada.ready("canary.txt", WREN + b"\n\nThe secret is " + CANARY + b".", title="Canary")


def _holding(needle: bytes, folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and needle in path.read_bytes():
                yield path


def _files(settings: LazySettings) -> list[Path]:
    return [settings.DATA_DIR, Path(connection.settings_dict["NAME"]).parent]


@pytest.mark.django_db(transaction=True)
def test_no_file_holds_text_name_or_content_in_clear(
    canary: dict[str, Any], settings: LazySettings
) -> None:
    folders = _files(settings)
    assert any(path.suffix == ".db" for folder in folders for path in folder.rglob("*"))
    for needle in (CANARY, b"north wall", b"canary.txt", b"SQLite format 3", b"CREATE TABLE"):
        assert list(_holding(needle, folders)) == []


def test_an_original_is_read_back_as_it_came(ada: Api, canary: dict[str, Any]) -> None:
    response = ada.get(f"/api/documents/{canary['id']}/versions/1/download")
    assert CANARY in response.content


def test_the_name_of_an_original_does_not_tell_its_content(canary: dict[str, Any]) -> None:
    version = DocumentVersion.objects.get()
    assert version.sha256 not in version.original
    assert version.sha256[:16] not in version.original


def test_a_changed_byte_is_noticed(
    ada: Api, canary: dict[str, Any], settings: LazySettings
) -> None:
    path = settings.ORIGINALS_DIR / DocumentVersion.objects.get().original
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    response = ada.get(f"/api/documents/{canary['id']}/versions/1/download")
    assert_problem(response, 507, "storage_failed")
    path.unlink()


def test_an_original_that_is_missing_is_told_and_not_a_crash(
    ada: Api, canary: dict[str, Any]
) -> None:
    storage.original_delete(DocumentVersion.objects.get().original)
    response = ada.get(f"/api/documents/{canary['id']}/versions/1/download")
    assert_problem(response, 507, "storage_failed")


def test_a_lost_original_is_stored_again_with_the_next_upload_of_its_bytes(
    ada: Api, bob: Api
) -> None:
    ada.ready()
    storage.original_delete(DocumentVersion.objects.get().original)
    assert bob.ready()["status"] == "ready"


def test_a_full_disk_refuses_the_file_and_keeps_nothing(
    ada: Api, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("documents.storage._write_durably", full)
    body = assert_problem(ada.upload(("full.txt", b"A text never stored.")), 507)
    assert body["rejected"][0]["code"] == "storage_failed"
    assert not Document.objects.exists()


def test_a_write_that_breaks_off_leaves_no_part_behind(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("documents.storage.os.fsync", broken)
    with pytest.raises(StorageFailed):
        storage.original_save(b"Some bytes.", "ab" * 32)
    gc.collect()
    assert list(settings.ORIGINALS_DIR.rglob(".part-*")) == []
