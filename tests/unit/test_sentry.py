"""What is reported to Sentry: types, places in the code and ids, and nothing else."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from analytics.error_log import error_note, error_noted
from documents.origin import Origin, bound
from ragsite.env import ConfigurationError
from ragsite.ops import sentry

CANARY = "canary-4711"
DSN = "https://public@sentry.example.org/1"


class Transport(SimpleNamespace):
    """Stands in for the library: takes reports through what it was told to pass them through."""

    options: dict[str, Any]
    sent: list[dict[str, Any]]

    def init(self, **options: Any) -> None:
        self.options, self.sent = options, []

    def capture_event(self, event: dict[str, Any]) -> None:
        given = event | {"server_name": "host", "user": {"ip": "::1"}, "request": {"data": CANARY}}
        self.sent.append(self.options["before_send"](given, {}))

    def flush(self, timeout: float) -> None: ...


@pytest.fixture
def transport(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Transport]:
    settings.SENTRY_DSN = DSN
    library = Transport()
    monkeypatch.setattr(importlib, "import_module", lambda name: library)
    sentry.sentry_start()
    yield library
    error_noted.disconnect(dispatch_uid="sentry")


def fail(secret: str) -> None:
    held = secret * 2
    raise ValueError(f"{held} is wrong")


def note_failure(where: str = "GET /api/x") -> None:
    try:
        fail(CANARY)
    except ValueError as error:
        with bound(Origin("the-request-id")):
            error_note(error, where)


def test_nothing_is_loaded_where_no_project_is_named(settings: Any) -> None:
    settings.SENTRY_DSN = ""
    before = len(error_noted.receivers)
    sentry.sentry_start()
    assert len(error_noted.receivers) == before


def test_without_the_package_the_start_says_what_is_missing(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENTRY_DSN = DSN

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigurationError, match="SENTRY_DSN needs the package sentry-sdk"):
        sentry.sentry_start()


def test_the_library_gathers_nothing_itself(transport: Transport) -> None:
    told = transport.options
    assert told["dsn"] == DSN
    assert told["release"] == "ragsite@0.1.0"
    for name in ("default_integrations", "auto_enabling_integrations", "send_default_pii",
                 "include_local_variables", "include_source_context"):  # fmt: skip
        assert told[name] is False
    assert told["max_request_body_size"] == "never"
    assert told["max_breadcrumbs"] == 0
    assert told["traces_sample_rate"] is None


def test_an_error_is_reported_with_its_way_and_its_request(transport: Transport) -> None:
    note_failure()
    (event,) = transport.sent
    (value,) = event["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["tags"] == {"request_id": "the-request-id"}
    assert event["transaction"] == "GET /api/x"
    assert len(event["fingerprint"][0]) == 32


def test_a_report_holds_no_value_of_anybody(transport: Transport) -> None:
    note_failure()
    text = json.dumps(transport.sent)
    assert CANARY not in text
    assert '"vars"' not in text


def test_what_a_library_adds_does_not_leave(transport: Transport) -> None:
    note_failure()
    assert {"server_name", "user", "request"}.isdisjoint(transport.sent[0])


def test_a_cause_stands_before_what_it_led_to(transport: Transport) -> None:
    try:
        try:
            fail(CANARY)
        except ValueError as inner:
            raise RuntimeError from inner
    except RuntimeError as error:
        error_note(error)
    values = transport.sent[0]["exception"]["values"]
    assert [value["type"] for value in values] == ["ValueError", "RuntimeError"]


def test_what_looks_like_a_key_is_hidden_in_the_last_place() -> None:
    scrubbed = sentry.scrubbed({"tags": {"a": ["Authorization: Bearer abcdefghijkl"]}, "x": 1})
    assert "abcdefghijkl" not in json.dumps(scrubbed)
    assert "x" not in scrubbed


def test_sentry_out_of_order_stops_nothing(transport: Transport) -> None:
    def broken(event: dict[str, Any]) -> None:
        raise OSError

    transport.capture_event = broken  # type: ignore[method-assign]
    note_failure()
