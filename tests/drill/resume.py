"""A folder is taken in twice: undisturbed, and with the worker killed again and again."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.drill.report import Report
from tests.drill.site import Site
from tests.integration.serving import ROOT, children
from tests.load.fixture import file

#: Seconds for a whole folder, however often it is disturbed.
BOUND = 1800.0
_KILLS_OF_DRILL = 20


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Take the folder in twice; compare what came of each file, passage by passage."""
    report = Report("Resume drill")
    folder = given.folder or _made(scratch / "files", given.documents)
    calm, seconds = _take_in(scratch / "calm", folder, report, kills=0, within=0.0)
    kills = given.rounds or _KILLS_OF_DRILL
    hurt, _ = _take_in(scratch / "hurt", folder, report, kills=kills, within=seconds)
    different = [name for name in calm | hurt if calm.get(name) != hurt.get(name)]
    passages = sum(each["passages"] for each in calm.values())
    told = f"{len(calm)} files, {passages} passages; {len(different)} different {different[:3]}"
    report.check("the same in both", not different, told)
    reasons = Counter(each["error"] or each["status"] for each in calm.values())
    report.tell("what came of them", ", ".join(f"{n} {name}" for name, n in reasons.most_common()))
    return report


def _made(folder: Path, documents: int) -> Path:
    folder.mkdir()
    for number in range(documents):
        name, data = file(number)
        (folder / name).write_bytes(data)
    return folder


def _take_in(
    scratch: Path, folder: Path, report: Report, *, kills: int, within: float
) -> tuple[dict[str, Any], float]:
    """Return what each file became, by digest, and how long that took in seconds."""
    scratch.mkdir()
    site = Site(scratch)
    try:
        server = site.start()
        site.people("ada")
        begin = time.monotonic()
        command = [sys.executable, "manage.py", "ingest", str(folder), "--owner", "ada", "--wait"]
        taking = subprocess.Popen(
            command,
            cwd=ROOT,
            env=site.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        left = 0
        chance = random.Random(secrets.randbits(64))  # moments, not secrets
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 1.6 * max(within, 10.0) / kills))
            left += taking.poll() is None
            worker = server.program("ragsite.celery worker")
            for pid in [worker, *children(worker)]:
                _kill(pid)
        taking.wait(BOUND)
        seconds = time.monotonic() - begin
        state = site.state()
    finally:
        site.stop()
    if kills:
        report.check("killed while there was work", left > 0, f"{left} of {kills} times")
    name = f"{kills} kills" if kills else "undisturbed"
    report.check(f"ended, {name}", taking.returncode in (0, 1), f"{seconds:.0f} s")
    report.check(f"nothing contradicts, {name}", not state["faults"], "; ".join(state["faults"]))
    return _by_digest(state), seconds


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _by_digest(state: Any) -> dict[str, Any]:
    """Return status, reason and passages of each version by the digest of its file.

    Raises ``AssertionError`` where a file stands there twice: nothing may be doubled.
    """
    found: dict[str, Any] = {}
    for document in state["documents"].values():
        for version in document["versions"].values():
            assert version["sha256"] not in found, "a file stands there twice"
            found[version["sha256"]] = version
    return found
