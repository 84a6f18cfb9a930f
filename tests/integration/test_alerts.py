"""The drill: everything that is watched fires, is told by mail and webhook, and is resolved."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connections

from analytics import services
from analytics.alerts.readings import readings
from analytics.alerts.rules import NAMES
from analytics.alerts.watching import firing, notices_forget, overview, watch
from analytics.models import Alert, AlertNotice, Durations
from analytics.recording import recorder
from analytics.selectors import Health
from analytics.types import Kind, RequestRecord
from chat.models import Conversation, Message
from documents.ingest import lease as leases
from documents.models import Document, DocumentVersion, Worker
from documents.signals import version_failed
from documents.types import Status
from ragsite.ops import alerting, tasks
from ragsite.ops.models import Backup
from tests.integration.factories import person, shelf
from tests.integration.watched import GB, START, backup, look, low_disk, notice, room
from tests.listeners import Hook, MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


# --- each alert: how it is brought about, and how it is mended ------------------------


def requests(counts: dict[int, int]) -> None:
    for status, count in counts.items():
        services.write([RequestRecord(START, "r", "GET", "/x", status, 1.0, 0, 0)] * count)


def version(status: Status, age: timedelta = timedelta(0)) -> DocumentVersion:
    document = Document.objects.create(
        collection=shelf(person(f"p{Document.objects.count()}")), title="d"
    )
    made: DocumentVersion = DocumentVersion.objects.create(
        document=document,
        number=1,
        filename="a.txt",
        size=1,
        sha256="0",
        original="0",
        status=status,
    )
    DocumentVersion.objects.filter(pk=made.pk).update(created_at=START - age)
    return made


def failed_files() -> None:
    failed = version(Status.FAILED)
    for _ in range(10):
        version_failed.send(
            sender=None, document_id=failed.document_id, version_id=failed.pk, code="x"
        )
    recorder.flush()
    Durations.objects.filter(kind=Kind.INGEST).update(minute=START)


def answers(counts: dict[str, int]) -> None:
    asker = person(f"asker{Conversation.objects.count()}")
    conversation = Conversation.objects.create(user=asker)
    for code, count in counts.items():
        state = Message.State.FAILED if code else Message.State.COMPLETE
        for _ in range(count):
            Message.objects.create(
                conversation=conversation, question="?", state=state, error_code=code, model="m"
            )
    Message.objects.update(created_at=START)


def unwell(monkeypatch: pytest.MonkeyPatch, *, well: bool) -> None:
    found = Health(database=True, migrations=well, disk=True, worker=True)
    monkeypatch.setattr("analytics.alerts.readings.health", lambda: found)


def uncounted(monkeypatch: pytest.MonkeyPatch, *, broken: bool) -> None:
    def incr(*args: Any) -> int:
        if broken:
            raise OSError("no cache")
        return 1

    monkeypatch.setattr("ragsite.cache.SqliteCache.incr", incr)


def log_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int) -> None:
    database = tmp_path / "x.db"
    with (tmp_path / "x.db-wal").open("wb") as file:
        file.truncate(size)
    fake = type("C", (), {"settings_dict": {"NAME": str(database)}})
    monkeypatch.setattr("analytics.alerts.readings.connection", fake)


Way = Callable[[pytest.MonkeyPatch, Path], Any]
DRILL: dict[str, tuple[Way, Way]] = {
    "errors": (lambda m, t: requests({500: 3, 200: 20}), lambda m, t: requests({200: 200})),
    "failed_files": (lambda m, t: failed_files(), lambda m, t: Durations.objects.all().delete()),
    "queue_age": (
        lambda m, t: version(Status.QUEUED, timedelta(minutes=45)),
        lambda m, t: DocumentVersion.objects.update(status=Status.READY),
    ),
    "disk_free": (lambda m, t: room(m, 0.9 * GB), lambda m, t: room(m, 2 * GB)),
    "backup_age": (
        lambda m, t: Backup.objects.update(started_at=START - timedelta(hours=40)),
        lambda m, t: backup(),
    ),
    "backup_failed": (lambda m, t: backup(0.5, "Not made: no room"), lambda m, t: backup(0.1)),
    "not_ready": (lambda m, t: unwell(m, well=False), lambda m, t: unwell(m, well=True)),
    "limiter_down": (
        lambda m, t: uncounted(m, broken=True),
        lambda m, t: uncounted(m, broken=False),
    ),
    "model_errors": (
        lambda m, t: answers({"model_timeout": 3, "": 7}),
        lambda m, t: answers({"": 40}),
    ),
    "log_size": (lambda m, t: log_of(m, t, 600 * 2**20), lambda m, t: log_of(m, t, 2**20)),
    "certificate_days": (
        lambda m, t: m.setattr(alerting, "days_left", lambda now: 3.2),
        lambda m, t: m.setattr(alerting, "days_left", lambda now: 89.0),
    ),
    "web_silent": (
        lambda m, t: m.setattr(alerting, "web_silence", lambda: 300.0),
        lambda m, t: m.setattr(alerting, "web_silence", lambda: 4.0),
    ),
    "no_worker": (
        lambda m, t: Worker.objects.update(pid_started="gone"),
        lambda m, t: leases.worker_register(),
    ),
}  # fmt: skip


def test_the_drill_knows_every_alert() -> None:
    assert set(DRILL) == set(NAMES)


def test_where_all_is_well_nothing_is_told(mail: MailServer, hook: Hook) -> None:
    for minute in range(3):
        assert look(minute) == 0
    assert firing() == []
    assert set(Alert.objects.values_list("name", flat=True)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_fires_and_is_resolved_through_mail_and_webhook(
    name: str, mail: MailServer, hook: Hook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    break_it, mend_it = DRILL[name]
    look(0)
    break_it(monkeypatch, tmp_path)
    look(1)
    look(2)
    assert [alert.name for alert in firing()] == [name]
    mend_it(monkeypatch, tmp_path)
    look(3)
    look(4)
    assert firing() == []
    told = [json.loads(call.body) for call in hook.calls]
    assert [(notice["alert"], notice["status"]) for notice in told] == [
        (name, "firing"),
        (name, "resolved"),
    ]
    subjects = [letter["Subject"] for letter in mail.letters]
    assert [subject.split()[1] for subject in subjects] == ["ALERT:", "RESOLVED:"]


# --- what is told, and how often ------------------------------------------------------


def test_a_notice_says_what_is_wrong_and_what_to_do(
    mail: MailServer, hook: Hook, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://library.example.org"
    low_disk(monkeypatch, range(1))
    notice = json.loads(hook.calls[0].body)
    assert notice["text"] == (
        "ALERT: The disk is nearly full. 0.5 GB are free where the data lies. "
        "Make room, or move DATA_DIR to a larger disk. https://library.example.org/dashboard/alerts"
    )
    assert (notice["value"], notice["threshold"]) == (0.5 * GB, GB)
    letter = mail.letters[0]
    assert letter["To"] == "ops@example.org, boss@example.org"
    assert "0.5 GB are free" in letter.get_content()


def test_it_is_told_again_after_the_cooldown(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ALERT_COOLDOWN = 10
    low_disk(monkeypatch, range(25))
    assert [json.loads(call.body)["status"] for call in hook.calls] == ["firing", "again", "again"]


def test_two_looks_at_once_are_one(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, 0.5 * GB)
    for _ in range(3):
        alerting.look(START)
    assert len(hook.calls) == 1
    assert Alert.objects.get(name="disk_free").streak == 0


def test_a_clock_that_was_put_back_does_not_end_the_looking(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(0)
    room(monkeypatch, 0.5 * GB)
    alerting.look(START - timedelta(days=400))
    assert Alert.objects.get(name="disk_free").firing_since is not None
    assert any(b"disk_free" in call.body for call in hook.calls)


@pytest.mark.django_db(transaction=True)
def test_several_clocks_send_each_notice_once(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, 0.5 * GB)
    gate = threading.Barrier(6)

    def clock() -> None:
        gate.wait()
        try:
            alerting.look(START)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=clock) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(hook.calls) == 1
    assert AlertNotice.objects.count() == 1


def test_nobody_is_told_where_no_channel_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    low_disk(monkeypatch, range(2))
    assert [alert.name for alert in firing()] == ["disk_free"]
    assert AlertNotice.objects.count() == 0


def test_a_threshold_of_ones_own_holds(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ALERT_THRESHOLDS = {"disk_free": 0.1 * GB}
    low_disk(monkeypatch, range(2))
    assert hook.calls == []


def test_one_that_is_turned_off_is_silent(
    hook: Hook, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ALERT_THRESHOLDS = {"disk_free": None}
    low_disk(monkeypatch, range(2))
    assert hook.calls == []


def test_few_requests_make_no_rate() -> None:
    requests({500: 5})
    (found,) = [each for each in readings(START) if each.name == "errors"]
    assert found.value == 0.0


def test_a_new_installation_has_time_for_its_first_backup() -> None:
    Backup.objects.all().delete()
    person("first", date_joined=START - timedelta(hours=3))
    found = {each.name: each.value for each in readings(START)}
    assert found["backup_age"] == pytest.approx(3, abs=0.1)


# --- the database itself --------------------------------------------------------------


def lost(monkeypatch: pytest.MonkeyPatch, *, is_lost: bool = True) -> None:
    def broken(*args: Any) -> Any:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(alerting, "watch", broken if is_lost else watch)


def test_a_database_that_is_gone_is_told_once_and_its_return_too(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(monkeypatch)
    look(0)
    look(1)
    lost(monkeypatch, is_lost=False)
    look(2)
    look(3)
    told = [json.loads(call.body) for call in hook.calls]
    assert [(each["alert"], each["status"]) for each in told] == [
        ("not_ready", "firing"),
        ("not_ready", "resolved"),
    ]


def test_that_is_told_even_without_a_cache(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise OSError

    lost(monkeypatch)
    monkeypatch.setattr("ragsite.cache.SqliteCache.add", broken)
    look(0)
    look(1)
    assert len(hook.calls) == 1


# --- who looks ------------------------------------------------------------------------


def test_the_clock_looks_each_minute(settings: Any) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["alerts"]
    assert entry["task"] == tasks.alerts.name
    assert entry["schedule"] == 60.0


def test_the_task_looks() -> None:
    tasks.alerts()
    assert Alert.objects.count() == len(NAMES)


def test_when_nobody_looks_the_web_server_can_tell() -> None:
    look(0)
    assert overview(START + timedelta(minutes=9))["nobody_looks"] is False
    assert overview(START + timedelta(minutes=11))["nobody_looks"] is True


def test_old_notices_are_forgotten(settings: Any) -> None:
    settings.METRICS_DAYS = 10
    notice()
    assert notices_forget(START + timedelta(days=11)) == 1
    assert not AlertNotice.objects.filter(created_at__lte=START).exists()
