"""What is watched of the parts that only operations know, and the look at everything.

A look needs the database. Where that cannot be had, which is the worst that can be, the
notice is sent at once, and the cache remembers that it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Min
from django.utils import timezone

from analytics.alerts.channels import NotDelivered, deliver, notices_send
from analytics.alerts.readings import Reading, readings, source
from analytics.alerts.watching import body, channels, watch
from ragsite.ops.certificate import days_left
from ragsite.ops.heartbeat import web_silence
from ragsite.ops.models import latest_backups

logger = logging.getLogger(__name__)

_LOST: Final = "alerts:no-database"
_TITLE: Final = "The database cannot be used"
_ADVICE: Final = "Run: manage.py doctor"
#: Where the cache is gone as well: when this process told last, on its steady clock.
_told: list[float] = []


def look(now: datetime | None = None) -> int:
    """Look at everything, and send what is to be told. Returns how many notices arrived."""
    now = now or timezone.now()
    try:
        changed = watch(readings(now), now)
        for alert in changed:
            state = "fires" if alert.firing_since else "is resolved"
            logger.warning("alert %s %s: %s", alert.name, state, alert.says)
        sent = notices_send(now)
    except DatabaseError as error:
        logger.error("alerts: the database cannot be used: %s", type(error).__name__)  # noqa: TRY400
        return _tell_loss()
    return sent + _tell_return()


def _tell_loss() -> int:
    """Tell once in a cooldown that the database is gone."""
    seconds = settings.ALERT_COOLDOWN * 60
    try:
        is_first = cache.add(_LOST, 1, seconds)
    except Exception:  # noqa: BLE001  # the same disk may hold both
        is_first = not _told or time.monotonic() - _told[-1] > seconds
    if not is_first:
        return 0
    _told[:] = [time.monotonic()]
    says = "It cannot be opened, read or written."
    return _deliver_all(body("firing", "not_ready", _TITLE, says, _ADVICE))


def _tell_return() -> int:
    """Tell that the database is back, where it was told that it is gone."""
    told = bool(_told)
    _told.clear()
    with suppress(Exception):
        told = cache.delete(_LOST) or told
    return _deliver_all(body("resolved", "not_ready", _TITLE, "It is back.")) if told else 0


def _deliver_all(notice: dict[str, Any]) -> int:
    arrived = 0
    for channel in channels():
        try:
            deliver(channel, notice)
            arrived += 1
        except NotDelivered as error:
            logger.warning("the %s of alert not_ready failed: %s", channel, error)
    return arrived


# --- what is measured ---------------------------------------------------------------


@source
def of_backups(now: datetime) -> Iterator[Reading]:
    """Tell the age of the last good backup in hours, and whether the last try failed."""
    if not settings.BACKUP_KEEP:
        yield Reading("backup_age", 0.0, "Backups are turned off.")
        yield Reading("backup_failed", 0.0, "Backups are turned off.")
        return
    rows = list(latest_backups()[:50])
    good = next((row for row in rows if row.is_good), None)
    since = _in_use_since()
    age = good.age(now) if good else now - since if since else timedelta()
    hours = age.total_seconds() / 3600
    says = f"The last good backup is {hours:.0f} hours old." if good else "There is none yet."
    yield Reading("backup_age", hours, says)
    failed = bool(rows and rows[0].error)
    yield Reading("backup_failed", float(failed), "It failed." if failed else "It did not fail.")


def _in_use_since() -> datetime | None:
    users = get_user_model()._default_manager  # noqa: SLF001  # Django's public way to it
    found: datetime | None = users.aggregate(first=Min("date_joined"))["first"]
    return found


@source
def of_the_limiter(now: datetime) -> Iterator[Reading]:
    """Tell whether the cache counts, which the rate limits stand on."""
    del now
    key = "alerts:counting"
    try:
        cache.set(key, 0, 60)
        counts = cache.incr(key) > 0
    except Exception:  # noqa: BLE001  # whatever a cache raises, it does not count
        counts = False
    says = "The cache counts." if counts else "The cache cannot count."
    yield Reading("limiter_down", float(not counts), says)


@source
def of_the_certificate(now: datetime) -> Iterator[Reading]:
    """Tell the days until the certificate ends."""
    days = days_left(now)
    says = "It cannot be seen." if days is None else f"It ends in {days:.0f} days."
    yield Reading("certificate_days", days, says)


@source
def of_the_web(now: datetime) -> Iterator[Reading]:
    """Tell for how long nothing was heard of the web server."""
    del now
    try:
        silence = web_silence()
    except Exception:  # noqa: BLE001  # of a cache that fails nothing follows for the web
        silence = None
    says = "Never heard of." if silence is None else f"Heard of {silence:.0f} seconds ago."
    yield Reading("web_silent", silence, says)
