"""Keeping facts and numbers, and forgetting them in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analytics import error_groups, sketch
from analytics.models import Counted, Durations, RequestLog, Total
from analytics.types import ErrorRecord, Kind, Measurement, RequestRecord

Key = tuple[datetime, str, str, str]


def write(facts: Sequence[RequestRecord | Measurement | ErrorRecord]) -> None:
    """Write a batch in one transaction: requests as rows, durations as counts, errors by group."""
    requests = [fact for fact in facts if isinstance(fact, RequestRecord)]
    durations = [fact for fact in facts if isinstance(fact, Measurement)]
    durations += [_as_measurement(request) for request in requests]
    with transaction.atomic():
        RequestLog.objects.bulk_create(_row(request) for request in requests)
        _add(durations)
        error_groups.add(fact for fact in facts if isinstance(fact, ErrorRecord))


def _row(request: RequestRecord) -> RequestLog:
    return RequestLog(
        at=request.at,
        request_id=request.request_id,
        method=request.method,
        route=request.route,
        status=request.status,
        ms=request.ms,
        request_bytes=request.request_bytes,
        response_bytes=request.response_bytes,
        user_id=request.user_id,
        token_id=request.token_id,
    )


def _as_measurement(request: RequestRecord) -> Measurement:
    return Measurement(
        at=request.at,
        kind=Kind.REQUEST,
        name=f"{request.method} {request.route}",
        outcome=f"{request.status // 100}xx",
        ms=request.ms,
    )


def _add(durations: Iterable[Measurement]) -> None:
    """Add to the counts of their minutes. The transaction is immediate: no count is lost."""
    new: dict[Key, list[float]] = defaultdict(list)
    for each in durations:
        minute = each.at.replace(second=0, microsecond=0)
        new[minute, each.kind.value, each.name[:200], each.outcome].append(each.ms)
    for (minute, kind, name, outcome), values in new.items():
        place: dict[str, Any] = {"kind": kind, "name": name, "outcome": outcome}
        rows: list[Counted] = [
            Durations.objects.get_or_create(minute=minute, **place)[0],
            Total.objects.get_or_create(**place)[0],
        ]
        for row in rows:
            row.add(values)
            row.save(update_fields=["counts", "count", "total_ms"])


def forget(now: datetime | None = None) -> int:
    """Delete what is older than its keeping time, some thousand rows at most; return how many."""
    now = now or timezone.now()
    oldest = now - timedelta(days=settings.REQUEST_LOG_DAYS)
    rows = RequestLog.objects.filter(at__lt=oldest).values_list("pk", flat=True)[:5000]
    forgotten, _ = RequestLog.objects.filter(pk__in=list(rows)).delete()
    before = now - timedelta(days=settings.METRICS_DAYS)
    minutes = Durations.objects.filter(minute__lt=before).values_list("pk", flat=True)[:5000]
    return forgotten + Durations.objects.filter(pk__in=list(minutes)).delete()[0]


def thin(now: datetime | None = None) -> None:
    """Put the minutes of days that are over together into hours."""
    now = now or timezone.now()
    border = (now - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    old = Durations.objects.filter(minute__lt=border).exclude(minute__minute=0)
    first = old.values_list("minute", flat=True).order_by("minute").first()
    if first is None:
        return
    hour = first.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        until = hour + timedelta(hours=1)
        rows = list(Durations.objects.filter(minute__gte=hour, minute__lt=until))
        groups: dict[tuple[str, str, str], list[Durations]] = defaultdict(list)
        for row in rows:
            groups[row.kind, row.name, row.outcome].append(row)
        Durations.objects.filter(pk__in=[row.pk for row in rows]).delete()
        Durations.objects.bulk_create(_together(hour, group) for group in groups.values())


def _together(hour: datetime, rows: Sequence[Durations]) -> Durations:
    counts = sketch.merged(row.buckets for row in rows)
    return Durations(
        minute=hour,
        kind=rows[0].kind,
        name=rows[0].name,
        outcome=rows[0].outcome,
        count=sum(row.count for row in rows),
        total_ms=sum(row.total_ms for row in rows),
        counts={str(number): count for number, count in counts.items()},
    )
