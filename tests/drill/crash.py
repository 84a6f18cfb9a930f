"""Parts of a busy installation are killed again and again; then it has to fit together."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2

from tests.drill.client import Crowd
from tests.drill.mixed import BOUND, CANARY, Library, look, person, settled
from tests.drill.report import Report
from tests.drill.site import Site
from tests.integration.serving import Server, children
from tests.load.fixture import Fixture

PARTS = {"web": "gunicorn", "worker": "worker", "beat": "beat"}


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill, use and kill, wait, look."""
    report, site, library = Report("Crash drill"), Site(scratch), Library()
    chance = random.Random(secrets.randbits(64))  # moments, not secrets
    try:
        server = site.start()
        fixture = site.fill(people=4, documents=min(given.documents, 50))
        crowd = Crowd([person(site, fixture, number, library) for number in range(4)])
        crowd.start()
        killed = Counter(_kill(site, chance) for _ in range(given.rounds or 100))
        crowd.end()
        report.tell("killed", ", ".join(f"{name} {count}" for name, count in killed.items()))
        report.check("clients", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
        server = site.server or server
        waited = settled(site, fixture)
        report.check("settled", waited < BOUND, f"{waited:.0f} s after the last kill")
        look(site, fixture, library, report)
        backup = site.manage("backup", "--to", str(scratch / "backups"))
        report.check("backup", backup.returncode == 0, backup.stderr.strip()[-200:])
        _raw_bytes(site, server, report)
    finally:
        site.stop()
    _raw_bytes(site, None, report)
    return report


def _kill(site: Site, chance: random.Random) -> str:
    """Wait a moment, kill something with SIGKILL, and wait until it runs again."""
    assert site.server is not None
    server = site.server
    time.sleep(chance.uniform(0.2, 4.0))
    what = chance.choice([*PARTS, "worker", "worker's child", "web's child", "everything"])
    if what == "everything":
        for pid in reversed([server.process.pid, *children(server.process.pid)]):
            _end(pid)
        server.process.wait()
        site.start()
        return what
    part = server.program(PARTS[what.removesuffix("'s child")])
    if what.endswith("child"):
        below = children(part)
        part = chance.choice(below) if below else part
        _end(part)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(part, signal.SIGKILL)
    _wait_until_it_answers(server)
    return what


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _wait_until_it_answers(server: Server) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError, httpx2.HTTPError):
            if server.get("/api/health/live") == httpx2.codes.OK:
                return
        time.sleep(0.1)
    raise AssertionError("the web server did not come back")


def _raw_bytes(site: Site, server: Server | None, report: Report) -> None:
    """Look for what people wrote, and for what is secret, in every file there is."""
    fixture = Fixture.load(site.scratch / "fixture.json")
    kept_secret = [site.keys["SECRET_KEY"], site.keys["DATABASE_KEY"]]
    kept_secret += [secret for each in fixture.people for secret in (each.token, each.session)]
    words = [CANARY.encode(), CANARY.lower().encode(), b"paid at the pier", b"SQLite format 3"]
    words += [secret.encode() for secret in kept_secret]
    found: list[str] = []
    files = 0
    for path in _files(site.scratch):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        files += 1
        found += [f"{path.relative_to(site.scratch)}: {word!r}" for word in words if word in data]
    when = "while it runs" if server else "after its end"
    report.check(f"raw bytes {when}", not found, f"{files} files; {found[:3]}")


def _files(scratch: Path) -> Iterator[Path]:
    for path in scratch.rglob("*"):
        if path.is_file() and path.name != "fixture.json":
            yield path
