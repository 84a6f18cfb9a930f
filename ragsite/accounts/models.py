"""API tokens, and the memory that a first administrator was made."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models


class APIToken(models.Model):
    """A secret that lets a program act as a user. Only its digest is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100)
    #: The first characters of the secret, to recognise it by.
    prefix = models.CharField(max_length=8)
    #: SHA-256 of the secret: it is 256 random bits, so a slow hash would add nothing.
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.WRITE)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_expired(self, now: datetime) -> bool:
        """Whether it may no longer be used."""
        return self.expires_at is not None and self.expires_at <= now


class Installation(models.Model):
    """One row. Outlives the users: an emptied user table opens nothing again."""

    setup_digest = models.CharField(max_length=64, blank=True)
    setup_closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return "closed" if self.setup_closed_at else "open"
