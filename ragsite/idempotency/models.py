"""Requests that bore a key, and what they were answered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models


class KeyedRequest(models.Model):
    """One request with an ``Idempotency-Key``: being carried out, or answered."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    #: SHA-256 of method, path and body: what has to be the same for the same answer.
    fingerprint = models.CharField(max_length=64)
    #: Who carries it out: whoever took it over has another one.
    claim = models.CharField(max_length=32)
    #: Until when it counts as being carried out: a process that died takes the key no longer.
    held_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    #: The status it was answered with; empty while it is being carried out.
    status = models.PositiveSmallIntegerField(null=True)
    #: The body it was answered with; empty once something that it tells of is gone.
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_request_per_key"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} of {self.user_id}"

    def is_over(self, now: datetime, oldest: datetime) -> bool:
        """Whether the key is free again: it is too old, or its process died over it."""
        return self.created_at < oldest or (self.status is None and self.held_until < now)
