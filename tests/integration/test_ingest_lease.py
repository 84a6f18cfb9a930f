"""The queue in the database: nothing accepted is lost, nothing is tried for ever."""

from __future__ import annotations

import os
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone

from documents import tasks
from documents.errors import CrashedRepeatedly, NoText, ServiceError
from documents.ingest import drain as queue
from documents.ingest import lease as leases
from documents.ingest import pipeline, removal
from documents.ingest.indexing import index_chunks, write_chunks
from documents.models import Chunk, DocumentVersion, Embedding, Worker
from documents.selectors import search_index
from documents.signals import version_failed
from documents.types import ChunkDraft, Stage
from tests.integration.factories import WREN, Api, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(ada: Api) -> str:
    """The id of a document that waits for a worker."""
    return str(ada.upload(("wren.txt", WREN)).json()["documents"][0]["id"])


def _version() -> DocumentVersion:
    version: DocumentVersion = DocumentVersion.objects.get()
    return version


def _claim(owner: str) -> leases.Lease:
    lease = leases.claim(owner)
    assert lease is not None
    return lease


def _dead_worker() -> Worker:
    """Return the row of a worker on this host whose process is gone."""
    worker = leases.worker_register()
    Worker.objects.filter(pk=worker.pk).update(pid=2**22 + 1)
    return worker


def _expire() -> None:
    DocumentVersion.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_claiming_counts_the_attempt_before_the_work_begins(waiting: str) -> None:
    _claim("me")
    version = _version()
    assert (version.status, version.stage, version.attempts) == ("processing", "extracting", 1)
    assert version.lease_owner == "me"
    assert version.lease_until is not None
    assert version.lease_until > timezone.now()


def test_what_one_worker_holds_no_other_can_claim(waiting: str) -> None:
    _claim("me")
    assert leases.claim("you") is None


def test_first_come_first_served_and_the_interrupted_last(ada: Api) -> None:
    ada.upload(("a.txt", b"First."), ("b.txt", b"Second."), ("c.txt", b"Third."))
    first, second, third = DocumentVersion.objects.order_by("id")
    DocumentVersion.objects.filter(pk=first.pk).update(interruptions=1)
    claimed = [_claim("me").version_id for _ in range(3)]
    assert claimed == [second.pk, third.pk, first.pk]


def test_renewing_moves_the_end_and_tells_the_progress(waiting: str) -> None:
    lease = _claim("me")
    _expire()
    lease.renew(stage=Stage.EMBEDDING, progress=0.51239)
    version = _version()
    assert (version.stage, version.progress) == ("embedding", 0.512)
    assert version.lease_until is not None
    assert version.lease_until > timezone.now()


def test_a_lease_that_somebody_else_has_cannot_be_renewed(waiting: str) -> None:
    mine = _claim("me")
    _expire()
    leases.release_lost()
    _claim("you")
    with pytest.raises(leases.LeaseLost):
        mine.renew()


def test_a_lease_on_a_deleted_version_cannot_be_renewed(ada: Api, waiting: str) -> None:
    mine = _claim("me")
    ada.delete(f"/api/documents/{waiting}")
    with pytest.raises(leases.LeaseLost):
        mine.renew()


def test_keeping_renews_no_oftener_than_it_must(waiting: str) -> None:
    lease = _claim("me")
    _expire()
    lease.keep()
    assert leases.release_lost() == 1


def test_a_dead_worker_costs_no_attempt(waiting: str) -> None:
    _claim(_dead_worker().pk)
    assert leases.release_lost() == 1
    version = _version()
    assert (version.status, version.attempts, version.interruptions) == ("queued", 0, 1)
    assert (version.lease_owner, version.lease_until) == ("", None)


def test_a_worker_nobody_ever_heard_of_is_dead(waiting: str) -> None:
    _claim("never registered")
    assert leases.release_lost() == 1


def test_a_living_worker_keeps_what_it_holds(waiting: str) -> None:
    _claim(leases.worker_register().pk)
    assert leases.release_lost() == 0
    assert _version().status == "processing"


def test_a_living_worker_that_let_its_lease_run_out_loses_the_attempt(waiting: str) -> None:
    _claim(leases.worker_register().pk)
    _expire()
    assert leases.release_lost() == 1
    assert (_version().status, _version().attempts) == ("queued", 1)


def test_three_lost_attempts_end_it_with_a_reason(ada: Api, waiting: str) -> None:
    worker = leases.worker_register().pk
    for _ in range(3):
        _claim(worker)
        _expire()
        leases.release_lost()
    document = ada.document(waiting)
    assert (document["status"], document["error"]["code"]) == ("failed", CrashedRepeatedly.code)
    assert leases.claim(worker) is None


def test_interruptions_are_bounded_too(ada: Api, waiting: str) -> None:
    DocumentVersion.objects.update(interruptions=leases.MAX_INTERRUPTIONS)
    _claim("gone")
    leases.release_lost()
    assert ada.document(waiting)["error"]["code"] == CrashedRepeatedly.code


def test_after_it_was_given_up_it_can_be_tried_again_from_the_start(ada: Api, waiting: str) -> None:
    DocumentVersion.objects.update(interruptions=leases.MAX_INTERRUPTIONS)
    _claim("gone")
    leases.release_lost()
    ada.post(f"/api/documents/{waiting}/retry")
    version = _version()
    assert (version.status, version.attempts, version.interruptions) == ("queued", 0, 0)
    work()
    assert ada.document(waiting)["status"] == "ready"


def test_an_error_of_the_file_ends_it_at_once(waiting: str) -> None:
    leases.give_back(_claim("me"), NoText())
    assert (_version().status, _version().error_code, _version().attempts) == (
        "failed",
        "no_text",
        1,
    )


def test_an_error_of_a_service_is_tried_again(waiting: str) -> None:
    leases.give_back(_claim("me"), ServiceError())
    assert (_version().status, _version().error_code, _version().attempts) == ("queued", "", 1)


def test_giving_back_what_is_not_held_changes_nothing(waiting: str) -> None:
    mine = _claim("me")
    _expire()
    leases.release_lost()
    _claim("you")
    leases.give_back(mine, NoText())
    assert (_version().status, _version().lease_owner) == ("processing", "you")


def test_a_failure_is_made_known_once(waiting: str) -> None:
    heard: list[str] = []

    def hear(code: str, **kwargs: Any) -> None:
        heard.append(code)

    version_failed.connect(hear)
    try:
        leases.give_back(_claim("me"), NoText())
        queue.sweep()
    finally:
        version_failed.disconnect(hear)
    assert heard == ["no_text"]


def test_a_worker_that_was_overtaken_leaves_the_others_work_alone(
    ada: Api, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _claim("slow")

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(pipeline, "index_chunks", index_chunks)
        _expire()
        leases.release_lost()
        assert work() == 1
        raise ServiceError

    monkeypatch.setattr(pipeline, "index_chunks", overtaken)
    pipeline.process(mine)
    assert ada.document(waiting)["status"] == "ready"
    assert Chunk.objects.count() == search_index().counts().keyword == 1
    assert ada.found("eggs in April")


def test_a_worker_that_was_overtaken_notices_and_stops(
    ada: Api, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _claim("slow")

    def overtaken(*args: Any) -> Any:
        monkeypatch.setattr(pipeline, "write_chunks", write_chunks)
        _expire()
        leases.release_lost()
        work()
        return []

    monkeypatch.setattr(pipeline, "write_chunks", overtaken)
    pipeline.process(mine)
    assert ada.document(waiting)["status"] == "ready"
    assert Chunk.objects.count() == 1


def test_the_death_of_a_worker_in_the_middle_leaves_nothing_double(
    ada: Api, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*args: Any) -> None:
        raise Killed

    lease = _claim(_dead_worker().pk)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "switch", killed)
        with pytest.raises(Killed):
            pipeline.process(lease)
    assert Chunk.objects.count() == 1
    assert ada.found("eggs in April") == []
    assert queue.sweep() == 1
    work()
    assert ada.document(waiting)["status"] == "ready"
    counts = search_index().counts()
    assert (Chunk.objects.count(), counts.keyword, counts.semantic) == (1, 1, 1)


# --- sweeping -------------------------------------------------------------------------


def test_a_sweep_may_run_again_and_again(waiting: str) -> None:
    _claim(_dead_worker().pk)
    assert [queue.sweep() for _ in range(3)] == [1, 1, 1]
    assert (_version().attempts, _version().interruptions) == (0, 1)


def test_a_sweep_forgets_workers_that_are_gone(db: None) -> None:
    dead, alive = _dead_worker(), leases.worker_register()
    queue.sweep()
    assert list(Worker.objects.values_list("pk", flat=True)) == [alive.pk]
    assert dead.pk != alive.pk


def test_a_process_id_that_was_given_away_again_is_not_the_worker(db: None) -> None:
    worker = leases.worker_register()
    worker.pid_started = "1"
    assert not leases.is_alive(worker)


@pytest.mark.parametrize(("silent", "alive"), [(10, True), (300, False)])
def test_a_worker_elsewhere_lives_as_long_as_it_is_heard_of(
    db: None, silent: int, alive: bool
) -> None:
    worker = leases.worker_register()
    worker.hostname = "another-host"
    worker.seen_at = timezone.now() - timedelta(seconds=silent)
    assert leases.is_alive(worker) is alive


# --- the tasks ------------------------------------------------------------------------


@pytest.fixture
def worker_process(monkeypatch: pytest.MonkeyPatch, no_broker: list[str]) -> list[str]:
    """A process that is a worker; the list tells what it rings for."""
    monkeypatch.setitem(os.environ, "RAGSITE_WORKER_ID", leases.worker_register().pk)
    return no_broker


def test_a_task_delivered_twice_does_its_work_once(
    ada: Api, waiting: str, worker_process: list[str]
) -> None:
    tasks.drain()
    before = _version().ready_at
    tasks.drain()
    assert before is not None
    assert (_version().ready_at, _version().attempts) == (before, 1)
    assert Chunk.objects.count() == 1


def test_a_task_after_a_deletion_brings_nothing_back(
    ada: Api, waiting: str, worker_process: list[str]
) -> None:
    ada.delete(f"/api/documents/{waiting}")
    tasks.drain()
    tasks.sweep()
    assert DocumentVersion.objects.count() == 0


@pytest.mark.parametrize(
    "step",
    [
        "documents.ingest.pipeline.assemble",
        "documents.ingest.pipeline.write_chunks",
        "documents.ingest.pipeline.index_chunks",
        "documents.ingest.indexing._vectors",
        "documents.ingest.pipeline.switch",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_deletion_in_the_middle_of_the_work_is_final(
    ada: Api, waiting: str, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    module, _, name = step.rpartition(".")
    original = getattr(import_module(module), name)

    def deleted(*args: Any) -> Any:
        if before:
            ada.delete(f"/api/documents/{waiting}")
        result = original(*args)
        ada.delete(f"/api/documents/{waiting}")
        return result

    monkeypatch.setattr(step, deleted)
    work()
    assert (DocumentVersion.objects.count(), Chunk.objects.count()) == (0, 0)
    assert Embedding.objects.count() == 0
    assert search_index().counts().keyword == search_index().counts().semantic == 0


def test_what_a_worker_writes_during_a_deletion_goes_too(
    ada: Api, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, remove_chunks = _version(), removal.remove_chunks

    def overtaken(version_id: int) -> None:
        remove_chunks(version_id)
        monkeypatch.undo()
        chunks = write_chunks(version, "wren", [ChunkDraft(0, 0, 4, None, "", "wren")], _nothing)
        index_chunks(version, "wren", chunks, _nothing)

    monkeypatch.setattr(removal, "remove_chunks", overtaken)
    ada.delete(f"/api/documents/{waiting}")
    counts = search_index().counts()
    assert (counts.keyword, counts.semantic) == (0, 0)
    assert (Chunk.objects.count(), Embedding.objects.count()) == (0, 0)


def _nothing(share: float) -> None:
    """Take note of nothing."""


def test_a_sweep_rings_for_what_waits(
    waiting: str, worker_process: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    assert worker_process == ["documents.tasks.drain"]


def test_an_upload_rings_once_it_is_committed(
    ada: Api, no_broker: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ada.upload(("wren.txt", WREN))
        assert no_broker == []
    assert no_broker == ["documents.tasks.drain"]


def test_many_uploads_are_one_bell_until_it_is_heard(
    ada: Api, worker_process: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(5):
            ada.upload((f"{number}.txt", f"Text number {number}.".encode()))
    assert worker_process == ["documents.tasks.drain"]
    with django_capture_on_commit_callbacks(execute=True):
        tasks.drain()
    assert queue.waiting() == 0
    # The worker that heard it rang for another one: more than one version was waiting.
    assert worker_process == ["documents.tasks.drain"] * 2
    with django_capture_on_commit_callbacks(execute=True):
        tasks.drain()
        ada.upload(("late.txt", b"A late one."))
    assert worker_process == ["documents.tasks.drain"] * 3


def test_a_lost_bell_is_rung_again_by_the_sweep(
    ada: Api, worker_process: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ada.upload(("wren.txt", WREN))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
    assert worker_process == ["documents.tasks.drain"] * 2


def test_without_the_cache_every_upload_rings(
    ada: Api,
    no_broker: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(*args: Any) -> None:
        raise OSError("no cache")

    monkeypatch.setattr("documents.ingest.bell.cache.add", away)
    monkeypatch.setattr("documents.ingest.bell.cache.delete", away)
    with django_capture_on_commit_callbacks(execute=True):
        ada.upload(("a.txt", b"First."))
        ada.upload(("b.txt", b"Second."))
    assert len(no_broker) == 2


def test_an_upload_is_safe_while_the_broker_is_away(
    ada: Api, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(name: str, **options: Any) -> None:
        raise OSError("no broker")

    monkeypatch.setattr("documents.ingest.bell.current_app.send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert ada.upload(("wren.txt", WREN)).status_code == 202
    assert queue.waiting() == 1


def test_draining_stops_at_its_limit(ada: Api) -> None:
    ada.upload(("a.txt", b"First."), ("b.txt", b"Second."))
    assert work(limit=1) == 1
    assert queue.waiting() == 1
