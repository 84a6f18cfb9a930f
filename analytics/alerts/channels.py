"""Sends notices by e-mail and to a webhook. Nothing here waits long, and nothing is sent twice.

A notice is claimed by one statement before it is sent, so that of several senders one
sends it. What fails is tried again some times, later each time, and the failure is shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import ssl
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from smtplib import SMTPException
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.utils import timezone

from analytics.models import AlertNotice

logger = logging.getLogger(__name__)

#: Seconds between the first and the second try, the second and the third, and so on.
DELAYS: Final = (60, 300, 900, 3600)
MAX_ATTEMPTS: Final = len(DELAYS) + 1
#: Seconds for a webhook, from the first byte to the last.
DEADLINE: Final = 10.0
#: Notices sent in one go.
BATCH: Final = 20
SIGNATURE: Final = "X-Ragsite-Signature"


class NotDelivered(Exception):
    """A notice did not arrive. The message says why, without address or secret."""


def notices_send(now: datetime | None = None) -> int:
    """Send what is due. Returns how many arrived."""
    now = now or timezone.now()
    due = AlertNotice.objects.filter(_is_due(now), sent_at=None).order_by("id")
    return sum(_send(notice, now) for notice in due[:BATCH])


def _is_due(now: datetime) -> Q:
    """Return what is due; also what was planned for hours ahead: the clock was put back since."""
    latest = now + timedelta(seconds=max(DELAYS))
    return Q(next_at__lte=now) | Q(next_at__gt=latest)


def _send(notice: AlertNotice, now: datetime) -> bool:
    if not _claim(notice, now):
        return False
    try:
        deliver(notice.channel, notice.body)
    except NotDelivered as error:
        logger.warning("the %s of alert %s failed: %s", notice.channel, notice.alert, error)
        AlertNotice.objects.filter(pk=notice.pk).update(error=str(error)[:200])
        return False
    AlertNotice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), next_at=None, error="")
    return True


def _claim(notice: AlertNotice, now: datetime) -> bool:
    """Count the attempt and plan the next, in one statement. False when another was faster."""
    is_last = notice.attempts + 1 >= MAX_ATTEMPTS
    delay = None if is_last else timedelta(seconds=DELAYS[notice.attempts])
    mine = AlertNotice.objects.filter(
        _is_due(now), pk=notice.pk, sent_at=None, attempts=notice.attempts
    )
    next_at = None if delay is None else now + delay
    return bool(mine.update(attempts=F("attempts") + 1, next_at=next_at))


def deliver(channel: str, body: dict[str, Any]) -> None:
    """Send a notice now. Raises ``NotDelivered``."""
    _WAYS[channel](body)


def _mail(body: dict[str, Any]) -> None:
    lines = [body["title"] + ".", body["says"], body["advice"], f"Site: {body['site']}"]
    subject = " ".join(body["text"].partition(". ")[0].split())[:120]
    text = "\n\n".join(line for line in lines if line and line != "Site: ")
    try:
        send_mail(f"[ragsite] {subject}", text + "\n", None, settings.ALERT_EMAILS)
    except (SMTPException, OSError, ValueError) as error:
        raise NotDelivered(type(error).__name__) from error


def _webhook(body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "ragsite"}
    if settings.ALERT_WEBHOOK_SECRET:
        at = str(int(time.time()))
        headers[SIGNATURE] = f"t={at},v1={signature(settings.ALERT_WEBHOOK_SECRET, at, data)}"
    try:
        status = asyncio.run(_post(settings.ALERT_WEBHOOK, data, headers))
    except TimeoutError as error:
        raise NotDelivered(f"no answer within {DEADLINE:.0f} seconds") from error
    if not 200 <= status < 300:
        raise NotDelivered(f"it answered with status {status}")


def signature(secret: str, at: str, data: bytes) -> str:
    """Return what proves that we sent this: HMAC-SHA256 over time, a dot and the body, in hex."""
    return hmac.new(secret.encode(), at.encode() + b"." + data, hashlib.sha256).hexdigest()


async def _post(url: str, data: bytes, headers: dict[str, str]) -> int:
    """Return the status. No redirect is followed, and no body is read."""
    import httpx2  # noqa: PLC0415  # the web process never needs it

    verify = _tls_context() if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        async with (
            asyncio.timeout(DEADLINE),
            httpx2.AsyncClient(timeout=DEADLINE, trust_env=False, verify=verify) as client,
            client.stream(
                "POST", url, content=data, headers=headers, follow_redirects=False
            ) as response,
        ):
            return int(response.status_code)
    except httpx2.HTTPError as error:
        raise NotDelivered(type(error).__name__) from error


@cache
def _tls_context() -> ssl.SSLContext:
    import httpx2  # noqa: PLC0415  # see above

    return httpx2.create_ssl_context(trust_env=True)


_WAYS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {"mail": _mail, "webhook": _webhook}
