"""Doing a request with a key once, and remembering for a day what it was answered.

The semantics are those of draft-ietf-httpapi-idempotency-key-header-07,
https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from ragsite.idempotency.errors import KeyInvalid, KeyReused, StillRunning
from ragsite.idempotency.models import KeyedRequest

#: How long the same request with the same key is given the same answer.
KEPT_FOR: Final = timedelta(hours=24)
#: How much longer than an answer may take a request counts as being carried out.
_GRACE: Final = timedelta(seconds=60)
_KEY: Final = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,255}")


def key_read(header: str) -> str:
    """Return the key in a header, plain or in quotes as the draft has it. Raises ``KeyInvalid``."""
    text = header.strip()
    is_quoted = len(text) >= 2 and text[0] == text[-1] == '"'
    key = text[1:-1] if is_quoted else text
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    return key


@transaction.atomic
def request_begin(user: User, key: str, fingerprint: str) -> KeyedRequest:
    """Take the key for a request, or return the row of the same one that was answered.

    Its ``status`` tells which: empty for one that is to be carried out now. Of two at the
    same instant one takes it. Raises ``KeyReused`` and ``StillRunning``.
    """
    now = timezone.now()
    fresh = {
        "fingerprint": fingerprint,
        "claim": secrets.token_hex(16),
        "held_until": now + timedelta(seconds=settings.ANSWER_SECONDS) + _GRACE,
    }
    rows = KeyedRequest.objects.select_for_update()
    row, is_new = rows.get_or_create(user=user, key=key, defaults=fresh)
    if not is_new and row.is_over(now, now - KEPT_FOR):
        row.delete()
        row, is_new = rows.create(user=user, key=key, **fresh), True
    if is_new:
        return row
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is None:
        raise StillRunning
    return row


def request_keep(row: KeyedRequest, status: int, body: str) -> None:
    """Keep what the request was answered, unless another has taken it over meanwhile."""
    mine = KeyedRequest.objects.filter(pk=row.pk, claim=row.claim, status=None)
    mine.update(status=status, body=body)


def request_release(row: KeyedRequest) -> None:
    """Give the key back: nothing came of the request, so it may be tried again."""
    KeyedRequest.objects.filter(pk=row.pk, claim=row.claim, status=None).delete()


def forget_old() -> int:
    """Remove what is kept for longer than a day. Returns how many rows went."""
    before = timezone.now() - KEPT_FOR
    return int(KeyedRequest.objects.filter(created_at__lt=before).delete()[0])


def document_forget(document_id: object) -> None:
    """Let no kept answer tell of a document that was deleted."""
    KeyedRequest.objects.filter(body__contains=str(document_id)).update(body="")
