"""What is watched by signals: facts of other apps, and of Celery."""

from __future__ import annotations

from typing import Any

from celery.signals import task_failure
from django.dispatch import receiver
from django.utils import timezone

from analytics.error_log import task_failed
from analytics.recording import note
from analytics.types import Kind, Measurement
from documents.models import DocumentVersion
from documents.signals import version_failed

task_failure.connect(task_failed)

#: The name under which the time from the upload to the end for good is measured: an attempt
#: that failed and is tried again is none.
ENDED = "ended"
FAILED = "failed"


@receiver(version_failed)
def version_ended_badly(sender: object, version_id: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Count a version that failed, with the time since its upload."""
    now = timezone.now()
    created = DocumentVersion.objects.filter(pk=version_id).values_list("created_at", flat=True)
    ms = sum((now - at).total_seconds() * 1000 for at in created)
    note(Measurement(now, Kind.INGEST, ENDED, FAILED, ms))
