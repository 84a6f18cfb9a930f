"""Keeping facts and numbers, and forgetting them in time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from analytics import error_groups, sketch
from analytics.models import Counted, Durations, RequestLog, Total, Use
from analytics.types import ErrorRecord, Fact, Kind, Measurement, RequestRecord, UseRecord
from documents.models import Document

#: What identifies a row of counts: its minute, where it is one of a minute, and its place.
Key = tuple[Any, ...]
_PLACE: Final = ("kind", "name", "outcome")


def write(facts: Sequence[Fact]) -> None:
    """Write a batch in one transaction: requests as rows, durations as counts, errors by group."""
    requests = [fact for fact in facts if isinstance(fact, RequestRecord)]
    durations = [fact for fact in facts if isinstance(fact, Measurement)]
    durations += [_as_measurement(request) for request in requests]
    with transaction.atomic():
        RequestLog.objects.bulk_create(_row(request) for request in requests)
        _add(durations)
        _add_uses(fact for fact in facts if isinstance(fact, UseRecord))
        error_groups.add(fact for fact in facts if isinstance(fact, ErrorRecord))


def _add_uses(uses: Iterable[UseRecord]) -> None:
    """Add to the counts of the day. Of a document that is gone nothing is kept."""
    new = Counter((use.day, use.document_id, use.reader, use.how) for use in uses)
    ids = {document_id for _, document_id, _, _ in new}
    present = (
        set(Document.objects.filter(pk__in=ids, deleting=False).values_list("pk", flat=True))
        if ids
        else ids
    )
    for (day, document_id, reader, how), count in new.items():
        if document_id in present:
            row = Use.objects.get_or_create(day=day, document_id=document_id, reader=reader)[0]
            Use.objects.filter(pk=row.pk).update(**{how: F(how) + count})


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
    ever: dict[Key, list[float]] = defaultdict(list)
    for (_, *place), values in new.items():
        ever[tuple(place)] += values
    _count(Durations, ("minute", *_PLACE), new)
    _count(Total, _PLACE, ever)


def _count(model: type[Counted], names: Sequence[str], new: Mapping[Key, Sequence[float]]) -> None:
    """Add durations to the rows of their keys, whose fields are named: one read, one write."""
    asked = {f"{name}__in": {key[at] for key in new} for at, name in enumerate(names)}
    found = model._default_manager.filter(**asked)  # noqa: SLF001  # Django's public door
    rows = {tuple(getattr(row, name) for name in names): row for row in found}
    for key, values in new.items():
        row = rows.setdefault(key, model(**dict(zip(names, key, strict=True))))
        row.add(values)
        row.pk = None  # the place tells them apart: a row has either a new number or its old one
    model._default_manager.bulk_create(  # noqa: SLF001
        [rows[key] for key in new],
        update_conflicts=True,
        unique_fields=names,
        update_fields=("counts", "count", "total_ms"),
    )


#: Rows that one call of ``forget`` deletes of each kind: a short write, whatever there is.
FORGOTTEN_AT_ONCE = 500


def forget(now: datetime | None = None) -> int:
    """Delete some of what is older than its keeping time; return how many, 0 when none is left."""
    now = now or timezone.now()
    logged = now - timedelta(days=settings.REQUEST_LOG_DAYS)
    counted = now - timedelta(days=settings.METRICS_DAYS)
    return (
        _delete_some(RequestLog.objects.all(), at__lt=logged)
        + _delete_some(Durations.objects.all(), minute__lt=counted)
        + _delete_some(Use.objects.all(), day__lt=counted.date())
    )


def _delete_some(rows: QuerySet[Any], **older: Any) -> int:
    oldest = rows.filter(**older).order_by().values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]
    ids = list(oldest)
    return rows.filter(pk__in=ids).delete()[0] if ids else 0


def thin(now: datetime | None = None) -> int:
    """Put the minutes of one hour of a day that is over together.

    Returns how many rows that were, 0 when no minutes are left.
    """
    now = now or timezone.now()
    border = (now - timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    old = Durations.objects.filter(minute__lt=border, is_hour=False)
    first = old.values_list("minute", flat=True).order_by("minute").first()
    if first is None:
        return 0
    hour = first.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        until = hour + timedelta(hours=1)
        rows = list(Durations.objects.filter(minute__gte=hour, minute__lt=until))
        groups: dict[tuple[str, str, str], list[Durations]] = defaultdict(list)
        for row in rows:
            groups[row.kind, row.name, row.outcome].append(row)
        Durations.objects.filter(pk__in=[row.pk for row in rows]).delete()
        Durations.objects.bulk_create(_together(hour, group) for group in groups.values())
    return len(rows)


def _together(hour: datetime, rows: Sequence[Durations]) -> Durations:
    counts = sketch.merged(row.buckets for row in rows)
    return Durations(
        minute=hour,
        is_hour=True,
        kind=rows[0].kind,
        name=rows[0].name,
        outcome=rows[0].outcome,
        count=sum(row.count for row in rows),
        total_ms=sum(row.total_ms for row in rows),
        counts={str(number): count for number, count in counts.items()},
    )
