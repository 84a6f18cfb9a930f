"""Notices on their way: channels that fail, and the command that shows and tries them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from analytics.alerts import channels
from analytics.alerts.rules import NAMES
from analytics.alerts.watching import overview
from analytics.models import AlertNotice
from tests.integration.watched import START, low_disk, notice, room
from tests.listeners import Hook, MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("well")]


# --- channels that fail ---------------------------------------------------------------


def test_a_webhook_that_fails_is_tried_again_a_few_times_and_shown(hook: Hook) -> None:
    hook.status = 500
    made = notice()
    for minute in range(200):
        channels.notices_send(START + timedelta(minutes=minute))
    made.refresh_from_db()
    assert len(hook.calls) == made.attempts == channels.MAX_ATTEMPTS
    assert made.error == "it answered with status 500"
    assert made.next_at is None
    assert overview(START)["undelivered"] == [made]
    assert overview(START + timedelta(days=2))["undelivered"] == []


def test_what_failed_once_arrives_later_and_once(hook: Hook) -> None:
    hook.status = 503
    made = notice()
    channels.notices_send(START)
    hook.status = 200
    for minute in range(1, 10):
        channels.notices_send(START + timedelta(minutes=minute))
    made.refresh_from_db()
    assert len(hook.calls) == 2
    assert made.sent_at is not None
    assert made.error == ""


def test_a_redirect_is_not_followed(hook: Hook) -> None:
    hook.status, hook.location = 302, f"http://127.0.0.1:{hook.port}/elsewhere"
    notice()
    channels.notices_send(START)
    assert [call.path for call in hook.calls] == ["/hooks/ragsite/"]


def test_a_webhook_that_drips_is_left_at_the_deadline(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.drips = True
    monkeypatch.setattr(channels, "DEADLINE", 0.3)
    made = notice()
    channels.notices_send(START)
    made.refresh_from_db()
    assert made.error == "no answer within 0 seconds"


def test_a_webhook_that_is_not_there_blocks_nothing(settings: Any, hook: Hook) -> None:
    settings.ALERT_WEBHOOK = "http://127.0.0.1:9/"
    made = notice()
    assert channels.notices_send(START) == 0
    made.refresh_from_db()
    assert made.error == "ConnectError"


def test_a_failing_webhook_does_not_keep_the_mail_back(
    hook: Hook, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.status = 500
    low_disk(monkeypatch, range(1))
    assert len(mail.letters) == 1


def test_a_mail_server_that_refuses_is_shown(
    mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail.refuses = True
    low_disk(monkeypatch, range(1))
    assert AlertNotice.objects.get().error == "SMTPRecipientsRefused"


def test_a_call_is_signed_where_a_secret_is_shared(hook: Hook, settings: Any) -> None:
    settings.ALERT_WEBHOOK_SECRET = "between us"
    notice()
    channels.notices_send(START)
    (call,) = hook.calls
    at, given = (part.partition("=")[2] for part in call.headers[channels.SIGNATURE].split(","))
    expected = hmac.new(b"between us", at.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert given == expected


def test_without_a_secret_nothing_is_signed(hook: Hook) -> None:
    notice()
    channels.notices_send(START)
    assert channels.SIGNATURE not in hook.calls[0].headers


# --- the command ----------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("alerts", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_tells_everything_that_is_watched() -> None:
    shown = command()
    assert all(f"ok    {name}: " in shown for name in NAMES)
    assert "Told to nobody" in shown


def test_the_command_fails_where_something_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    room(monkeypatch, 0)
    with pytest.raises(SystemExit):
        command()


def test_the_command_sends_a_test_to_every_channel(mail: MailServer, hook: Hook) -> None:
    assert command("--test") == "mail: sent\nwebhook: sent\n"
    assert json.loads(hook.calls[0].body)["status"] == "test"
    assert mail.letters[0]["Subject"] == "[ragsite] TEST: Notices arrive"


def test_a_test_that_does_not_arrive_fails(hook: Hook) -> None:
    hook.status = 404
    with pytest.raises(CommandError, match="webhook: it answered with status 404"):
        command("--test")


def test_a_test_needs_somebody_to_tell() -> None:
    with pytest.raises(CommandError, match="Nobody is told"):
        command("--test")
