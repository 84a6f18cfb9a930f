"""API tokens, sessions, second steps, and the memory that a first administrator was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from ragsite.accounts.sessions import SessionStore


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


class UserSession(AbstractBaseSession):
    """A browser's session, and whose it is."""

    #: Not a foreign key: a session is written before anybody has signed in.
    user_id = models.BigIntegerField(null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "session"
        verbose_name_plural = "sessions"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the store that reads these rows."""
        return SessionStore


class TwoStep(models.Model):
    """The second step of a person's sign-in: codes of an app, made from a shared secret."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="two_step"
    )
    #: In base 32, as apps take it. The database it lies in is encrypted.
    secret = models.CharField(max_length=64)
    #: Since when it is asked for; empty until a first code proved that the app has the secret.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    #: The time step of the newest code that was taken: none is taken twice.
    last_step = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "second step"

    def __str__(self) -> str:
        return f"second step of {self.user}"


class RecoveryCode(models.Model):
    """A code to be used once in the place of the app's. Only its digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="one_of_each_recovery_code"),
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"
