"""Every request is noted, and the numbers about them are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from analytics import services
from analytics.metrics import overall, queue, timed
from analytics.models import Durations, RequestLog, Total
from analytics.recording import WAITING, Recorder, recorder
from analytics.types import Kind, Measurement, RequestRecord
from tests.integration.factories import Api, assert_problem, joined, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any) -> Iterator[None]:
    settings.REQUEST_LOG_DAYS = 30
    settings.RECORD_IN_BACKGROUND = False
    recorder._waiting.clear()
    yield
    recorder._waiting.clear()


@pytest.fixture
def boss() -> Api:
    return Api(person("boss", is_staff=True))


def logged() -> RequestLog:
    recorder.flush()
    return RequestLog.objects.get()


def measurement(ms: float, kind: Kind = Kind.SEARCH, minutes_ago: int = 0) -> Measurement:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    return Measurement(at, kind, "hybrid", "ok", ms)


def test_a_request_is_noted_with_who_and_what(ada: Api) -> None:
    response = ada.get("/api/documents?search=a+secret+word")
    row = logged()
    assert (row.method, row.route, row.status) == ("GET", "/api/documents", 200)
    assert row.user is not None
    assert row.user.get_username() == "ada"
    assert row.response_bytes == len(response.content)
    assert row.request_id == response["X-Request-ID"]
    assert row.ms > 0
    assert row.token_id is not None


def test_nothing_of_an_address_but_its_pattern_is_kept(ada: Api) -> None:
    ada.get("/api/documents/0b8d6f3e-0000-4000-8000-000000000000")
    ada.get("/a-private-word-of-somebody")
    recorder.flush()
    routes = set(RequestLog.objects.values_list("route", flat=True))
    assert routes == {"/api/documents/<str:document_id>", "(unknown)"}


def test_a_session_is_noted_with_its_user() -> None:
    browser = Client()
    browser.force_login(person("eve"))
    browser.get("/documents/")
    row = logged()
    assert row.user is not None
    assert (row.user.get_username(), row.token_id) == ("eve", None)


def test_an_anonymous_request_is_noted_without_a_user() -> None:
    Client().get("/api/documents", headers={"Authorization": "Bearer wrong"})
    assert (logged().user_id, logged().status) == (None, 401)


def test_health_is_not_noted() -> None:
    Client().get("/api/health/live")
    assert recorder.flush() == 0


def test_without_days_nothing_is_noted(ada: Api, settings: Any) -> None:
    settings.REQUEST_LOG_DAYS = 0
    ada.get("/api/documents")
    assert recorder.flush() == 0


def test_a_user_who_is_gone_when_the_batch_is_written_does_no_harm(ada: Api) -> None:
    ada.get("/api/documents")
    User.objects.all().delete()
    recorder.flush()
    assert RequestLog.objects.count() == 1


def test_durations_of_two_batches_add_up() -> None:
    services.write([measurement(10.0), measurement(20.0)])
    services.write([measurement(30.0)])
    found = overall(Kind.SEARCH, timezone.now() - timedelta(minutes=5))
    assert found.count == 3
    assert found.latency.p50 == pytest.approx(20, rel=0.03)
    assert Total.objects.get().total_ms == 60


def test_errors_are_told_apart() -> None:
    now = timezone.now()
    records = [
        RequestRecord(now, "x", "GET", "/a", status, 5.0, 0, 0) for status in (200, 404, 500, 503)
    ]
    services.write(records)
    (found,) = timed(Kind.REQUEST, now - timedelta(minutes=1))
    assert (found.count, found.client_errors, found.server_errors) == (4, 1, 2)
    assert found.error_rate == 0.5


def test_minutes_long_over_become_hours() -> None:
    days_ago = 3 * 24 * 60
    services.write([measurement(10.0, minutes_ago=days_ago + n) for n in range(0, 40, 10)])
    before = sum(row.count for row in Durations.objects.all())
    for _ in range(3):
        services.thin()
    rows = list(Durations.objects.all())
    assert all(row.minute.minute == 0 for row in rows)
    assert sum(row.count for row in rows) == before
    assert len(rows) <= 2


def test_what_is_older_than_its_time_is_forgotten(settings: Any) -> None:
    settings.METRICS_DAYS = 60
    for days in (1, 40, 90):
        at = timezone.now() - timedelta(days=days)
        services.write([RequestRecord(at, "x", "GET", "/a", 200, 5.0, 0, 0)])
    services.forget()
    assert RequestLog.objects.count() == 1
    assert Durations.objects.count() == 2
    assert Total.objects.get().count == 3


def test_a_batch_that_cannot_be_written_waits() -> None:
    calls: list[int] = []

    def write(facts: Any) -> None:
        calls.append(len(facts))
        if len(calls) == 1:
            raise DatabaseError("locked")

    waiting = Recorder(write)
    waiting._pid = -1
    waiting._start = lambda: None  # type: ignore[method-assign]
    waiting.note(measurement(1.0))
    assert waiting.flush() == 0
    assert waiting.flush() == 1


def test_the_oldest_facts_are_dropped_when_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.recording.WAITING", 3)
    assert WAITING > 3
    waiting = Recorder(lambda facts: None)
    waiting._start = lambda: None  # type: ignore[method-assign]
    for n in range(5):
        waiting.note(measurement(float(n)))
    assert waiting.dropped == 2
    assert waiting.flush() == 3


@pytest.mark.parametrize("path", ["/api/metrics", "/metrics"])
def test_numbers_are_for_administrators(ada: Api, boss: Api, path: str) -> None:
    assert ada.get(path).status_code == 403
    assert Client().get(path).status_code == 401
    assert boss.get(path).status_code == 200


def test_the_numbers_of_the_last_minutes_are_told(ada: Api, boss: Api) -> None:
    for _ in range(3):
        ada.get("/api/documents")
    recorder.flush()
    body = boss.get("/api/metrics?minutes=10").json()
    assert body["requests"]["count"] == 3
    assert body["requests"]["per_minute"] == 0.3
    assert body["routes"][0]["name"] == "GET /api/documents"
    assert body["routes"][0]["latency_ms"]["p95"] > 0
    assert body["queue"] == {"queued": 0, "processing": 0, "oldest_seconds": 0.0}


@pytest.mark.parametrize("minutes", ["0", "-1", "x", "999999"])
def test_a_wrong_window_is_refused(boss: Api, minutes: str) -> None:
    assert_problem(boss.get(f"/api/metrics?minutes={minutes}"), 400)


def test_prometheus_can_read_the_numbers(ada: Api, boss: Api) -> None:
    for _ in range(3):
        ada.get("/api/documents")
    recorder.flush()
    text = boss.get("/metrics").content.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        sample.name: sample.value
        for sample in families["ragsite_request_seconds"].samples
        if sample.labels.get("le", "+Inf") == "+Inf"
    }
    assert samples["ragsite_request_seconds_count"] == 3
    assert samples["ragsite_request_seconds_bucket"] == 3
    assert "ragsite_disk_free_bytes" in families


def test_an_empty_queue_has_no_age() -> None:
    assert queue().oldest_seconds == 0.0


def test_a_stream_is_noted_when_it_ends(ada: Api, one_transaction: None) -> None:
    async def run() -> tuple[int, str]:
        response = await ada.begin({"question": "Who?", "stream": True})
        return len(recorder._waiting), await joined(response)

    before, text = async_to_sync(run)()
    (fact,) = recorder._waiting
    assert isinstance(fact, RequestRecord)
    assert (before, fact.response_bytes) == (0, len(text.encode()))
    assert fact.route == "/api/chat"
