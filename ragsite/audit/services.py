"""Writing the audit log, and forgetting what is older than its retention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from ragsite.audit.context import actor
from ragsite.audit.models import AuditEntry

DONE = AuditEntry.Outcome.DONE
REFUSED = AuditEntry.Outcome.REFUSED


def record(
    action: str,
    *,
    about: tuple[str, Any] = ("", ""),
    user: Any = None,
    detail: Mapping[str, Any] | None = None,
    outcome: str = DONE,
) -> AuditEntry:
    """Write down one deed; inside a transaction it is kept with the deed or not at all.

    ``about`` is the kind and the id of the object. ``user`` is who acts where the request
    does not tell. ``detail`` holds ids and plain words only.
    """
    who = actor(user)
    entry: AuditEntry = AuditEntry.objects.create(
        actor_id=who.user_id,
        actor_name=who.name,
        via=who.via,
        token_id=who.token_id,
        action=action,
        object_type=about[0],
        object_id=str(about[1])[:64],
        detail=dict(detail or {}),
        outcome=outcome,
        address=who.address,
        request_id=who.request_id,
    )
    return entry


def forget_old() -> int:
    """Remove entries older than ``AUDIT_DAYS``; 0 keeps all. Returns how many went."""
    if not settings.AUDIT_DAYS:
        return 0
    return AuditEntry.objects.forget_before(timezone.now() - timedelta(days=settings.AUDIT_DAYS))
