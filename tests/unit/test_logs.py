"""Log lines: one each, whatever is in them, for people and for programs."""

from __future__ import annotations

import json
import logging
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from documents.origin import Origin, bound
from ragsite.logs import JsonFormatter, TextFormatter
from ragsite.ops.last_words import thread_broke

NASTY = [
    "eve\r\n2026-01-01 INFO ragsite all is well",
    '","level":"DEBUG","x":"',
    "\x1b[2J\x1b[31mred\x07",
    "half \ud83d character",
    "\u2028\u2029\u202e\x00",
    "}{][",
]


def record(message: str, *args: Any, name: str = "ragsite.x", **more: Any) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, "file.py", 1, message, args, more.pop("exc", None))
    made.__dict__.update(more)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert line.isascii()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def raised(error: BaseException) -> Any:
    try:
        raise error  # noqa: TRY301
    except BaseException:  # noqa: BLE001
        return sys.exc_info()


@pytest.mark.parametrize("text", NASTY)
def test_whatever_is_logged_is_one_valid_line_of_json(text: str) -> None:
    with bound(Origin(request_id=text)):
        parsed = as_json(record("name %s", text, name=text))
    assert parsed["level"] == "INFO"
    assert parsed["message"].startswith("name ")


@pytest.mark.parametrize("text", NASTY)
def test_whatever_is_logged_is_one_line_of_text(text: str) -> None:
    with bound(Origin(request_id=text)):
        line = TextFormatter().format(record("name %s", text, name=text))
    assert line.splitlines() == [line]
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)


def test_a_line_of_json_tells_to_whom_it_belongs() -> None:
    request = SimpleNamespace(_cached_user=SimpleNamespace(pk=7))
    with bound(Origin("the-request", "some.task", "the-task", request)):
        parsed = as_json(record("hello"))
    wanted = ("request_id", "task", "task_id", "user_id", "release", "logger", "message")
    assert [parsed[name] for name in wanted] == [
        *("the-request", "some.task", "the-task", 7, "0.1.0", "ragsite.x", "hello")
    ]
    assert parsed["time"].endswith("+00:00")


def test_what_is_not_known_is_left_out() -> None:
    assert set(as_json(record("hello"))) == {"time", "level", "logger", "message", "release"}


def test_an_exception_is_told_by_type_and_way_without_values() -> None:
    parsed = as_json(record("broke", exc=raised(ValueError("canary"))))
    assert parsed["error"] == "ValueError"
    assert "tests/unit/test_logs.py" in parsed["trace"][0]
    assert "canary" not in json.dumps(parsed)


def test_the_trace_stands_indented_below_a_line_of_text() -> None:
    first, *rest = TextFormatter().format(record("broke", exc=raised(KeyError("x")))).splitlines()
    assert first.endswith("broke")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_a_line_of_text_names_its_request() -> None:
    with bound(Origin("the-request")):
        line = TextFormatter().format(record("hello"))
    assert line.endswith(" INFO ragsite.x [the-request] hello")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_key_that_slipped_in_is_hidden(formatter: logging.Formatter) -> None:
    secret = "only-for-tests-" + "abcdefghij" * 5  # the SECRET_KEY of the tests
    line = formatter.format(record("%s and Authorization: Bearer abcdefghijkl", secret))
    assert secret not in line
    assert "abcdefghijkl" not in line


def test_django_may_not_quote_the_address_of_a_request() -> None:
    request = SimpleNamespace(method="GET", path="/canary", resolver_match=None)
    made = record("Not Found: %s", "/canary", request=request, status_code=404)
    assert as_json(made)["message"] == "404 GET (unknown)"


def test_celery_may_not_quote_an_exception_or_arguments() -> None:
    context = {"name": "t", "description": "raised unexpected", "exc": "ValueError('canary')",
               "args": "('canary',)", "traceback": "canary"}  # fmt: skip
    made = record("Task %(name)s %(description)s: %(exc)s\n%(traceback)s", context)
    assert as_json(made)["message"] == "task t raised unexpected"


def test_asyncio_may_not_quote_what_it_was_about() -> None:
    made = record("Task exception was never retrieved\nfuture: <Task ValueError('canary')>",
                  name="asyncio")  # fmt: skip
    assert as_json(made)["message"] == "Task exception was never retrieved"


def test_a_library_may_not_quote_an_exception() -> None:
    made = record("Task handler raised error: %r", ValueError("canary"), name="celery.worker")
    assert as_json(made)["message"] == "Task handler raised error: 'ValueError'"


def test_our_own_sentences_of_errors_stay() -> None:
    made = record("the scheduled backup failed: %s", OSError("There is no room."))
    assert as_json(made)["message"] == "the scheduled backup failed: There is no room."


def test_what_a_thread_dies_of_is_logged_without_values(caplog: pytest.LogCaptureFixture) -> None:
    kind, error, trace = raised(ValueError("canary"))
    thread_broke(threading.ExceptHookArgs((kind, error, trace, threading.current_thread())))
    (made,) = caplog.records
    assert as_json(made)["message"] == "the thread MainThread broke"
    assert as_json(made)["error"] == "ValueError"
    assert "canary" not in json.dumps(as_json(made))


def test_a_thread_that_ends_itself_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    kind, error, trace = raised(SystemExit(0))
    thread_broke(threading.ExceptHookArgs((kind, error, trace, None)))
    assert caplog.records == []


def test_fields_of_a_line_stand_beside_its_message() -> None:
    parsed = as_json(record("GET", fields={"status": 200, "user_id": None}))
    assert parsed["status"] == 200
    assert "user_id" not in parsed
