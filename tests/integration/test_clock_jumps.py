"""The clock on the wall is put forward and back; work goes on, in its order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from analytics.alerts.channels import DELAYS, notices_send
from analytics.alerts.readings import readings
from analytics.metrics import workers
from analytics.models import AlertNotice, Durations
from analytics.types import Kind
from chat.models import Conversation, Message, Watch
from chat.models.quality import Comparison
from chat.services import checking, comparing, scratch
from chat.services.asking import question_ask
from chat.turns import answers_sweep, is_answering, turns
from documents.ingest import lease as leases
from documents.ingest.reconciling.files import SCRATCH_AGE, _stale_scratch
from documents.ingest.reconciling.run import is_due, last_run
from documents.models import DocumentVersion, Reconciliation, Worker
from documents.scratch import scratch_folder
from ragsite.accounts.models import APIToken
from ragsite.accounts.services import token_create, token_find, token_touch
from ragsite.ops import alerting
from ragsite.ops.backup.routine import prune
from ragsite.ops.models import Backup
from ragsite.ops.watched import backup_panel
from tests.integration.factories import WREN, Api, person, shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction", "no_broker")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = [-DAY, -HOUR, HOUR, DAY]
BACK = [-DAY, -HOUR]
Jump = Callable[[timedelta], None]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Put the clock that Django goes by forward or back."""
    real = timezone.now

    def put(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: real() + by)

    return put


# --- files that are read ----------------------------------------------------------------


@pytest.fixture
def worker(ada: Api) -> Worker:
    """A worker that lives and holds a version."""
    ada.upload(("wren.txt", WREN))
    made = leases.worker_register()
    assert leases.claim(made.pk) is not None
    return made


@pytest.mark.parametrize("by", [-HOUR, HOUR])
def test_a_jump_takes_no_work_from_a_worker_that_lives(
    worker: Worker, jump: Jump, by: timedelta
) -> None:
    jump(by)
    assert leases.release_lost() == 0
    assert DocumentVersion.objects.get().attempts == 1


@pytest.mark.parametrize("by", JUMPS)
def test_a_worker_that_goes_on_but_renews_nothing_loses_its_work_after_a_jump(
    worker: Worker, jump: Jump, by: timedelta
) -> None:
    jump(by)
    leases.worker_seen(worker.pk)
    assert leases.release_lost() == 1


@pytest.mark.parametrize("by", JUMPS)
def test_the_work_of_a_dead_worker_waits_for_no_clock(
    worker: Worker, jump: Jump, by: timedelta
) -> None:
    Worker.objects.update(pid=2**22 + 1)
    jump(by)
    assert leases.release_lost() == 1
    assert DocumentVersion.objects.get().status == "queued"


def test_a_worker_that_stands_still_keeps_its_work_for_hours_at_most(
    worker: Worker, jump: Jump
) -> None:
    jump(leases.GIVEN_UP + HOUR)
    assert leases.release_lost() == 1


def test_a_small_step_back_takes_no_work(worker: Worker, jump: Jump) -> None:
    jump(-timedelta(seconds=100))
    leases.worker_seen(worker.pk)
    assert leases.release_lost() == 0


@pytest.mark.parametrize("by", BACK)
def test_a_worker_elsewhere_that_fell_silent_is_not_alive_for_a_day(
    worker: Worker, jump: Jump, by: timedelta
) -> None:
    Worker.objects.update(hostname="elsewhere")
    jump(by)
    leases.forget_dead_workers()
    assert not Worker.objects.exists()


def test_nobody_was_heard_of_in_the_future(worker: Worker, jump: Jump) -> None:
    jump(-HOUR)
    assert [row["seen_seconds_ago"] for row in workers()] == [pytest.approx(3600, abs=5)]


# --- answers ----------------------------------------------------------------------------


@pytest.fixture
def writing(ada: Api) -> Message:
    """A message whose answer is being written."""
    conversation = Conversation.objects.create(user=ada.user, title="Birds")
    made: Message = Message.objects.create(conversation=conversation, question="Who sings?")
    return made


@pytest.mark.parametrize("by", BACK)
def test_an_answer_whose_process_died_before_the_clock_was_put_back_ends(
    writing: Message, jump: Jump, by: timedelta
) -> None:
    jump(by)
    assert not is_answering(writing.conversation)
    assert answers_sweep() == 1


def test_an_answer_that_is_written_goes_on_over_a_small_step(writing: Message, jump: Jump) -> None:
    for seconds in (-60, 60):
        jump(timedelta(seconds=seconds))
        assert is_answering(writing.conversation)
        assert answers_sweep() == 0


@pytest.mark.parametrize("by", BACK)
def test_a_lost_answer_takes_no_place_after_the_clock_was_put_back(
    writing: Message, jump: Jump, settings: Any, ada: Api, by: timedelta
) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    jump(by)
    assert question_ask(user=ada.user, question="Who sings?").pk


def test_turns_stand_in_the_order_in_which_they_came(ada: Api, jump: Jump) -> None:
    first = question_ask(user=ada.user, question="One?")
    asked = [first]
    for by in (-HOUR, -DAY, HOUR, -HOUR):
        jump(by)
        asked.append(
            question_ask(user=ada.user, question="More?", conversation_id=first.conversation_id)
        )
    assert turns(first.conversation) == asked


# --- comparisons and watches ------------------------------------------------------------


def _running(user: Any) -> Comparison:
    collection = shelf(user)
    questions = collection.question_sets.create(name="Birds")
    made: Comparison = Comparison.objects.create(
        question_set=questions, created_by=user, live={}, other={}
    )
    assert comparing._claim() is not None
    return made


@pytest.mark.parametrize("by", BACK)
def test_a_comparison_is_begun_again_though_its_lease_lasts_for_hours(
    ada: Api, jump: Jump, by: timedelta
) -> None:
    _running(ada.user)
    assert comparing.comparisons_sweep() == 0
    jump(by)
    assert comparing.comparisons_sweep() == 1


def test_a_folder_in_use_is_not_taken_for_an_old_one() -> None:
    with scratch_folder(scratch.PREFIX) as held:
        left = held.with_name(f"{scratch.PREFIX}left")
        left.mkdir()
        long_ago = held.stat().st_mtime - scratch.STALE - 1
        for folder in (held, left):
            os.utime(folder, (long_ago, long_ago))
        scratch.remove_stale()
        assert held.exists()
        assert not left.exists()


def test_neither_is_that_of_a_backup_by_the_nightly_comparison() -> None:
    with scratch_folder("verifying-") as held:
        long_ago = held.stat().st_mtime - 2 * SCRATCH_AGE.total_seconds()
        os.utime(held, (long_ago, long_ago))
        assert held not in list(_stale_scratch())
    held.mkdir()
    os.utime(held, (long_ago, long_ago))
    assert held in list(_stale_scratch())
    held.rmdir()


@pytest.mark.parametrize("by", BACK)
def test_a_watch_that_was_planned_before_the_clock_was_put_back_is_due(
    ada: Api, jump: Jump, by: timedelta
) -> None:
    now = timezone.now()
    lease = now + checking.LEASE
    Watch.objects.create(user=ada.user, key="a", question="Who?", due_at=now, lease_until=lease)
    assert checking.watches_due() == 0
    jump(by)
    assert checking.watches_due() == 1


def test_a_watch_that_is_planned_is_not_due_before(ada: Api) -> None:
    later = timezone.now() + checking.MAX_ATTEMPTS * checking.RETRY_AFTER
    Watch.objects.create(user=ada.user, key="a", question="Who?", due_at=later)
    assert checking.watches_due() == 0


# --- at night ---------------------------------------------------------------------------


def _backup(path: Path, by: timedelta) -> Backup:
    path.write_bytes(b"x")
    at = timezone.now() + by
    made: Backup = Backup.objects.create(path=str(path), started_at=at, verified_at=at)
    return made


def test_the_last_backup_is_the_one_made_last(db: None, tmp_path: Path) -> None:
    _backup(tmp_path / "a.backup", 400 * DAY)
    last = _backup(tmp_path / "b.backup", -HOUR)
    panel = backup_panel()
    assert (panel.at, panel.word) == (last.started_at, "verified")
    assert panel.numbers["backup_age_seconds"] == pytest.approx(3600, abs=5)


def test_a_backup_of_a_far_future_does_not_pass_for_a_fresh_one(db: None, tmp_path: Path) -> None:
    _backup(tmp_path / "a.backup", 400 * DAY)
    found = {row.name: row for row in alerting.of_backups(timezone.now())}
    assert found["backup_age"].value == pytest.approx(400 * 24, abs=1)


def test_the_backups_made_last_are_kept_whatever_their_times(db: None, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.backup" for name in "abc"]
    for path, by in zip(paths, (400 * DAY, -DAY, -HOUR), strict=True):
        _backup(path, by)
    assert prune(2) == [paths[0]]


@pytest.mark.parametrize("by", BACK)
def test_a_nightly_run_of_the_future_puts_off_no_other(db: None, by: timedelta) -> None:
    night = timezone.now().replace(hour=3)
    Reconciliation.objects.create(started_at=night - 30 * by, finished_at=night)
    assert is_due(night)
    new = Reconciliation.objects.create(started_at=night, finished_at=night)
    assert not is_due(night)
    assert last_run() == new


# --- the rest ---------------------------------------------------------------------------


@pytest.mark.parametrize("by", JUMPS)
def test_a_notice_is_tried_again_after_a_jump(
    db: None, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr("analytics.alerts.channels.deliver", lambda *_: None)
    now = timezone.now()
    last = now + timedelta(seconds=max(DELAYS))
    row: dict[str, Any] = {"alert": "disk", "body": {}, "created_at": now}
    AlertNotice.objects.create(kind="firing", channel="mail", next_at=last, **row)
    assert notices_send(now) == 0
    assert notices_send(now + by - timedelta(seconds=1 if by < HOUR else -1)) == 1


def test_failures_of_the_hour_that_comes_again_are_not_of_these_minutes(db: None) -> None:
    now = timezone.now()
    row: dict[str, Any] = {"kind": Kind.REQUEST, "name": "GET /", "count": 100, "counts": {}}
    Durations.objects.create(minute=now + HOUR, outcome="5xx", **row)
    found = {each.name: each.value for each in readings(now)}
    assert found["errors"] == 0.0


def test_a_token_lasts_until_its_day_and_its_use_is_noted(jump: Jump) -> None:
    _, secret = token_create(user=person(), name="a", scope="read", days=1)
    jump(DAY + HOUR)
    assert token_find(secret) is None
    jump(timedelta())
    token = token_find(secret)
    assert token is not None
    token_touch(token)
    jump(-HOUR)
    token_touch(APIToken.objects.get())
    assert APIToken.objects.get().last_used_at == pytest.approx(
        timezone.now(), abs=timedelta(seconds=5)
    )


def test_the_loss_of_the_database_is_told_by_a_steady_clock(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    told = mock.Mock(return_value=1)
    steady = iter([1000.0, 1000.0 + settings.ALERT_COOLDOWN * 60 - 1, 10**6, 10**6])
    monkeypatch.setattr(alerting, "_deliver_all", told)
    monkeypatch.setattr(alerting, "cache", SimpleNamespace())  # the same disk holds both
    monkeypatch.setattr(time, "monotonic", lambda: next(steady))
    monkeypatch.setattr(alerting, "_told", [])
    counts = [alerting._tell_loss() for _ in range(3)]
    assert counts == [1, 0, 1]
    assert told.call_count == 2
