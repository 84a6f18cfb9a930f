"""The audit log: who did what to which object, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Never

from django.db import models


class AppendOnly(Exception):
    """Somebody tried to change or to delete what was written down."""


class AuditQuerySet(models.QuerySet[Any]):
    """Rows that are written once. Only their age takes them away."""

    def update(self, **kwargs: Any) -> Never:  # noqa: ARG002
        """Refuse."""
        raise AppendOnly

    def delete(self) -> Never:
        """Refuse."""
        raise AppendOnly

    def forget_before(self, moment: datetime) -> int:
        """Remove what is older than the retention allows. Returns how much that was."""
        old = self.filter(at__lt=moment)
        return int(old._raw_delete(self.db))  # noqa: SLF001

    def anonymise(self, user_id: int, name: str) -> int:
        """Take an erased person's name, number and addresses away. Returns of how many entries."""
        own = self.filter(actor_id=user_id)
        # What was typed at a failed sign-in is not kept, but from where it came is.
        about = self.filter(object_type="user", object_id=str(user_id))
        models.QuerySet.update(about, address="")
        return models.QuerySet.update(
            own, actor_id=None, actor_name=name, address="", token_id=None
        )


class AuditEntry(models.Model):
    """One deed. It names its actor and its object by id, so it outlives both.

    It holds no text and no title: what an object is called is looked up when somebody
    who may see it reads the log.
    """

    class Via(models.TextChoices):
        SESSION = "session", "Browser"
        TOKEN = "token", "API token"  # the way in, not a secret
        COMMAND = "command", "Command line"
        NOBODY = "nobody", "Not signed in"

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"

    at = models.DateTimeField(auto_now_add=True)
    #: The user's id and name as they were then; empty for one who is not known.
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    via = models.CharField(max_length=10, choices=Via.choices)
    #: The API token's id, where it was one.
    token_id = models.BigIntegerField(null=True)
    #: As ``document.moved``.
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    #: Ids and plain words only.
    detail = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.DONE)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = "entry"
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_by_age"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name or 'nobody'}"

    def save(self, **kwargs: Any) -> None:
        """Write it down, once. Raises ``AppendOnly`` the second time."""
        if not self._state.adding:
            raise AppendOnly
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:  # noqa: ARG002
        """Refuse."""
        raise AppendOnly


def described(detail: dict[str, Any]) -> str:
    """Return what an entry adds to its action, in one line."""
    parts: Iterable[str] = (f"{name} {_plain(value)}" for name, value in sorted(detail.items()))
    return ", ".join(parts)


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
