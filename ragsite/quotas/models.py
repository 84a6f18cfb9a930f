"""What a user may use beyond or below the settings, and what they have used today."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class QuotaOverride(models.Model):
    """Other quotas for one user. An empty one is that of the settings; 0 is no limit."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quota_override"
    )
    stored_files = models.PositiveBigIntegerField(null=True, blank=True)
    stored_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    files_a_day = models.PositiveBigIntegerField(null=True, blank=True)
    bytes_a_day = models.PositiveBigIntegerField(null=True, blank=True)
    questions_a_day = models.PositiveBigIntegerField(null=True, blank=True)
    tokens_a_day = models.PositiveBigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"quotas of {self.user}"


class DailyUse(models.Model):
    """What a user used on one day, in UTC."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    files = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    questions = models.PositiveBigIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "day"], name="one_count_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"
