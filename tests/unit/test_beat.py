"""Regular work on a machine whose clock jumps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.schedules import crontab

from ragsite.ops import programs
from ragsite.ops.beat import Scheduler

NOW = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class _Beat:
    """A scheduler whose clock the test puts, and what it has sent."""

    now = NOW

    def __init__(self, path: Path) -> None:
        self.sent: list[str] = []
        app = Celery("beat", broker="memory://", set_as_current=False)
        app.conf.beat_schedule = {
            "often": {"task": "often", "schedule": 15.0},
            "minute": {"task": "minute", "schedule": 60.0},
            "night": {"task": "night", "schedule": crontab(hour=2, minute=30)},
        }
        made: Any = Scheduler(app, schedule_filename=str(path), lazy=False)
        self.scheduler = made
        self.scheduler.apply_async = self._send

    def _send(self, entry: Any, **_: Any) -> Any:
        self.sent.append(entry.task)
        self.scheduler._tasks_since_sync += 1  # as Celery's own does

    @classmethod
    def put(cls, now: datetime) -> None:
        """Put the clock of all of them."""
        cls.now = now

    def run(self, span: timedelta) -> list[str]:
        """Let so much time pass; return what was sent."""
        self.sent, end = [], self.now + span
        while self.now < end:
            seconds = self.scheduler.tick()
            self.put(self.now + timedelta(seconds=max(seconds, 0.001)))
        return self.sent


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Celery's applications go by the clock of the test."""
    monkeypatch.setattr(_Beat, "now", NOW)
    monkeypatch.setattr(Celery, "now", lambda _app: _Beat.now)


@pytest.fixture
def beat(tmp_path: Path) -> Iterator[_Beat]:
    made = _Beat(tmp_path / "schedule")
    made.run(timedelta(minutes=3))
    yield made
    made.scheduler.close()


def test_regular_work_is_done_at_its_intervals(beat: _Beat) -> None:
    sent = beat.run(timedelta(minutes=10))
    assert sent.count("often") == pytest.approx(40, abs=1)
    assert sent.count("minute") == pytest.approx(10, abs=1)


@pytest.mark.parametrize("hours", [0.01, 1, 24, 24 * 365])
def test_a_clock_that_is_put_back_stops_nothing(beat: _Beat, hours: float) -> None:
    beat.put(beat.now - timedelta(hours=hours))
    sent = beat.run(3 * MINUTE)
    assert sent.count("often") == pytest.approx(12, abs=2)
    assert sent.count("minute") == pytest.approx(3, abs=1)


@pytest.mark.parametrize("hours", [1, 24])
def test_a_clock_that_is_put_forward_starts_each_thing_once(beat: _Beat, hours: int) -> None:
    beat.put(beat.now + timedelta(hours=hours))
    sent = beat.run(timedelta(seconds=5))
    known = [task for task in sent if task in {"often", "minute", "night"}]
    assert sorted(known) == ["minute", *(["night"] if hours == 24 else []), "often"]


def test_a_night_is_not_repeated_when_the_clock_is_put_back_by_an_hour(beat: _Beat) -> None:
    beat.put(NOW.replace(day=3, hour=2, minute=29))
    assert "night" in beat.run(2 * MINUTE)
    beat.put(beat.now - timedelta(hours=1))
    beat.put(beat.now + timedelta(minutes=55))
    assert "night" not in beat.run(timedelta(minutes=10))
    beat.put(NOW.replace(day=4, hour=2, minute=29))
    assert beat.run(2 * MINUTE).count("night") == 1


def test_the_next_night_comes_though_the_clock_was_put_back_by_days(beat: _Beat) -> None:
    beat.put(NOW.replace(day=9, hour=2, minute=29))
    beat.run(2 * MINUTE)
    beat.put(NOW.replace(day=5, hour=2, minute=20))
    assert beat.run(timedelta(minutes=15)).count("night") == 1


def test_what_is_remembered_from_a_later_time_stops_no_new_start(tmp_path: Path) -> None:
    first = _Beat(tmp_path / "schedule")
    first.run(3 * MINUTE)
    first.scheduler.close()
    second = _Beat(tmp_path / "schedule")
    second.put(NOW - timedelta(days=1))
    assert "minute" in second.run(2 * MINUTE)
    second.scheduler.close()


def test_a_schedule_that_a_power_cut_damaged_is_begun_anew(tmp_path: Path) -> None:
    first = _Beat(tmp_path / "schedule")
    first.scheduler.close()
    for path in tmp_path.iterdir():
        os.truncate(path, 1)
    second = _Beat(tmp_path / "schedule")
    assert "minute" in second.run(2 * MINUTE)
    second.scheduler.close()


def test_the_product_runs_this_clock() -> None:
    argv = programs.beat().argv
    assert argv[argv.index("--scheduler") + 1] == "ragsite.ops.beat:Scheduler"
