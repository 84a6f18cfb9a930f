"""Every process writes its lines in the one form: the web server's own, and Celery's."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import signals
from django.core.cache import cache
from gunicorn.config import Config  # type: ignore[import-untyped]

from ragsite.ops import heartbeat
from ragsite.ops.gunicorn_log import ServerLogger

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stream(settings: Any) -> Iterator[io.StringIO]:
    """Have the log of the settings written into memory, as JSON."""
    written = io.StringIO()
    handlers = settings.LOGGING["handlers"]
    console = handlers["console"] | {"formatter": "json", "stream": written}
    before = settings.LOGGING
    settings.LOGGING = before | {"handlers": handlers | {"console": console}}
    yield written
    logging.config.dictConfig(before)
    logging.getLogger("gunicorn.error").handlers.clear()


def test_the_web_servers_own_lines_are_like_all_others(stream: io.StringIO) -> None:
    server = ServerLogger(Config())
    server.error("Worker (pid:%s) was sent %s!\n\x1b[31m", 7, "SIGKILL")
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert (found["logger"], found["level"]) == ("gunicorn.error", "ERROR")
    assert found["message"] == "Worker (pid:7) was sent SIGKILL!\\n\\x1b[31m"


def test_a_line_of_the_web_server_is_written_once(stream: io.StringIO) -> None:
    server = ServerLogger(Config())
    server.setup(Config())
    server.warning("hello")
    assert len(stream.getvalue().splitlines()) == 1


def test_the_configuration_names_the_servers_logger() -> None:
    source = (ROOT / "ragsite" / "ops" / "gunicorn_conf.py").read_text(encoding="utf-8")
    assert f'logger_class = "{ServerLogger.__module__}.{ServerLogger.__name__}"' in source


def test_celery_leaves_logging_as_it_is() -> None:
    handlers = list(logging.getLogger().handlers)
    assert signals.setup_logging.send(sender=None)
    assert logging.getLogger().handlers == handlers


FAILING = """
import os; os.environ["LOG_FORMAT"] = "json"
import django; django.setup()
import logging, warnings
log = logging.getLogger("chat.x")
log.info("one\\ntwo")
try:
    int("canary")
except ValueError:
    log.exception("broke")
logging.getLogger("celery.worker").error("lost\\r\\nforged")
"""


def test_a_process_writes_one_object_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ragsite.settings", "LOG_LEVEL": "INFO"},
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["message"] for line in lines[:3]] == ["one\\ntwo", "broke", "lost\\r\\nforged"]
    assert lines[1]["error"] == "ValueError"
    assert "invalid literal" not in done.stderr


# --- the heartbeat of the web server --------------------------------------------------


@pytest.fixture
def _unheard() -> None:
    cache.delete("web:seen")


@pytest.mark.usefixtures("_unheard")
def test_of_a_web_server_that_never_was_nothing_is_told() -> None:
    assert heartbeat.web_silence() is None


@pytest.mark.usefixtures("_unheard")
def test_a_web_server_that_was_seen_grows_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat.web_seen()
    assert heartbeat.web_silence() == pytest.approx(0, abs=2)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert heartbeat.web_silence() == pytest.approx(100, abs=2)


def test_a_cache_that_fails_ends_no_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise OSError

    monkeypatch.setattr("ragsite.cache.SqliteCache.set", broken)
    heartbeat.web_seen()
