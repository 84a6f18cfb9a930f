"""What is watched by signals: facts of other apps, and of Celery."""

from __future__ import annotations

from typing import Any

from celery.signals import task_failure
from django.dispatch import receiver
from django.utils import timezone

from analytics.error_log import task_failed
from analytics.metrics import FAILED, WHOLE
from analytics.recording import note
from analytics.types import Kind, Measurement
from documents.signals import version_failed

task_failure.connect(task_failed)


@receiver(version_failed)
def version_ended_badly(sender: object, ms: float | None = None, **kwargs: Any) -> None:  # noqa: ARG001
    """Count a version that failed for good, with the time of its last attempt.

    An attempt that is made again is none of these. Counted even where ``METRICS_DAYS`` is 0:
    alerts go by it.
    """
    note(Measurement(timezone.now(), Kind.INGEST, WHOLE, FAILED, ms or 0.0))
