"""Health: whether the process lives, whether it can answer, and how every part is."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from analytics import probes, selectors
from documents import storage
from documents.ingest import lease as leases
from documents.ingest.reconciling.run import reconcile
from documents.models import DocumentVersion, Turn
from ragsite.ops.models import Backup
from tests.integration.factories import Api, person
from tests.openai_server import OpenAIServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Api:
    return Api(person("boss", is_staff=True))


def deep(api: Api) -> dict[str, dict[str, Any]]:
    response = api.get("/api/health/deep")
    return {part["name"]: part for part in response.json()["parts"]}


def _away(*args: Any, **kwargs: Any) -> Any:
    raise DatabaseError("the disk is gone")


def test_a_process_lives_while_its_database_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", _away)
    response = Client().get("/api/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_without_a_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "migrations_missing", _away)
    response = Client().get("/api/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] is False


def test_behind_its_release_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "migrations_missing", lambda: 1)
    response = Client().get("/api/health/ready")
    assert (response.status_code, response.json()["checks"]["migrations"]) == (503, False)


def test_with_a_full_disk_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MIN_FREE_BYTES", 2**62)
    response = Client().get("/api/health/ready")
    assert (response.status_code, response.json()["checks"]["disk"]) == (503, False)


def test_without_a_worker_it_is_ready_but_degraded() -> None:
    response = Client().get("/api/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")


def test_with_a_worker_all_is_well() -> None:
    worker = leases.worker_register()
    assert Client().get("/api/health").json()["status"] == "ok"
    leases.worker_gone(worker.pk)


@pytest.mark.parametrize("path", ["/api/health", "/api/health/live", "/api/health/ready"])
def test_nobody_learns_versions_or_names(path: str) -> None:
    leases.worker_register()
    text = Client().get(path).content.decode()
    for secret in (socket.gethostname(), "SQLite", "0.1", "/tmp"):
        assert secret not in text


def test_every_part_is_looked_at_with_a_time_and_a_sentence(boss: Api, ada: Api) -> None:
    ada.ready()
    found = deep(boss)
    expected = {"database", "migrations", "disk", "index", "cache", "broker", "embedder", "model"}
    expected |= {"worker", "queue", "key", "folder", "backup", "reconciliation"}
    assert found.keys() == expected
    assert all(part["message"] and part["ms"] >= 0 for part in found.values())


def test_looking_at_the_database_leaves_nothing(boss: Api) -> None:
    assert deep(boss)["database"]["state"] == "ok"
    assert Turn.objects.count() == 0


def test_a_missing_worker_degrades_and_is_told(boss: Api) -> None:
    response = boss.get("/api/health/deep")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert "nothing is read" in deep(boss)["worker"]["message"]


def test_a_model_that_is_away_degrades_only(boss: Api, settings: Any) -> None:
    settings.CHAT_MODEL = "tiny"
    settings.OPENAI_BASE_URL = "http://127.0.0.1:1"
    assert deep(boss)["model"]["state"] == "degraded"
    assert boss.get("/api/health/deep").status_code == 200


def test_a_model_that_answers_is_well(boss: Api, settings: Any) -> None:
    with OpenAIServer() as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "tiny", server.url
        assert deep(boss)["model"]["message"] == "The server of tiny answers."


def test_a_file_that_does_not_open_with_the_key_makes_it_unavailable(boss: Api, ada: Api) -> None:
    ada.ready()
    path = storage.original_path(DocumentVersion.objects.get().original)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    response = boss.get("/api/health/deep")
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert deep(boss)["key"]["state"] == "unavailable"
    path.unlink()


def test_a_part_that_breaks_is_told_and_raises_nothing() -> None:
    def broken() -> str:
        raise ZeroDivisionError("by zero")

    seen = probes._seen(probes.Probe("x", broken))
    assert (seen.state, seen.message) == ("degraded", "ZeroDivisionError: by zero")


AGES = [(timedelta(hours=5), "", "ok"), (timedelta(days=3), "", "degraded"),
        (timedelta(hours=5), "Not made: no room", "degraded")]  # fmt: skip


@pytest.mark.parametrize(("age", "error", "state"), AGES)
def test_the_age_of_the_backup_counts(boss: Api, age: timedelta, error: str, state: str) -> None:
    now = timezone.now()
    Backup.objects.create(path="/x", started_at=now - age, verified_at=now, error=error)
    assert deep(boss)["backup"]["state"] == state


def test_what_the_comparison_left_is_told(boss: Api, ada: Api) -> None:
    ada.ready()
    reconcile()
    assert deep(boss)["reconciliation"]["state"] == "ok"
    storage.original_delete(DocumentVersion.objects.get().original)
    reconcile()
    part = deep(boss)["reconciliation"]
    assert part["state"] == "degraded"
    assert "original file is missing" in part["message"]


def test_a_long_queue_is_told(boss: Api, ada: Api) -> None:
    ada.upload(("a.txt", b"First."))
    DocumentVersion.objects.update(created_at=timezone.now() - timedelta(hours=3))
    assert "waits for 3.0 hours" in deep(boss)["queue"]["message"]
