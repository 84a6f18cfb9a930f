"""Notices: shown in the product, and sent by e-mail where that is set up."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db.models import F, QuerySet
from django.utils import timezone

from chat.models import Notice
from chat.services.snapshots import readable
from documents.errors import NotFound

logger = logging.getLogger(__name__)

MAX_MAIL_ATTEMPTS = 5
#: Letters sent in one go; the rest follow within a minute.
BATCH = 50
_BODY = """An answer that you watch has changed.

The question: {question}

The old and the new answer stand side by side under Notices{link}.
Neither is in this message: what your documents say stays where they are.
"""


def notice_list(user: User) -> QuerySet[Notice]:
    """Return the user's notices, the latest first."""
    rows: QuerySet[Notice] = Notice.objects.visible_to(user)
    return rows.select_related("watch")


def notices_readable(user: User, notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Return each ``notice`` with its ``before`` and ``after`` as the user may read them now."""
    rows = list(notices)
    answers = readable([kept for row in rows for kept in (row.before, row.after)], user)
    pairs = zip(answers[::2], answers[1::2], strict=True)
    return [
        {"notice": row, "before": before, "after": after}
        for row, (before, after) in zip(rows, pairs, strict=True)
    ]


def notice_get(user: User, notice_id: int) -> Notice:
    """Return one of the user's notices. Raises ``NotFound``."""
    found = notice_list(user).filter(pk=notice_id).first() if notice_id < 2**63 else None
    if found is None:
        raise NotFound
    return found


def unseen(user: User) -> int:
    """Return how many notices the user has not seen."""
    return notice_list(user).filter(seen_at=None).count()


def notices_see(*, user: User, notice: Notice | None = None) -> None:
    """Mark one notice as seen, or all of them."""
    rows = Notice.objects.visible_to(user).filter(seen_at=None)
    if notice is not None:
        rows = rows.filter(pk=notice.pk)
    rows.update(seen_at=timezone.now())


def notices_mail() -> int:
    """Send what is to be sent by e-mail. Returns how many letters went out.

    Each is noted as sent before it is: after a crash in between, one letter is lost
    rather than sent twice. The notice in the product is there either way.
    """
    if not settings.EMAIL_URL:
        return 0
    waiting = Notice.objects.filter(
        mailed_at=None, seen_at=None, mail_attempts__lt=MAX_MAIL_ATTEMPTS, user__is_active=True
    ).exclude(user__email="")
    return sum(_mail(notice) for notice in waiting.select_related("user")[:BATCH])


def _mail(notice: Notice) -> bool:
    mine = Notice.objects.filter(pk=notice.pk, mailed_at=None)
    if not mine.update(mailed_at=timezone.now(), mail_attempts=F("mail_attempts") + 1):
        return False
    link = f": {settings.PUBLIC_URL}/notices/" if settings.PUBLIC_URL else ""
    subject = " ".join(f"Changed: {notice.text}".split())[:120]
    try:
        send_mail(
            subject,
            _BODY.format(question=notice.text, link=link),
            None,
            [notice.user.email],
        )
    except (SMTPException, OSError) as error:
        logger.warning("notice %s could not be sent: %s", notice.pk, type(error).__name__)
        Notice.objects.filter(pk=notice.pk).update(mailed_at=None)
        return False
    return True
