"""What is measured for the alerts, each value with a sentence that says it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from analytics.metrics import FAILED, WHOLE, queue, workers
from analytics.models import Durations
from analytics.selectors import health
from analytics.types import Kind
from chat.llm.factory import EXTRACTIVE
from chat.models import Message

#: Minutes that rates are measured over.
ERRORS_OVER, MODEL_OVER, FILES_OVER = 5, 15, 60
#: With fewer events a rate says nothing.
FEWEST_REQUESTS, FEWEST_ANSWERS = 20, 5


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value. ``None`` where it cannot be told; then nothing follows from it."""

    name: str
    value: float | None
    says: str


Source = Callable[[datetime], Iterator[Reading]]
_sources: list[Source] = []


def source(function: Source) -> Source:
    """Add what is measured: for parts that this app does not know."""
    _sources.append(function)
    return function


def readings(now: datetime | None = None) -> list[Reading]:
    """Measure everything that is watched."""
    now = now or timezone.now()
    return [reading for each in _sources for reading in each(now)]


@source
def _of_requests(now: datetime) -> Iterator[Reading]:
    # With an end: what was counted before a clock was put back is not of these minutes.
    minutes = (now - timedelta(minutes=ERRORS_OVER), now)
    rows = Durations.objects.filter(kind=Kind.REQUEST, minute__range=minutes)
    counts: dict[str, int] = {}
    for outcome, count in rows.values_list("outcome", "count"):
        counts[outcome] = counts.get(outcome, 0) + count
    total, failed = sum(counts.values()), counts.get("5xx", 0)
    says = f"{failed} of {total} requests failed in the last {ERRORS_OVER} minutes."
    yield Reading("errors", _rate(failed, total, FEWEST_REQUESTS), says)


def _rate(failed: int, total: int, fewest: int) -> float:
    return failed / total if total >= fewest else 0.0


@source
def _of_ingestion(now: datetime) -> Iterator[Reading]:
    minutes = (now - timedelta(minutes=FILES_OVER), now)
    rows = Durations.objects.filter(
        kind=Kind.INGEST, name=WHOLE, outcome=FAILED, minute__range=minutes
    )
    failed = rows.aggregate(count=Sum("count"))["count"] or 0
    yield Reading("failed_files", failed, f"{failed} files failed in the last hour.")
    waiting = queue(now)
    oldest = waiting.oldest_seconds / 60
    says = f"{waiting.queued + waiting.processing} files wait, the oldest for {oldest:.0f} min."
    yield Reading("queue_age", waiting.oldest_seconds, says)
    alive = sum(worker["alive"] for worker in workers(now))
    yield Reading("no_worker", float(not alive), f"Workers heard of lately: {alive}.")


@source
def _of_models(now: datetime) -> Iterator[Reading]:
    minutes = (now - timedelta(minutes=MODEL_OVER), now)
    ended = Message.objects.filter(created_at__range=minutes)
    ended = ended.exclude(state=Message.State.ANSWERING)
    asked = ended.exclude(model__in=("", EXTRACTIVE)).count()
    failed = ended.filter(error_code__startswith="model_").count()
    unnamed = ended.filter(error_code__startswith="model_", model="").count()
    total = asked + unnamed
    says = f"{failed} of {total} answers failed at the model in the last {MODEL_OVER} minutes."
    yield Reading("model_errors", _rate(failed, total, FEWEST_ANSWERS), says)


@source
def _of_the_machine(now: datetime) -> Iterator[Reading]:
    del now
    free = shutil.disk_usage(settings.DATA_DIR).free
    yield Reading("disk_free", free, f"{free / 1024**3:.1f} GB are free where the data lies.")
    database = Path(connection.settings_dict["NAME"])
    log = database.with_name(f"{database.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    yield Reading("log_size", size, f"The write-ahead log has {size / 1024**2:.0f} MB.")
    found = health()
    lacking = [part for part in ("database", "migrations", "disk") if not getattr(found, part)]
    says = f"Not well: {', '.join(lacking)}." if lacking else "Database, schema and disk are well."
    yield Reading("not_ready", float(not found.ready), says)
