"""One run of the comparison, and what is remembered of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from documents.ingest.reconciling import chunks, embeddings, files, rows
from documents.ingest.reconciling.report import Report
from documents.models import Reconciliation
from documents.signals import reconciled

#: A run that is older is followed by another one whatever the hour.
OVERDUE: Final = timedelta(hours=26)
#: At night, one that is older than this.
_TONIGHT: Final = timedelta(hours=12)
_NIGHT: Final = range(1, 5)
#: A run that has not ended after so long was killed.
_KILLED: Final = timedelta(hours=2)
#: Runs, and faults of a run, that are remembered.
_REMEMBERED: Final = 100
_LISTED: Final = 500


def reconcile(*, dry_run: bool = False) -> Report:
    """Compare everything, mend, and remember the result; with ``dry_run`` only look."""
    report = Report(dry_run=dry_run)
    if dry_run:
        _compare(report)
        return report
    run = Reconciliation.objects.create(started_at=timezone.now())
    _compare(report)
    run.finished_at = timezone.now()
    run.looked, run.mended = dict(report.looked), dict(report.mended)
    run.left = report.left[:_LISTED]
    run.save()
    _forget_old()
    reconciled.send(sender=Reconciliation, mended=run.mended, left=len(report.left))
    return report


def _compare(report: Report) -> None:
    # Rows first: they say where the index should have its chunks.
    for part in (rows, chunks, embeddings, files):
        part.look(report)


def _forget_old() -> None:
    old = _latest().values_list("pk", flat=True)[_REMEMBERED:]
    Reconciliation.objects.filter(pk__in=list(old)).delete()


def last_run() -> Reconciliation | None:
    """Return the last run that came to its end."""
    return _latest().exclude(finished_at=None).first()


def is_due(now: datetime | None = None) -> bool:
    """Whether it is time: every night, and soon after a start when the last is over a day old."""
    now = now or timezone.now()
    last = _latest().first()
    if last is None:
        return True
    # The distance, whichever is later: the clock may have been put back.
    age = abs(now - last.started_at)
    if last.finished_at is None:
        return age > _KILLED
    return age > OVERDUE or (age > _TONIGHT and now.hour in _NIGHT)


def _latest() -> QuerySet[Reconciliation]:
    """Return the runs, the last one first: by number, since a clock may be put back."""
    rows: QuerySet[Reconciliation] = Reconciliation.objects.order_by("-pk")
    return rows
