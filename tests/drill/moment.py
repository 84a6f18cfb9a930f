"""Says what regular work has left behind: ``python -m tests.drill.moment`` prints JSON.

Run with the installation's own environment, beside its server.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django


def moment() -> dict[str, Any]:
    """Return when the alerts were looked at last, which of them fire, and what is unfinished."""
    from analytics.models import Alert  # noqa: PLC0415  # only when Django is set up
    from chat.models import Message  # noqa: PLC0415
    from documents.models import DocumentVersion, Worker  # noqa: PLC0415
    from ragsite.ops.models import Backup  # noqa: PLC0415

    looked = Alert.objects.order_by("-checked_at").values_list("checked_at", flat=True).first()
    worker = Worker.objects.order_by("-started_at").first()
    unfinished = DocumentVersion.objects.filter(status__in=("queued", "processing"))
    return {
        "looked": looked.timestamp() if looked else 0.0,
        "worker": worker.seen_at.timestamp() if worker else 0.0,
        "firing": list(Alert.objects.exclude(firing_since=None).values_list("name", flat=True)),
        "unfinished": unfinished.count(),
        "retries": list(
            DocumentVersion.objects.filter(attempts__gt=1).values_list("attempts", flat=True)
        ),
        "answering": Message.objects.filter(state="answering").count(),
        "backups": Backup.objects.count(),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
    django.setup()
    json.dump(moment(), sys.stdout)
