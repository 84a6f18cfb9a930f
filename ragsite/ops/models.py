"""What operations remember."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import QuerySet


class Backup(models.Model):
    """One backup that was tried, and what came of it."""

    #: Its file; empty when none was made.
    path = models.CharField(max_length=4096, blank=True)
    started_at = models.DateTimeField()
    seconds = models.FloatField(default=0.0)
    size = models.PositiveBigIntegerField(default=0)
    #: When it was restored into a scratch place and found whole; empty when it was not.
    verified_at = models.DateTimeField(null=True, blank=True)
    #: What went wrong, in a sentence; empty when nothing did.
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["-started_at"], name="backup_by_age")]

    def __str__(self) -> str:
        return self.path or f"failed on {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_good(self) -> bool:
        """Whether it can be relied on."""
        return bool(self.path and self.verified_at and not self.error)

    def age(self, now: datetime) -> timedelta:
        """Return how long ago it was made.

        The distance, whichever is later: one that seems to be made tomorrow, since the clock
        was put back, must not pass for a fresh one until then.
        """
        return abs(now - self.started_at)


def latest_backups() -> QuerySet[Backup]:
    """Return what was tried, the last one first: by number, since a clock may be put back."""
    return Backup.objects.order_by("-pk")
