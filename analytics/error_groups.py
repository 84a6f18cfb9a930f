"""Errors by their fingerprint: counted, listed, resolved, forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from analytics.models import ErrorGroup
from analytics.types import ErrorRecord

STATES = ("open", "resolved", "all")
#: Characters of a trace that are kept.
_LONGEST = 20_000


def add(records: Iterable[ErrorRecord]) -> None:
    """Count errors in their groups. One that was resolved and comes again is open again."""
    groups: dict[str, list[ErrorRecord]] = defaultdict(list)
    for record in records:
        groups[record.fingerprint].append(record)
    for fingerprint, group in groups.items():
        _add(fingerprint, sorted(group, key=lambda record: record.at))


@transaction.atomic
def _add(fingerprint: str, records: Sequence[ErrorRecord]) -> None:
    first, last = records[0], records[-1]
    row, _ = ErrorGroup.objects.select_for_update().get_or_create(
        fingerprint=fingerprint,
        defaults={
            "kind": first.kind[:200],
            "title": first.title[:300],
            "first_seen": first.at,
            "last_seen": last.at,
            "first_release": first.release,
            "last_release": last.release,
        },
    )
    row.count += len(records)
    if last.at >= row.last_seen:
        row.last_seen, row.last_release = last.at, last.release
        row.said, row.trace, row.where = last.said[:300], last.trace[:_LONGEST], last.where
        row.last_request_id = last.request_id
    if row.resolved_at is not None and last.at > row.resolved_at:
        row.resolved_at, row.reopened_at = None, last.at
    row.save()


def groups_list(*, state: str = "open", where: str = "") -> QuerySet[ErrorGroup]:
    """Return the groups in a state, the latest first, of one route or task or of all."""
    rows: QuerySet[ErrorGroup] = ErrorGroup.objects.all()
    if state != "all":
        rows = rows.filter(resolved_at__isnull=state == "open")
    return rows.filter(where=where) if where else rows


def group_resolve(row: ErrorGroup, *, resolved: bool) -> None:
    """Say that a fault is mended, or that it is not."""
    ErrorGroup.objects.filter(pk=row.pk).update(resolved_at=timezone.now() if resolved else None)


def open_count() -> int:
    """Return how many faults nobody has resolved."""
    return groups_list().count()


def groups_forget(now: datetime | None = None) -> int:
    """Delete what was resolved and was not seen for ``METRICS_DAYS``; return how many."""
    before = (now or timezone.now()) - timedelta(days=settings.METRICS_DAYS)
    old = ErrorGroup.objects.filter(resolved_at__lt=before, last_seen__lt=before)
    return old.delete()[0]


def summary() -> dict[str, Any]:
    """Return what the dashboard says: how many are open, and the latest of them."""
    return {"open": open_count(), "latest": list(groups_list()[:5])}
