"""The broker's folder after a power cut."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from ragsite.ops.broker import broker_mend


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("control", "queue"):
        (tmp_path / name).mkdir()
    return tmp_path


def _file(path: Path, content: bytes, *, age: float = 60.0) -> Path:
    path.write_bytes(content)
    at = time.time() - age
    os.utime(path, (at, at))
    return path


NAMES = ["control/celery.exchange", "queue/1_a.celery.msg"]
DAMAGED = [b"", b"\0" * 40, b'[["celery", ', b"\xff\xfe"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", DAMAGED)
def test_what_a_power_cut_left_unreadable_is_removed(
    folder: Path, name: str, content: bytes
) -> None:
    path = _file(folder / name, content)
    assert broker_mend(folder) == 1
    assert not path.exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_read_stays(folder: Path, name: str) -> None:
    path = _file(folder / name, json.dumps([["celery", "", "celery"]]).encode())
    assert broker_mend(folder) == 0
    assert path.exists()


def test_what_is_being_written_stays(folder: Path) -> None:
    fresh = _file(folder / "queue/1_a.celery.msg", b"", age=0.0)
    locked = _file(folder / "queue/2_b.celery.msg", b"")
    with locked.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert broker_mend(folder) == 0
    assert fresh.exists()
    assert locked.exists()


def test_a_file_from_before_the_clock_was_put_back_is_old(folder: Path) -> None:
    _file(folder / "control/celery.exchange", b"", age=-3600.0)
    assert broker_mend(folder) == 1


def test_other_files_are_not_looked_at(folder: Path) -> None:
    path = _file(folder / "queue/notes.txt", b"")
    assert broker_mend(folder) == 0
    assert path.exists()


def test_a_broker_without_a_folder_needs_nothing(tmp_path: Path) -> None:
    assert broker_mend(tmp_path / "nowhere") == 0
