"""Every number on the dashboard, worked out by hand from a log that is written here."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from analytics import services
from analytics.types import Kind, Measurement, RequestRecord
from chat.models import Citation, Conversation, Message
from documents.ingest import lease as leases
from documents.ingest.reconciling.run import reconcile
from documents.models import Document, DocumentVersion, Embedding
from documents.types import Status
from ragsite.ops.models import Backup
from tests.integration.factories import Api, person, shelf
from tests.integration.pages import browser, html_of, text_of

pytestmark = pytest.mark.django_db

#: Milliseconds of twenty requests: half take at most 10, 95 % at most 19, one takes 500.
TIMES = [*range(1, 20), 500]
STATUSES = [200] * 14 + [302] + [404] * 2 + [500] * 2 + [503]


@pytest.fixture
def boss() -> Client:
    return browser(person("boss", is_staff=True))


def log_requests() -> None:
    at = timezone.now() - timedelta(minutes=1)
    services.write(
        [
            RequestRecord(at, f"id-{ms}", "GET", "/api/search", status, float(ms), 0, 9)
            for ms, status in zip(TIMES, STATUSES, strict=True)
        ]
    )


def measured(kind: Kind, name: str, outcome: str, *values: float) -> None:
    now = timezone.now()
    services.write([Measurement(now, kind, name, outcome, value) for value in values])


def shown(boss: Client, path: str = "/dashboard?hours=1") -> str:
    return text_of(boss.get(path))


def test_requests_and_errors_are_what_was_logged(boss: Client) -> None:
    log_requests()
    text = shown(boss)
    assert "20 0.3 a minute" in text  # 20 in 60 minutes
    assert "3 failed (15 %)" in text
    assert "2 refused" in text


def test_latencies_are_as_exact_as_their_buckets(boss: Client) -> None:
    log_requests()
    half, most = re.findall(r"([\d.]+) ms (?:half within|95 % within)", shown(boss))[:2]
    assert float(half) == pytest.approx(10, rel=0.05)
    assert float(most) == pytest.approx(19, rel=0.05)


def test_the_rows_behind_each_number_are_as_many(boss: Client) -> None:
    log_requests()
    for status, count in {"": 20, "2xx": 14, "3xx": 1, "4xx": 2, "5xx": 3}.items():
        page = boss.get(f"/dashboard/requests?status={status}&hours=1")
        assert page.context["page"].paginator.count == count


def test_documents_are_counted_by_their_newest_version(boss: Client) -> None:
    owner = person("ada")
    collection = shelf(owner)
    states = [Status.READY] * 3 + [Status.FAILED] * 2 + [Status.QUEUED]
    for number, status in enumerate(states):
        document = Document.objects.create(collection=collection, title=f"D{number}")
        document.newest_version = DocumentVersion.objects.create(
            document=document, number=1, filename="x", media_type="text/plain", size=1,
            sha256="0" * 64, original="00/x", status=status,
        )  # fmt: skip
        document.save()
    text = shown(boss)
    assert "3 of 6 ready" in text
    assert "1 wait or are read" in text
    assert "2 failed" in text


def test_answers_and_their_tokens_are_what_was_kept(boss: Client) -> None:
    conversation = Conversation.objects.create(user=person("ada"), title="x")
    used = {"prompt_tokens": 100, "completion_tokens": 20}
    for state, refused in (("complete", False), ("complete", True), ("failed", False)):
        Message.objects.create(
            conversation=conversation, question="x?", state=state, refused=refused, usage=used
        )
    text = shown(boss)
    assert "3 questions 1 refused 1 failed 0 with sources 360 tokens" in text


def test_an_answer_with_many_citations_is_one_answer(boss: Client) -> None:
    conversation = Conversation.objects.create(user=person("ada"), title="x")
    message = Message.objects.create(
        conversation=conversation, question="x?", usage={"prompt_tokens": 7}
    )
    for n in range(4):
        Citation.objects.create(
            message=message, n=n, title="x", version=1, start=0, end=1, quote="x"
        )
    assert "1 question 0 refused 0 failed 1 with sources 7 tokens" in shown(boss)


def test_stages_of_ingestion_are_what_was_measured(boss: Client) -> None:
    measured(Kind.INGEST, "extract", "ok", 100, 100, 100)
    measured(Kind.INGEST, "extract", "failed", 50)
    measured(Kind.INGEST, "whole", "ready", 400, 400, 400)
    measured(Kind.INGEST, "whole", "failed", 60)
    text = shown(boss)
    assert re.search(r"extract 4 1 \d+ ms \d+ ms", text)
    assert re.search(r"whole 4 1 (39|40)\d ms (39|40)\d ms", text)


def test_searches_coverage_and_cost_are_what_was_measured(boss: Client, settings: Any) -> None:
    settings.TOKEN_PRICES = {"tiny": (2.0, 4.0)}
    measured(Kind.SEARCH, "hybrid", "found", 5, 5, 5)
    measured(Kind.SEARCH, "hybrid", "nothing", 5)
    measured(Kind.COVERAGE, "tiny", "supported", 100, 50)
    measured(Kind.TOKENS, "tiny", "prompt", 1_000_000)
    measured(Kind.TOKENS, "tiny", "completion", 250_000)
    measured(Kind.FIRST_TOKEN, "tiny", "ok", 800)
    text = shown(boss)
    assert "4 searches, 1 without a hit" in text
    assert "75 % of sentences carried" in text
    assert "3.00 cost of tiny" in text
    assert re.search(r"(79|80|81)\d ms to the first word", text)


def test_faults_lead_to_the_versions_that_failed_so(boss: Client) -> None:
    measured(Kind.FAULT, "no_text", "ingest", 5, 5)
    measured(Kind.FAULT, "model_busy", "answer", 5)
    response = boss.get("/dashboard?hours=1")
    assert "no_text reading 2 model_busy answering 1" in text_of(response)
    assert "/admin/documents/documentversion/?error_code=no_text" in html_of(response)


def test_the_backup_is_shown_with_its_age_and_whether_it_was_proved(boss: Client) -> None:
    now = timezone.now()
    Backup.objects.create(
        path="/x", started_at=now - timedelta(hours=5), seconds=12, size=3 * 2**20, verified_at=now
    )
    text = shown(boss)
    assert "verified Backup 5 hours ago 3.0 MB in 12 s, restored and compared." in text


def test_a_failed_backup_is_shown_with_its_reason(boss: Client) -> None:
    Backup.objects.create(started_at=timezone.now(), error="Not made: no room")
    assert "failed Backup just now Not made: no room" in shown(boss)


def test_the_comparison_is_shown_with_what_it_mended(boss: Client) -> None:
    assert "none yet Comparison" in shown(boss)
    Embedding.objects.create(model="x/1", content_hash="0" * 64, vector=b"")
    reconcile()
    assert "all well Comparison just now 1 kept vectors of nothing mended." in shown(boss)


def test_workers_are_shown_with_their_heartbeat(boss: Client) -> None:
    assert "no worker Workers" in shown(boss)
    worker = leases.worker_register()
    assert re.search(r"1 at work Workers \S+:\d+, heard of 0 s ago", shown(boss))
    leases.worker_gone(worker.pk)


def test_a_long_time_is_asked_for_again_less_often(boss: Client) -> None:
    assert 'hx-trigger="every 10s"' in html_of(boss.get("/dashboard?hours=24"))
    assert 'hx-trigger="every 60s"' in html_of(boss.get("/dashboard?hours=720"))


def test_use_is_for_administrators() -> None:
    assert browser(person("eve")).get("/dashboard/use").status_code == 403


def test_use_is_shown_with_a_way_to_a_spreadsheet(
    boss: Client, ada: Api, one_transaction: None
) -> None:
    ada.ready()
    ada.ask("How many eggs does the wren lay?")
    response = boss.get("/dashboard/use?days=30")
    text = text_of(response)
    assert "1 question 1 person asked 0 refused 1 upload" in text
    assert "How many eggs does the wren lay?" in text
    assert "list=documents_by_citations&amp;days=30" in html_of(response)


@pytest.mark.parametrize("days", ["", "x", "9", "-7"])
def test_days_that_are_not_offered_are_a_week(boss: Client, days: str) -> None:
    assert boss.get("/dashboard/use", {"days": days}).context["days"] == 7
