"""What happens is counted: ingestion by stage, searches, answers, tokens, faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from analytics import answering, services
from analytics.metrics import metrics
from analytics.models import Durations, Total
from analytics.receivers import answer as answer_noted
from analytics.receivers import write_less_often
from analytics.recording import EVERY, recorder
from analytics.types import Kind, Measurement
from chat.models import Conversation, Message
from chat.services.measures import measures
from chat.types import AnswerDraft, Sentence
from documents.errors import ServiceError
from documents.ingest import lease as leases
from documents.ingest import pipeline
from documents.ingest.reconciling.run import reconcile
from documents.models import DocumentVersion
from ragsite.ops.models import Backup
from tests.integration.factories import WREN, Api, person, work
from tests.openai_server import OpenAIServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any) -> Iterator[None]:
    settings.METRICS_DAYS = 30
    settings.RECORD_IN_BACKGROUND = False
    recorder._waiting.clear()
    yield
    recorder._waiting.clear()


@pytest.fixture
def boss() -> Api:
    return Api(person("boss", is_staff=True))


def counted(kind: Kind) -> dict[tuple[str, str], int]:
    """Write what was noted and return the counts by name and outcome."""
    recorder.flush()
    rows = Durations.objects.filter(kind=kind)
    return {(row.name, row.outcome): row.count for row in rows}


def add(kind: Kind, name: str, outcome: str, *values: float) -> None:
    now = timezone.now()
    services.write([Measurement(now, kind, name, outcome, value) for value in values])


def shown() -> dict[str, Any]:
    recorder.flush()
    return metrics(60)


def test_every_stage_of_an_ingestion_is_timed(ada: Api) -> None:
    ada.ready()
    stages = {"extract", "recognise", "clean", "chunk", "embed", "index"}
    assert counted(Kind.INGEST) == {
        **{(stage, "ok"): 1 for stage in stages},
        ("whole", "ready"): 1,
    }
    found = shown()
    assert (found["ingest"]["count"], found["ingest_outcomes"]) == (1, {"ready": 1})
    assert {stage["name"] for stage in found["ingest_stages"]} == stages


def test_the_whole_takes_as_long_as_its_stages_at_least(ada: Api) -> None:
    ada.ready()
    recorder.flush()
    rows = Durations.objects.filter(kind=Kind.INGEST)
    total = {row.name: row.total_ms for row in rows}
    assert sum(ms for name, ms in total.items() if name != "whole") <= total["whole"]


def test_a_failure_is_counted_with_its_reason_and_stage(ada: Api) -> None:
    ada.upload(("empty.pdf", b"%PDF-1.4\n%%EOF"))
    work()
    found = counted(Kind.INGEST)
    assert found["extract", "failed"] == found["whole", "failed"] == 1
    (fault,) = shown()["faults"]
    assert (fault["where"], fault["count"]) == ("ingest", 1)
    assert shown()["ingest"]["error_rate"] == 1.0


def test_searches_are_counted_by_mode_and_those_without_hits(ada: Api) -> None:
    ada.ready()
    ada.get("/api/search", q="eggs", mode="keyword")
    ada.get("/api/search", q="zzyzx", mode="keyword")
    ada.get("/api/search", q="eggs")
    assert counted(Kind.SEARCH) == {
        ("keyword", "found"): 1,
        ("keyword", "nothing"): 1,
        ("hybrid", "found"): 1,
    }
    assert shown()["searches_without_hits"] == {"count": 3, "nothing": 1, "share": 0.3333}


def test_an_answer_is_counted_with_what_its_sources_carry(ada: Api, one_transaction: None) -> None:
    ada.ready()
    ada.ask("How many eggs does the wren lay?")
    assert counted(Kind.ANSWER) == {("extractive", "answered"): 1}
    assert shown()["citation_coverage"] == {"answers": 1, "mean": 1.0}
    assert counted(Kind.FIRST_TOKEN) == {}  # nobody waited for a model


def test_a_refusal_is_counted(ada: Api, one_transaction: None) -> None:
    ada.ask("How many eggs does the wren lay?")
    assert shown()["answer_outcomes"] == {"outcomes": {"refused": 1}, "refused": 1.0}


def test_a_models_tokens_and_first_token_are_counted(
    ada: Api, one_transaction: None, settings: Any
) -> None:
    ada.ready()
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL, settings.CHAT_MODEL = server.url, "tiny"
        settings.TOKEN_PRICES = {"tiny": (2.0, 10.0)}
        usage = ada.ask("How many eggs does the wren lay?").json()["usage"]
    assert counted(Kind.FIRST_TOKEN) == {("tiny", "ok"): 1}
    (row,) = shown()["tokens"]
    assert (row["prompt"], row["completion"]) == (
        usage["prompt_tokens"],
        usage["completion_tokens"],
    )
    expected = (usage["prompt_tokens"] * 2 + usage["completion_tokens"] * 10) / 1e6
    assert row["cost"] == pytest.approx(expected, abs=1e-6)


def test_what_a_model_fails_with_is_counted(ada: Api, one_transaction: None, settings: Any) -> None:
    ada.ready()
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL, settings.CHAT_MODEL = server.url, "tiny"
        server.fail("401")
        ada.ask("How many eggs does the wren lay?")
    assert counted(Kind.ANSWER) == {("tiny", "failed"): 1}
    assert shown()["faults"] == [{"where": "answer", "code": "model_unauthorized", "count": 1}]


def _message() -> Message:
    conversation = Conversation.objects.create(user=person("eve"), title="x")
    message: Message = Message.objects.create(conversation=conversation, question="x?")
    return message


def test_an_answer_that_was_stopped_is_no_refusal() -> None:
    draft = AnswerDraft("x?", "So far", refused=False, confidence=0.0, model="tiny")
    found = measures(_message(), draft, Message.State.STOPPED)
    assert (found["outcome"], found["code"]) == ("stopped", "")
    assert found["ms"] >= 0


def test_coverage_is_the_share_of_supported_sentences() -> None:
    verdicts = ("supported", "partial", "supported", "unsupported")
    sentences = tuple(Sentence("S.", (1,), verdict) for verdict in verdicts)  # type: ignore[arg-type]
    draft = AnswerDraft("x?", "S. S.", refused=False, confidence=1.0, sentences=sentences)
    given = measures(_message(), draft, Message.State.COMPLETE)
    answer_noted(sender=None, **given)
    assert shown()["citation_coverage"] == {"answers": 1, "mean": 0.5}


def test_nothing_is_noted_where_nothing_is_kept(ada: Api, settings: Any) -> None:
    settings.METRICS_DAYS = 0
    ada.ready()
    ada.get("/api/search", q="eggs")
    assert recorder.flush() == 0


def test_a_model_without_a_price_has_no_cost(settings: Any) -> None:
    settings.TOKEN_PRICES = {}
    assert answering.cost("tiny", 5, 5) is None


def test_what_is_before_the_time_is_left_out() -> None:
    then = timezone.now() - timedelta(hours=3)
    services.write([Measurement(then, Kind.FAULT, "busy", "answer", 1.0)])
    assert answering.faults(timezone.now() - timedelta(hours=1)) == []


def test_counts_of_several_processes_add_up() -> None:
    add(Kind.TOKENS, "tiny", "prompt", 100, 50)
    add(Kind.TOKENS, "tiny", "prompt", 25)
    add(Kind.TOKENS, "tiny", "completion", 10)
    (row,) = answering.tokens(timezone.now() - timedelta(minutes=5))
    assert (row["prompt"], row["completion"]) == (175, 10)
    assert Total.objects.get(outcome="prompt").total_ms == 175


def test_a_batch_is_a_few_queries_however_many_kinds_it_counts() -> None:
    def cost(names: int) -> int:
        now = timezone.now()
        batch = [Measurement(now, Kind.SEARCH, f"{n}", "found", 5.0) for n in range(names)]
        with CaptureQueriesContext(connection) as captured:
            services.write(batch)
        return len(captured)

    assert cost(30) == cost(1)


def test_a_batch_over_two_minutes_counts_each_by_itself_and_both_in_the_total() -> None:
    first = timezone.now().replace(second=30)
    for _ in range(2):
        services.write(
            [
                Measurement(first, Kind.SEARCH, "hybrid", "found", 5.0),
                Measurement(first + timedelta(minutes=1), Kind.SEARCH, "hybrid", "found", 7.0),
                Measurement(first, Kind.SEARCH, "keyword", "found", 7.0),
            ]
        )
    rows = Durations.objects.filter(name="hybrid").order_by("minute")
    assert [(row.count, row.total_ms) for row in rows] == [(2, 10.0), (2, 14.0)]
    assert Total.objects.get(name="hybrid").count == 4
    assert sum(Total.objects.get(name="hybrid").buckets.values()) == 4
    assert Total.objects.get(name="keyword").total_ms == 14.0


def test_a_worker_writes_its_numbers_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "every", recorder.every)
    write_less_often()
    assert recorder.every > EVERY


def test_the_metrics_have_the_shape_that_is_published(boss: Api, ada: Api) -> None:
    ada.ready()
    response = boss.get("/api/metrics")
    assert response.status_code == 200
    body = response.json()
    assert body["ingest"]["count"] == 0  # what waits to be written is not there yet
    recorder.flush()
    assert boss.get("/api/metrics").json()["ingest"]["count"] == 1


def test_prometheus_reads_every_number(boss: Api, settings: Any) -> None:
    settings.TOKEN_PRICES = {"tiny": (1.0, 2.0)}
    add(Kind.TOKENS, "tiny", "prompt", 1_000_000)
    add(Kind.COVERAGE, "tiny", "supported", 50, 100)
    add(Kind.FAULT, "model_busy", "answer", 12)
    add(Kind.INGEST, "embed", "ok", 250)
    text = boss.get("/metrics").content.decode()
    samples = {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["ragsite_tokens_total", "tiny", "prompt"] == 1_000_000
    assert samples["ragsite_cost_total", "tiny"] == 1.0
    assert samples["ragsite_citation_coverage_sum", "tiny"] == 1.5
    assert samples["ragsite_citation_coverage_count", "tiny"] == 2
    assert samples["ragsite_faults_total", "model_busy", "answer"] == 1
    assert samples["ragsite_ingest_stage_seconds_count", "ok", "embed"] == 1


def test_prometheus_reads_the_age_of_backup_and_comparison(boss: Api) -> None:
    now = timezone.now()
    Backup.objects.create(path="/x", started_at=now - timedelta(hours=2), verified_at=now, size=5)
    reconcile()
    lines = boss.get("/metrics").content.decode().splitlines()
    numbers = dict(line.split(" ") for line in lines if line and line[0] != "#" and "{" not in line)
    assert float(numbers["ragsite_backup_age_seconds"]) == pytest.approx(7200, abs=60)
    assert float(numbers["ragsite_backup_last_good"]) == 1
    assert float(numbers["ragsite_reconciliation_left"]) == 0
    assert float(numbers["ragsite_reconciliation_age_seconds"]) < 60


def test_a_failed_file_is_counted_once(ada: Api) -> None:
    ada.upload(("empty.pdf", b"%PDF-1.4\n%%EOF"))
    work()
    whole = {key: count for key, count in counted(Kind.INGEST).items() if key[1] == "failed"}
    assert whole == {("extract", "failed"): 1, ("whole", "failed"): 1}
    assert {stage["name"] for stage in shown()["ingest_stages"]} == {"extract"}


def test_an_attempt_that_is_made_again_is_no_failed_file(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.upload(("wren.txt", WREN))
    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "index_chunks", Mock(side_effect=ServiceError))
        work(limit=1)
    work()
    assert shown()["ingest_outcomes"] == {"ready": 1}
    assert [fault["count"] for fault in shown()["faults"]] == [1]


def test_a_file_whose_readers_died_is_a_failed_one(ada: Api) -> None:
    ada.upload(("wren.txt", WREN))
    DocumentVersion.objects.update(interruptions=leases.MAX_INTERRUPTIONS)
    leases.claim("gone")
    leases.release_lost()
    assert shown()["ingest_outcomes"] == {"failed": 1}


def test_failed_files_are_counted_for_the_alerts_where_numbers_are_not_kept(
    ada: Api, settings: LazySettings
) -> None:
    settings.METRICS_DAYS = 0
    ada.upload(("empty.pdf", b"%PDF-1.4\n%%EOF"))
    work()
    assert counted(Kind.INGEST) == {("whole", "failed"): 1}
