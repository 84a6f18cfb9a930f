"""Volumes put into place, brought up to a later release, and interrupted on the way."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from documents import crypto
from ragsite.db.driver import unlock
from tests.golden.place import FOLDER, KEY, ROOT, environment, manage, run

#: The settings of a later release.
LATER: Final = {"DJANGO_SETTINGS_MODULE": "tests.golden.later.settings"}
#: Seconds that a later release takes for a row, so that there is a moment to kill it in.
_SLOW: Final = {"SECONDS_A_ROW": "0.02"}


def restored(release: str, scratch: Path) -> Path:
    """Restore the volume of a release into an empty place with today's code; return its data."""
    backup, data = scratch / f"{release}.backup", scratch / release
    sealing = str(FOLDER / release), str(backup)
    run(scratch / "sealing", "-m", "tests.golden.inside", "seal", *sealing).check_returncode()
    done = manage(data, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    return data


def expected(release: str) -> dict[str, Any]:
    """Return what the release said of its volume."""
    found: dict[str, Any] = json.loads((FOLDER / release / "expected.json").read_text())
    return found


def found(release: str, data: Path, **more: str) -> dict[str, Any]:
    """Return what today's code says of data that a volume was restored into."""
    path = str(FOLDER / release / "expected.json")
    done = run(data, "-m", "tests.golden.inside", "state", path, **more)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def later(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the later release."""
    return run(data, "manage.py", *words, **LATER)


def applied(data: Path) -> tuple[list[str], int | None]:
    """Return the later release's migrations that were made, and how many rows its table has."""
    database = dbapi2.connect(str(data / "ragsite.db"))
    unlock(database, crypto.derive(crypto.master_key(KEY), "database").hex(), "ragsite.db")
    try:
        rows = database.execute("SELECT name FROM django_migrations WHERE app = 'later'")
        names = sorted(name for (name,) in rows.fetchall())
        tables = database.execute("SELECT name FROM sqlite_master WHERE name = 'later_label'")
        if not tables.fetchall():
            return names, None
        return names, database.execute("SELECT count(*) FROM later_label").fetchone()[0]
    finally:
        database.close()


def killed(data: Path, chance: random.Random) -> None:
    """Begin to bring the database up to the later release, and kill that at some moment."""
    command = [sys.executable, "-u", "manage.py", "migrate"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(data) | LATER | _SLOW,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Running migrations" in line:
            break
    time.sleep(chance.uniform(0.0, 0.8))
    process.kill()
    process.wait()
    process.stdout.close()


def copied(data: Path, scratch: Path, name: str) -> Path:
    """Return another place with the same data."""
    return Path(shutil.copytree(data, scratch / name))
