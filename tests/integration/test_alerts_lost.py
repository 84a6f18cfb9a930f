"""A database that is really gone: damaged, of another key, without tables, or locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.listeners import Hook

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
import django; django.setup()
from ragsite.ops import tasks
tasks.alerts()
tasks.alerts()
"""


def look(folder: Path, hook: Hook, **more: str) -> str:
    """Look twice from a process of its own, whose data lies in ``folder``; return its log."""
    given = {"DATA_DIR": str(folder), "ALERT_WEBHOOK": hook.url, "LOG_FORMAT": "json"} | more
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ragsite.settings"} | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def told(hook: Hook) -> list[tuple[str, str]]:
    notices = [json.loads(call.body) for call in hook.calls]
    return [(notice["alert"], notice["title"]) for notice in notices]


LOST = [("not_ready", "The database cannot be used")]


def test_a_database_without_tables_is_told_once(tmp_path: Path) -> None:
    with Hook() as hook:
        look(tmp_path, hook)
        assert told(hook) == LOST


@pytest.mark.parametrize("content", [b"\x00" * 8192, b"not a database at all" * 500])
def test_a_damaged_database_is_told_once_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ragsite.db").write_bytes(content)
    with Hook() as hook:
        look(tmp_path, hook)
        assert told(hook) == LOST
    assert (tmp_path / "ragsite.db").read_bytes() == content
