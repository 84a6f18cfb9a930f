"""What operations do in the background."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError

from documents.errors import ProductError
from documents.ingest.reconciling.run import is_due, reconcile
from ragsite.ops import keeping
from ragsite.ops.alerting import look
from ragsite.ops.backup.routine import backup_routine
from ragsite.ops.backup.sealed import Unreadable

logger = logging.getLogger(__name__)


@shared_task(name="ragsite.ops.tasks.alerts", time_limit=240)
def alerts() -> None:
    """Look at everything that is watched, and tell what has changed."""
    look()


@shared_task(name="ragsite.ops.tasks.backup", time_limit=4 * 3600)
def backup() -> None:
    """Make the scheduled backup and prove it. A fault is written down, for the alerts to find."""
    try:
        row = backup_routine()
    except (OSError, DatabaseError, ProductError, Unreadable) as error:
        logger.error("the scheduled backup failed: %s", error)  # noqa: TRY400  # the sentence says it
    else:
        logger.info("backup of %d bytes made and verified", row.size)


@shared_task(name="ragsite.ops.tasks.keep", time_limit=4 * 3600)
def keep() -> None:
    """Once a night, and soon after a start that comes late: compare, mend, forget, tidy up."""
    if not is_due():
        return
    report = reconcile()
    done = keeping.keep()
    logger.info("kept: %s; mended: %s", done, dict(report.mended))
    if report.left:
        logger.warning("%d faults need a person: manage.py reconcile", len(report.left))
