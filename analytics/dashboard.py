"""What the dashboard shows: the state of now, and how a time went."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from analytics import answering
from analytics.caching import caches
from analytics.metrics import (
    Latency,
    Timed,
    answered,
    ingestion,
    overall,
    queue,
    timed,
    workers,
)
from analytics.models import Durations, RequestLog
from analytics.panels import panels
from analytics.sketch import Buckets, merged
from analytics.types import Kind
from documents.models import Document
from documents.types import Status

#: The times one can look back over, in hours, with the minutes that a point stands for.
RANGES = {1: 2, 24: 30, 168: 240, 720: 1440}
#: Seconds for which the size of all files is good enough: each of them is looked at for it.
_SIZE_SECONDS = 60
#: Failed documents and requests that are listed.
LISTED = 10


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of the machine. Shares are from 0 to 1, sizes in bytes."""

    processor: float
    memory: float
    memory_total: int
    disk: float
    disk_free: int
    database: int
    log: int
    originals: int


def machine() -> Machine:
    """Look at the machine now."""
    memory, disk = psutil.virtual_memory(), shutil.disk_usage(settings.DATA_DIR)
    database = Path(connection.settings_dict["NAME"])
    return Machine(
        processor=psutil.cpu_percent(None) / 100,
        memory=memory.percent / 100,
        memory_total=memory.total,
        disk=disk.used / disk.total,
        disk_free=disk.free,
        database=_size(database),
        log=_size(database.with_name(f"{database.name}-wal")),
        originals=cache.get_or_set("size-of-originals", _size_of_originals, _SIZE_SECONDS) or 0,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _size_of_originals() -> int:
    return sum(_size(path) for path in settings.ORIGINALS_DIR.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Point:
    """What happened in one stretch of time: requests by outcome, and their latencies."""

    at: datetime
    well: int
    client_errors: int
    server_errors: int
    latency: Latency

    @property
    def count(self) -> int:
        """All requests."""
        return self.well + self.client_errors + self.server_errors


def points(hours: int, now: datetime | None = None) -> list[Point]:
    """Return the requests of the last hours, stretch by stretch, those without any included."""
    now, step = now or timezone.now(), timedelta(minutes=RANGES[hours])
    first = _floor(now - timedelta(hours=hours), step)
    rows: dict[datetime, list[Durations]] = defaultdict(list)
    for row in Durations.objects.filter(kind=Kind.REQUEST, minute__gte=first):
        rows[_floor(row.minute, step)].append(row)
    count = int((now - first) / step) + 1
    return [_point(at, rows[at]) for at in (first + n * step for n in range(count))]


def _floor(moment: datetime, step: timedelta) -> datetime:
    since = moment.timestamp()
    return moment - timedelta(seconds=since % step.total_seconds())


def _point(at: datetime, rows: list[Durations]) -> Point:
    by_outcome: dict[str, int] = defaultdict(int)
    for row in rows:
        by_outcome[row.outcome] += row.count
    buckets: Buckets = merged(row.buckets for row in rows)
    errors = by_outcome.pop("4xx", 0), by_outcome.pop("5xx", 0)
    return Point(at, sum(by_outcome.values()), *errors, Latency.of(buckets))


def documents_now() -> dict[str, int]:
    """Return how many documents are in each state."""
    counts = {
        status.value: Count("pk", filter=Q(newest_version__status=status)) for status in Status
    }
    return dict(Document.objects.filter(retired_at=None).aggregate(all=Count("pk"), **counts))


def failed_documents() -> list[Document]:
    """Return the documents whose newest version failed last."""
    rows = Document.objects.filter(newest_version__status=Status.FAILED, retired_at=None)
    return list(rows.select_related("newest_version").order_by("-newest_version__pk")[:LISTED])


def latest_errors() -> list[RequestLog]:
    """Return the requests that failed last by our own fault."""
    return list(RequestLog.objects.filter(status__gte=500).select_related("user")[:LISTED])


def dashboard(hours: int) -> dict[str, Any]:
    """Return everything the page shows for the last so many hours."""
    now = timezone.now()
    since = now - timedelta(hours=hours)
    requests: Timed = overall(Kind.REQUEST, since)
    return {
        "hours": hours,
        "machine": machine(),
        "queue": queue(now),
        "requests": requests,
        "per_minute": requests.count / (hours * 60),
        "routes": timed(Kind.REQUEST, since)[:LISTED],
        "points": points(hours, now),
        "answers": answered(since),
        "alive": [worker for worker in workers(now) if worker["alive"]],
        "panels": panels(),
        "ingest": ingestion(hours * 60, since),
        "searched": answering.searches(since),
        "first_token": overall(Kind.FIRST_TOKEN, since),
        "coverage": answering.coverage(since),
        "tokens": answering.tokens(since),
        "faults": answering.faults(since)[:LISTED],
        # A long time has many numbers, and its picture changes slowly.
        "again_seconds": 10 if hours <= 24 else 60,
        "documents": documents_now(),
        "failed": failed_documents(),
        "errors": latest_errors(),
        "caches": caches(since),
        "now": now,
    }


def requests_list(*, status: str = "", route: str = "", hours: int = 24) -> Any:
    """Return the requests behind a number: by the first digit of their status, and by route."""
    rows = RequestLog.objects.filter(at__gte=timezone.now() - timedelta(hours=hours))
    if status:
        first = int(status[0]) * 100
        rows = rows.filter(status__gte=first, status__lt=first + 100)
    if route:
        method, _, pattern = route.partition(" ")
        rows = rows.filter(method=method, route=pattern)
    return rows.select_related("user")
