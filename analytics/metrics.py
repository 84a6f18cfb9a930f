"""Numbers about how the product does: latencies, throughput, errors, queue, answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, Min, OuterRef, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from analytics import answering, caching
from analytics.models import Counted, Durations
from analytics.sketch import Buckets, merged, percentile
from analytics.types import Kind
from chat.models import Citation, Message
from documents.ingest.lease import is_alive
from documents.models import DocumentVersion, Worker
from documents.types import Status

#: All of the work on a version, beside its stages; and what became of one that ended badly.
WHOLE, FAILED = "whole", "failed"
#: The stages in the order in which a version goes through them.
STAGES = ("extract", "recognise", "clean", "chunk", "embed", "index")
#: Routes listed, the busiest first.
LISTED = 50


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds below which that share of all lies; ``None`` where there were none."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of(cls, buckets: Mapping[int, int]) -> Latency:
        """Read the percentiles off counts."""
        found = (percentile(buckets, share) for share in (0.5, 0.95, 0.99))
        return cls(*(None if each is None else round(each, 2) for each in found))


@dataclass(frozen=True, slots=True)
class Timed:
    """How often something happened, how often it failed, and how long it took."""

    name: str
    count: int
    client_errors: int
    server_errors: int
    latency: Latency

    @classmethod
    def nothing(cls, name: str) -> Timed:
        """Return what never happened."""
        return cls(name, 0, 0, 0, Latency(None, None, None))

    @property
    def error_rate(self) -> float:
        """The share that failed by our own fault."""
        return round(self.server_errors / self.count, 4) if self.count else 0.0


def timed(kind: Kind, since: datetime) -> list[Timed]:
    """Return each name of a kind since a moment, the busiest first."""
    by_name: dict[str, list[Counted]] = {}
    for row in Durations.objects.filter(kind=kind, minute__gte=since):
        by_name.setdefault(row.name, []).append(row)
    found = [_timed(name, rows) for name, rows in by_name.items()]
    return sorted(found, key=lambda each: (-each.count, each.name))


def overall(kind: Kind, since: datetime) -> Timed:
    """Return all of a kind since a moment, as one."""
    return _timed("all", list(Durations.objects.filter(kind=kind, minute__gte=since)))


def _timed(name: str, rows: Iterable[Counted]) -> Timed:
    rows = list(rows)
    buckets: Buckets = merged(row.buckets for row in rows)
    outcomes = dict.fromkeys(("4xx", "5xx", "failed"), 0)
    for row in rows:
        if row.outcome in outcomes:
            outcomes[row.outcome] += row.count
    return Timed(
        name=name,
        count=sum(row.count for row in rows),
        client_errors=outcomes["4xx"],
        server_errors=outcomes["5xx"] + outcomes["failed"],
        latency=Latency.of(buckets),
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """Versions that wait or are worked on, and for how long the oldest has waited, seconds."""

    queued: int
    processing: int
    oldest_seconds: float


def queue(now: datetime | None = None) -> Queue:
    """Look at the queue of ingestion."""
    unfinished = DocumentVersion.objects.unfinished()
    found = unfinished.aggregate(
        queued=Count("pk", filter=Q(status=Status.QUEUED)),
        processing=Count("pk", filter=Q(status=Status.PROCESSING)),
        oldest=Min("created_at"),
    )
    age = ((now or timezone.now()) - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Queue(found["queued"], found["processing"], round(max(age, 0.0), 1))


def ingested(since: datetime) -> dict[str, int]:
    """Return how many versions became ready and how many failed, of those uploaded since."""
    return dict(
        DocumentVersion.objects.filter(created_at__gte=since).aggregate(
            ready=Count("pk", filter=Q(status=Status.READY)),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
        )
    )


def answered(since: datetime) -> dict[str, Any]:
    """Return what became of the questions asked since, and the tokens they took."""
    messages = Message.objects.filter(created_at__gte=since)
    found = messages.aggregate(
        questions=Count("pk"),
        refused=Count("pk", filter=Q(refused=True)),
        failed=Count("pk", filter=Q(state=Message.State.FAILED)),
        stopped=Count("pk", filter=Q(state=Message.State.STOPPED)),
        # Looked for apart: a join would count a message once for each of its citations.
        with_citations=Count("pk", filter=Exists(Citation.objects.filter(message=OuterRef("pk")))),
        prompt_tokens=Sum(_number("prompt_tokens")),
        completion_tokens=Sum(_number("completion_tokens")),
    )
    return {name: count or 0 for name, count in found.items()}


def _number(name: str) -> Cast:
    # Summed as they are, the parts of a JSON field come back to be read as JSON, and cannot.
    return Cast(KeyTextTransform(name, "usage"), BigIntegerField())


def workers(now: datetime | None = None) -> list[dict[str, Any]]:
    """Return the workers that were heard of lately."""
    now = now or timezone.now()
    return [
        {
            "name": str(worker),
            "alive": is_alive(worker),
            "seen_seconds_ago": round(abs((now - worker.seen_at).total_seconds()), 1),
        }
        for worker in Worker.objects.all()[:20]
    ]


def metrics(minutes: int = 60) -> dict[str, Any]:
    """Return all numbers of the last so many minutes, in the shape of the API."""
    now = timezone.now()
    since = now - timedelta(minutes=minutes)
    requests = overall(Kind.REQUEST, since)
    return {
        "minutes": minutes,
        "requests": _shown(requests) | {"per_minute": round(requests.count / minutes, 3)},
        "routes": [_shown(each) for each in timed(Kind.REQUEST, since)[:LISTED]],
        **ingestion(minutes, since),
        "searches": [_shown(each) for each in timed(Kind.SEARCH, since)],
        "searches_without_hits": answering.searches(since),
        "first_token": _shown(overall(Kind.FIRST_TOKEN, since)),
        "answer_times": [_shown(each) for each in timed(Kind.ANSWER, since)],
        "answer_outcomes": answering.refusals(since),
        "citation_coverage": answering.coverage(since),
        "tokens": answering.tokens(since),
        "faults": answering.faults(since),
        "queue": _fields(queue(now)),
        "documents": ingested(since),
        "answers": answered(since),
        "workers": workers(now),
        "caches": caching.shown(since),
    }


def ingestion(minutes: int, since: datetime) -> dict[str, Any]:
    """Return the stages of ingestion, and the whole apart: stages are parts of it."""
    found = timed(Kind.INGEST, since)
    whole = next((each for each in found if each.name == WHOLE), Timed.nothing(WHOLE))
    return {
        "ingest": _shown(whole) | {"per_minute": round(whole.count / minutes, 3)},
        "ingest_outcomes": answering.by_outcome(Kind.INGEST, since, name=WHOLE),
        "ingest_stages": [_shown(each) for each in sorted(found, key=_place) if each.name != WHOLE],
    }


def _place(each: Timed) -> int:
    return STAGES.index(each.name) if each.name in STAGES else len(STAGES)


def _shown(each: Timed) -> dict[str, Any]:
    return {
        "name": each.name,
        "count": each.count,
        "client_errors": each.client_errors,
        "server_errors": each.server_errors,
        "error_rate": each.error_rate,
        "latency_ms": _fields(each.latency),
    }


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
