"""What is done with accounts: tokens, and the link that makes the first administrator."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from documents.errors import InvalidInput, NotFound
from ragsite.accounts.models import APIToken, Installation, UserSession
from ragsite.audit.services import record

#: 256 bits from the system's generator: nothing in a token can be guessed.
TOKEN_BYTES = 32
MAX_DAYS = 3650
_TOUCH_AFTER = timedelta(minutes=1)


def digest(secret: str) -> str:
    """Return what is stored in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def token_create(
    *, user: User, name: str, scope: str, days: int | None = None
) -> tuple[APIToken, str]:
    """Make a token. Returns its row and the secret, which is never to be had again."""
    if scope not in APIToken.Scope.values:
        raise InvalidInput("The scope of a token is read or write.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise InvalidInput(f"A token lasts from 1 to {MAX_DAYS} days.")
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = timezone.now() + timedelta(days=days) if days else None
    token = APIToken.objects.create(
        user=user,
        name=name.strip()[:100] or "token",
        prefix=secret[:8],
        digest=digest(secret),
        scope=scope,
        expires_at=expires_at,
    )
    return token, secret


def token_find(secret: str) -> APIToken | None:
    """Return the valid token of an active user for this secret, or nothing."""
    found = APIToken.objects.select_related("user").filter(digest=digest(secret)).first()
    if found is None or found.is_expired(timezone.now()) or not found.user.is_active:
        return None
    return found


def token_touch(token: APIToken) -> None:
    """Note that the token was used; at most once a minute, since it is a write."""
    now = timezone.now()
    if token.last_used_at is None or abs(now - token.last_used_at) > _TOUCH_AFTER:
        APIToken.objects.filter(pk=token.pk).update(last_used_at=now)


def token_revoke(*, user: User, token_id: int) -> None:
    """Delete one of the user's own tokens. Raises ``NotFound``."""
    deleted, _ = APIToken.objects.filter(user=user, pk=token_id).delete()
    if not deleted:
        raise NotFound


@transaction.atomic
def tokens_revoke(users: QuerySet[User]) -> int:
    """Delete every token of these users. Returns how many there were."""
    deleted, _ = APIToken.objects.filter(user__in=users).delete()
    return deleted


# --- the first administrator ------------------------------------------------------


def setup_link_renew() -> str | None:
    """Return a fresh one-time secret, or nothing once the set-up is closed.

    An older secret stops working.
    """
    with transaction.atomic():
        row, _ = Installation.objects.get_or_create(pk=1)
        if row.setup_closed_at or User.objects.exists():
            return None
        secret = secrets.token_urlsafe(24)
        row.setup_digest = digest(secret)
        row.save(update_fields=["setup_digest"])
    return secret


def setup_link_valid(secret: str) -> bool:
    """Whether this secret may make the first administrator now."""
    row = Installation.objects.filter(pk=1, setup_closed_at=None).first()
    return bool(
        row
        and row.setup_digest
        and secrets.compare_digest(row.setup_digest, digest(secret))
        and not User.objects.exists()
    )


def setup_complete(*, secret: str, username: str, password: str, email: str = "") -> Any:
    """Make the first administrator. Raises ``NotFound`` when the link is spent."""
    with transaction.atomic():
        if not setup_link_valid(secret):
            raise NotFound
        manager: Any = User.objects
        user = manager.create_superuser(username=username, email=email, password=password)
        setup_close()
    return user


def setup_close() -> None:
    """Close the set-up link for good."""
    Installation.objects.update_or_create(
        pk=1, defaults={"setup_digest": "", "setup_closed_at": timezone.now()}
    )


# --- sessions ---------------------------------------------------------------------


def sessions_end(user: User, *, keep: str | None = None) -> int:
    """End the user's sessions, but for the one with the key ``keep``. Returns how many ended."""
    with transaction.atomic():
        ended, _ = UserSession.objects.filter(user_id=user.pk).exclude(session_key=keep).delete()
        if ended:
            record("sessions.ended", about=("user", user.pk), user=user, detail={"number": ended})
    return ended
