"""An installation that is watched: how something in it goes wrong, and what is looked at."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.alerts.watching import watch
from analytics.models import AlertNotice
from ragsite.ops import alerting
from ragsite.ops.models import Backup

START = timezone.now().replace(minute=30)
Disk = namedtuple("Disk", "total used free")
GB = 1024**3


def room(monkeypatch: pytest.MonkeyPatch, free: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Disk(100 * GB, 0, int(free)))


def backup(hours_old: float = 1, error: str = "") -> Backup:
    at = timezone.now() - timedelta(hours=hours_old)
    made: Backup = Backup.objects.create(
        path="" if error else "/b/x.ragsite", started_at=at,
        verified_at=None if error else at, error=error,
    )  # fmt: skip
    return made


def look(minute: int) -> int:
    """Look at everything, so many minutes after the start."""
    return alerting.look(START + timedelta(minutes=minute))


def low_disk(monkeypatch: pytest.MonkeyPatch, minutes: range) -> None:
    room(monkeypatch, 0.5 * GB)
    for minute in minutes:
        look(minute)


def notice(minute: int = 0) -> AlertNotice:
    watch([], START + timedelta(minutes=minute))
    made: AlertNotice = AlertNotice.objects.create(
        kind="firing", channel="webhook", alert="x", created_at=START, next_at=START,
        body={"text": "ALERT: X. Y.", "title": "X", "says": "Y.", "advice": "", "site": ""},
    )  # fmt: skip
    return made
