"""The disk under a busy installation is filled to the last bytes, again and again, and freed.

``DATA_DIR`` lies on a disk of its own, see ``tests.drill.volume``.
"""

from __future__ import annotations

import argparse
import errno
import os
import time
from collections import Counter
from pathlib import Path

import httpx2

from tests.drill.client import Client, Crowd
from tests.drill.mixed import BOUND, Library, look, person, settled, slowly
from tests.drill.report import Report
from tests.drill.site import Site
from tests.drill.volume import Volume
from tests.load.fixture import Fixture

#: Bytes that are left free: what an upload, a write-ahead log or an index just does not get.
_LEFT = (0, 16_384, 131_072, 1 << 20, 8 << 20)
#: Seconds that it stays full.
_FULL = 15.0
#: Seconds until all is as before when there is room again: a sweep a minute rings for what was
#: lost meanwhile, and then it is read.
_MENDED = 120.0
_PAUSE = 0.3
#: What may be told while nothing can be written: no room, or come back later.
_TOLD = {503, 507}


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill the library, use it, fill the disk and free it, look."""
    report, library = Report("Full disk drill"), Library()
    volume, site = Volume(scratch / "data", megabytes=600), Site(scratch)
    try:
        server = site.start()
        fixture = site.fill(people=4, documents=min(given.documents, 20))
        crowd = Crowd([slowly(person(site, fixture, n, library), _PAUSE) for n in range(4)])
        crowd.start()
        for left in _LEFT:
            _round(site, fixture, volume, left, report)
        crowd.end()
        report.check("clients", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
        waited = settled(site, fixture)
        report.check("settled", waited < BOUND, f"{waited:.0f} s after the last")
        look(site, fixture, library, report)
        restarts = Counter(line for line in server.said.splitlines() if "starting it again" in line)
        report.tell("programs that were started again", str(dict(restarts)))
    finally:
        site.stop()
        volume.unmount()
    return report


def _round(site: Site, fixture: Fixture, volume: Volume, left: int, report: Report) -> None:
    """Fill it but for so many bytes, use it, free it."""
    Client.answered.clear()
    ballast = _fill(volume.folder, left)
    time.sleep(_FULL)
    statuses = Counter(status for status, _ in Client.answered)
    wrong = [(status, where) for status, where in Client.answered if _is_wrong(status)]
    reads = _reads(site, fixture)
    backup = site.manage("backup", "--to", str(volume.folder / "backups"))
    ballast.unlink()
    seconds = _until_it_works(site, fixture)
    told = f"{dict(statuses)}; reads {reads}; works {seconds:.0f} s after; {wrong[:2]}"
    holds = not wrong and set(reads[:-1]) == {200} and reads[-1] == 503 and seconds < _MENDED
    report.check(f"{left:,} bytes free", holds, told)
    said = backup.stderr.strip()
    clear = backup.returncode == 0 or "Traceback" not in said
    report.check("backup says why", clear, said[-200:])


def _is_wrong(status: int) -> bool:
    return status >= httpx2.codes.INTERNAL_SERVER_ERROR and status not in _TOLD


def _fill(folder: Path, left: int) -> Path:
    """Take all room but this; return the file that has it."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        step, size = 1 << 24, 0
        while step >= 4096:
            room = os.statvfs(folder)
            if room.f_bavail * room.f_frsize - step < left:
                step //= 2
                continue
            try:
                os.posix_fallocate(file.fileno(), size, step)
                size += step
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2
    return ballast


def _reads(site: Site, fixture: Fixture) -> list[int]:
    """Return the statuses of a list, a search, a document and, the last, of readiness."""
    client = site.client(fixture.people[0].token)
    asked = [
        client.call("GET", "/api/documents"),
        client.call("POST", "/api/search", {"q": "the bell"}),
        client.call("GET", f"/api/documents/{fixture.documents[0]}"),
        client.call("GET", "/api/health/ready"),
    ]
    return [answer.status_code for answer in asked]


def _until_it_works(site: Site, fixture: Fixture) -> float:
    """Upload until it is read, without starting anything; return the seconds."""
    begin, client = time.monotonic(), site.client(fixture.people[-1].token)
    made: str | None = None
    while time.monotonic() - begin < 2 * _MENDED:
        made = made or client.upload("after.md", f"There is room: {time.time_ns()}".encode())
        well = client.call("GET", "/api/health/ready").status_code == httpx2.codes.OK
        if made and well and client.documents().get(made) == "ready":
            break
        time.sleep(1.0)
    return time.monotonic() - begin
