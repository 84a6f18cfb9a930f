"""When something that is watched becomes an alert, and when it is one no more.

Pure: a rule, its state and a value give the next state and what is to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Looks in a row that must find all well before an alert is resolved.
CLEAR_AFTER: Final = 2
_GB: Final = 1024**3
_MB: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold. ``clear`` is the value at which all is well again.

    Between the two nothing changes, so that a value that hovers does not flap. Where
    ``below`` is set, small values are the bad ones. ``after`` looks in a row must find it bad.
    """

    name: str
    title: str
    threshold: float | None
    clear: float
    advice: str
    below: bool = False
    after: int = 1
    #: How people read the threshold: its unit, and how many of ours make one of it.
    unit: str = ""
    scale: float = 1.0

    def is_bad(self, value: float) -> bool:
        """Whether a value is beyond the threshold; with none, never."""
        if self.threshold is None:
            return False
        return value <= self.threshold if self.below else value >= self.threshold

    def is_good(self, value: float) -> bool:
        """Whether a value is well clear of the threshold."""
        if self.threshold is None:
            return True
        return value >= self.clear if self.below else value <= self.clear

    def at(self, threshold: float | None) -> Rule:
        """Return the rule with another threshold, or with none, and the same distance to clear."""
        if threshold is None or not self.threshold:
            return replace(self, threshold=threshold)
        return replace(self, threshold=threshold, clear=self.clear * threshold / self.threshold)


class Event(StrEnum):
    """What is to be told."""

    FIRING = "firing"
    AGAIN = "again"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered between two looks."""

    firing_since: datetime | None = None
    notified_at: datetime | None = None
    streak: int = 0


def step(
    rule: Rule, state: State, value: float | None, now: datetime, cooldown: timedelta
) -> tuple[State, Event | None]:
    """Return the state after a look, and what to tell. Of no value nothing follows."""
    if state.firing_since is None:
        return _quiet(rule, state, value, now)
    if value is not None and rule.is_good(value):
        streak = state.streak + 1
        if streak >= CLEAR_AFTER:
            return State(), Event.RESOLVED
        return replace(state, streak=streak), None
    if value is not None:
        state = replace(state, streak=0)
    # The distance, whichever is later: a clock that was put back must not bring silence.
    if state.notified_at is not None and abs(now - state.notified_at) < cooldown:
        return state, None
    return replace(state, notified_at=now), Event.AGAIN


def _quiet(
    rule: Rule, state: State, value: float | None, now: datetime
) -> tuple[State, Event | None]:
    if value is None:
        return state, None
    if not rule.is_bad(value):
        return replace(state, streak=0), None
    if state.streak + 1 < rule.after:
        return replace(state, streak=state.streak + 1), None
    return State(firing_since=now, notified_at=now), Event.FIRING


ALL: Final = (
    Rule(
        "errors",
        "Requests fail",
        0.05,
        0.02,
        "Look at the errors on the dashboard.",
        after=2,
        unit="%",
    ),
    Rule(
        "failed_files",
        "Files cannot be read",
        10,
        5,
        "Look at the failed documents on the dashboard: are they broken, or is it a service?",
        unit="files an hour",
    ),
    Rule(
        "queue_age",
        "Files wait too long",
        1800,
        900,
        "Is a worker running? More of WORKER_CONCURRENCY reads more files at once.",
        unit="minutes",
        scale=60,
    ),
    Rule(
        "disk_free",
        "The disk is nearly full",
        _GB,
        1.2 * _GB,
        "Make room, or move DATA_DIR to a larger disk.",
        below=True,
        unit="GB",
        scale=_GB,
    ),
    Rule(
        "backup_age",
        "There is no fresh backup",
        36,
        30,
        "Run: manage.py backup",
        unit="hours",
    ),
    Rule(
        "backup_failed",
        "The last backup failed",
        1,
        0,
        "Its reason stands in the log and in manage.py doctor. Then run: manage.py backup",
    ),
    Rule("not_ready", "Requests cannot be answered", 1, 0, "Run: manage.py doctor"),
    Rule(
        "limiter_down",
        "Requests are not counted",
        1,
        0,
        "Check REDIS_URL, or the file cache.db in DATA_DIR.",
    ),
    Rule(
        "model_errors",
        "The language model fails",
        0.2,
        0.1,
        "Check the model's server, its key and its quota.",
        after=2,
        unit="%",
    ),
    Rule(
        "log_size",
        "The database's log does not shrink",
        512 * _MB,
        256 * _MB,
        "Something reads for very long. Restart the server.",
        after=2,
        unit="MB",
        scale=_MB,
    ),
    Rule(
        "certificate_days",
        "The TLS certificate ends soon",
        14,
        15,
        "Renew the certificate, and see that the proxy has loaded it.",
        below=True,
        unit="days",
    ),
    Rule(
        "web_silent",
        "The web server is silent",
        120,
        60,
        "Look at the log of the web server, and start it again.",
        after=2,
        unit="seconds",
    ),
    Rule("no_worker", "No worker runs", 1, 0, "Run: manage.py serve worker", after=2),
)

NAMES: Final = tuple(rule.name for rule in ALL)


def rules(thresholds: Mapping[str, float | None]) -> tuple[Rule, ...]:
    """Return all rules, with other thresholds where some are given; ``None`` turns one off."""
    return tuple(
        rule.at(thresholds[rule.name]) if rule.name in thresholds else rule for rule in ALL
    )
