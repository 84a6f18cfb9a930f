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
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Citation, Conversation, Message
from documents import storage
from documents.errors import StorageFailed
from documents.ingest import drain as queue
from documents.ingest import lease as leases
from documents.ingest import pipeline, removal
from documents.ingest.space import space_ensure
from documents.models import (
    Chunk,
    Document,
    DocumentVersion,
    Embedding,
    VersionText,
    Worker,
)
from documents.selectors import search_index
from documents.types import Scope
from tests.integration.factories import WREN, Api, assert_problem, shelf, work

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
    work()
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
    work()
    assert set(_rows().values()) == {1}
    assert ada.found("heron eels")[0]["document"]["id"] == heron["id"]


def test_a_vector_that_another_document_uses_stays(ada: Api, bob: Api) -> None:
    first = ada.ready()
    bob.ready()
    assert Embedding.objects.count() == 1
    ada.delete(f"/api/documents/{first['id']}")
    work()
    assert not DocumentVersion.objects.filter(document_id=first["id"]).exists()
    assert Embedding.objects.count() == 1


class Killed(BaseException):
    """What ends a process in the middle of its work."""


def killed(*args: Any, **more: Any) -> None:
    raise Killed


@pytest.mark.parametrize(
    "step", ["remove_chunks", "_remove_original", "forget_vectors", "page_cache.forget"]
)
def test_an_interrupted_deletion_is_out_of_sight_and_ended_by_the_sweep(
    ada: Api, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    document, originals = ada.ready(), _originals()
    ada.delete(f"/api/documents/{document['id']}")
    with monkeypatch.context() as patch:
        patch.setattr(f"documents.ingest.removal.{step}", killed)
        with pytest.raises(Killed):
            work()
    assert_problem(ada.get(f"/api/documents/{document['id']}"), 404)
    assert ada.found("eggs in April") == []
    queue.sweep()
    assert set(_rows().values()) == {0}
    assert not any(storage.original_exists(name) for name in originals)


# --- when the deletion returns, and nothing is removed yet -------------------------------


@pytest.fixture
def withdrawn(ada: Api, one_transaction: None) -> dict[str, Any]:
    """A document that was cited, and then deleted; no worker has come by since."""
    document = ada.ready()
    assert ada.ask("How many eggs does the wren lay?").json()["citations"]
    assert ada.delete(f"/api/documents/{document['id']}").status_code == 204
    assert DocumentVersion.objects.exists()
    return document


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize("more", [{}, {"as_of": "2999-01-01"}], ids=["now", "then"])
def test_what_is_withdrawn_is_not_found(
    ada: Api, withdrawn: dict[str, Any], mode: str, more: dict[str, str]
) -> None:
    found = ada.get("/api/search", q="eggs in April", mode=mode, **more).json()["results"]
    assert found == []


def test_what_is_withdrawn_is_no_candidate_either(ada: Api, withdrawn: dict[str, Any]) -> None:
    """It would take the room of what may be found."""
    scope = Scope(frozenset({withdrawn["collection"]["id"]}))
    assert search_index().keyword("eggs", scope, 10) == []
    space, embedder = space_ensure()
    assert search_index(space).semantic(embedder.embed_query("eggs"), scope, 10) == []


def test_what_is_withdrawn_answers_nothing(ada: Api, withdrawn: dict[str, Any]) -> None:
    answer = ada.ask("How many eggs does the wren lay?").json()
    assert (answer["refused"], answer["citations"]) == (True, [])
    assert "seven" not in str(answer)


def test_a_conversation_says_nothing_of_what_is_withdrawn(
    ada: Api, withdrawn: dict[str, Any]
) -> None:
    conversation = Conversation.objects.get()
    told = ada.get(f"/api/conversations/{conversation.pk}").content.decode()
    assert "seven" not in told
    assert not Citation.objects.exclude(quote="").exists()


@pytest.mark.parametrize("door", ["", "/versions", "/versions/1/content", "/versions/1/download"])
def test_what_is_withdrawn_is_behind_no_door(
    ada: Api, withdrawn: dict[str, Any], door: str
) -> None:
    assert_problem(ada.get(f"/api/documents/{withdrawn['id']}{door}"), 404, "not_found")


def test_what_is_withdrawn_may_come_again_at_once(ada: Api, withdrawn: dict[str, Any]) -> None:
    second = ada.upload(("wren.txt", WREN)).json()["documents"][0]
    assert second["id"] != withdrawn["id"]
    assert not second["duplicate"]
    work()
    assert [hit["document"]["id"] for hit in ada.found("eggs in April")] == [second["id"]]
    assert storage.original_exists(DocumentVersion.objects.get().original)


def test_its_collection_can_be_deleted_at_once(ada: Api) -> None:
    collection = shelf(ada.user, "For a while")
    document = ada.ready(collection=collection.slug)
    ada.delete(f"/api/documents/{document['id']}")
    assert ada.delete(f"/api/collections/{collection.slug}").status_code == 204
    assert not DocumentVersion.objects.exists()


def test_a_deletion_is_a_few_short_writes_whatever_the_length(ada: Api) -> None:
    def cost(paragraphs: int) -> int:
        text = "\n\n".join(f"Paragraph {n} of the wren. " * 30 for n in range(paragraphs))
        document = ada.ready(f"{paragraphs}.txt", text.encode())
        with CaptureQueriesContext(connection) as captured:
            ada.delete(f"/api/documents/{document['id']}")
        return len(captured)

    assert cost(40) == cost(2)


def test_a_removal_that_fails_keeps_no_file_from_being_read(
    ada: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*args: Any) -> None:
        raise StorageFailed

    ada.delete(f"/api/documents/{ada.ready()['id']}")
    with monkeypatch.context() as patch:
        patch.setattr(storage, "original_delete", fails)
        heron = ada.ready("heron.txt", b"The heron eats eels and frogs.")
    assert heron["status"] == "ready"
    assert "could be removed" in caplog.text
    work()
    assert Document.objects.count() == 1


def test_a_version_that_is_read_while_its_document_is_deleted_never_answers(ada: Api) -> None:
    document = ada.upload(("wren.txt", WREN)).json()["documents"][0]
    lease = leases.claim("me")
    assert lease is not None
    ada.delete(f"/api/documents/{document['id']}")
    pipeline.process(lease)
    assert not Document.objects.filter(current_version__isnull=False).exists()
    work()
    assert set(_rows().values()) == {0}


@pytest.mark.django_db(transaction=True)
def test_the_log_waits_for_readers_a_moment_only() -> None:
    settings = connection.settings_dict["OPTIONS"]
    Worker.objects.create(pk="w", hostname="h", pid=1, seen_at=timezone.now())
    reader = connection.copy()
    with reader.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("SELECT count(*) FROM documents_worker")
    began = time.monotonic()
    Worker.objects.update(pid=2)
    removal.checkpoint()
    took = time.monotonic() - began
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (settings["timeout"] * 1000,)
    reader.close()
    assert 0.1 < took < 2


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
    assert Document.objects.exists()
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
