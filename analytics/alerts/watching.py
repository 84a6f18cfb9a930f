"""Looks at what is measured, remembers what fires, and puts out what is to be told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analytics.alerts.readings import Reading
from analytics.alerts.rules import Event, Rule, State, rules, step
from analytics.models import Alert, AlertNotice

#: Two looks closer together than this are one: a second clock changes nothing.
_CLOSEST: Final = timedelta(seconds=30)
#: Without a look for so long, nobody watches.
SILENT: Final = timedelta(minutes=10)
#: For so long it is shown that a notice did not arrive.
_SHOWN: Final = timedelta(days=1)
_WORDS: Final[dict[str, str]] = {
    AlertNotice.Kind.FIRING: "ALERT",
    AlertNotice.Kind.AGAIN: "STILL",
    AlertNotice.Kind.RESOLVED: "RESOLVED",
    AlertNotice.Kind.TEST: "TEST",
}


@transaction.atomic
def watch(found: Iterable[Reading], now: datetime | None = None) -> list[Alert]:
    """Take in one look, and put out a notice for each change. Returns the alerts that changed.

    All in one transaction, under the lock of the rows: of two looks at once, one finds it done.
    """
    now = now or timezone.now()
    by_name = {reading.name: reading for reading in found}
    changed = []
    for rule in rules(settings.ALERT_THRESHOLDS):
        reading = by_name.get(rule.name, Reading(rule.name, None, "Not measured."))
        if (alert := _look(rule, reading, now)) is not None:
            changed.append(alert)
    return changed


def _look(rule: Rule, reading: Reading, now: datetime) -> Alert | None:
    """Take in one value; return the alert if something is to be told of it."""
    alert, is_new = Alert.objects.select_for_update().get_or_create(
        name=rule.name, defaults={"title": rule.title, "checked_at": now}
    )
    # The distance, whichever is later: a clock that was put back must not end the looking.
    if not is_new and abs(now - alert.checked_at) < _CLOSEST:
        return None
    state = State(alert.firing_since, alert.notified_at, alert.streak)
    cooldown = timedelta(minutes=settings.ALERT_COOLDOWN)
    after, event = step(rule, state, reading.value, now, cooldown)
    began = alert.firing_since
    alert.firing_since, alert.notified_at = after.firing_since, after.notified_at
    alert.streak, alert.checked_at = after.streak, now
    alert.title, alert.says, alert.value = rule.title, reading.says[:300], reading.value
    if event is Event.RESOLVED:
        alert.resolved_at = now
    alert.save()
    if event is None:
        return None
    _put_out(alert.name, event.value, _body(rule, alert, event, began or now), now)
    return alert


def channels() -> list[str]:
    """Return the channels that are set up."""
    mail, hook = AlertNotice.Channel.MAIL.value, AlertNotice.Channel.WEBHOOK.value
    return [*([mail] if settings.ALERT_EMAILS else []), *([hook] if settings.ALERT_WEBHOOK else [])]


def _put_out(name: str, kind: str, notice: dict[str, Any], now: datetime) -> None:
    for channel in channels():
        AlertNotice.objects.create(
            kind=kind, channel=channel, alert=name, body=notice, created_at=now, next_at=now
        )


def _body(rule: Rule, alert: Alert, event: Event, began: datetime) -> dict[str, Any]:
    advice = "" if event is Event.RESOLVED else rule.advice
    more = {"value": alert.value, "threshold": rule.threshold, "since": began.isoformat()}
    return body(event.value, rule.name, rule.title, alert.says, advice) | more


def body(status: str, name: str, title: str, says: str, advice: str = "") -> dict[str, Any]:
    """Return a notice as programs get it; ``text`` is the whole for people."""
    link = f"{settings.PUBLIC_URL}/dashboard/alerts" if settings.PUBLIC_URL else ""
    parts = [f"{_WORDS[status]}: {title}.", says, advice, link]
    return {
        "text": " ".join(part for part in parts if part),
        "status": status,
        "alert": name,
        "title": title,
        "says": says,
        "advice": advice,
        "site": settings.PUBLIC_URL,
        "release": settings.VERSION,
    }


def firing() -> list[Alert]:
    """Return what fires now, the longest first."""
    return list(Alert.objects.exclude(firing_since=None).order_by("firing_since"))


def overview(now: datetime | None = None) -> dict[str, Any]:
    """Return what the pages show: what fires, and whether anybody looks."""
    now = now or timezone.now()
    rows = list(Alert.objects.all())
    looked = max((row.checked_at for row in rows), default=None)
    return {
        "firing": sorted((r for r in rows if r.firing_since), key=_since),
        "looked_at": looked,
        # Those that watch cannot tell that they themselves are gone: the web server does.
        "nobody_looks": looked is not None and abs(now - looked) > SILENT,
        "undelivered": _undelivered(now),
    }


def _undelivered(now: datetime) -> list[AlertNotice]:
    """Return the last notice of each channel that did not arrive within the last day."""
    failed = AlertNotice.objects.filter(sent_at=None, created_at__gte=now - _SHOWN)
    rows = failed.exclude(error="").order_by("created_at", "id")
    return list({row.channel: row for row in rows}.values())


def _since(row: Alert) -> Any:
    return row.firing_since


def rows_shown() -> list[dict[str, Any]]:
    """Return everything that is watched in the order of the rules, with its threshold."""
    known = {row.name: row for row in Alert.objects.all()}
    return [
        {"rule": rule, "alert": known.get(rule.name), "threshold": _threshold(rule)}
        for rule in rules(settings.ALERT_THRESHOLDS)
    ]


def _threshold(rule: Rule) -> str:
    """Return a threshold for people; those of a yes or no are none."""
    if rule.threshold is None:
        return "off"
    value, unit = rule.threshold, rule.unit
    if not unit:
        return ""
    number = f"{value * 100:g} %" if unit == "%" else f"{value / rule.scale:g} {unit}"
    return f"{'below' if rule.below else 'from'} {number}"


def notices_forget(now: datetime | None = None) -> int:
    """Delete old notices; return how many."""
    before = (now or timezone.now()) - timedelta(days=settings.METRICS_DAYS)
    return AlertNotice.objects.filter(created_at__lt=before).delete()[0]
