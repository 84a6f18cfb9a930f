"""The power is cut again and again under load; what was acknowledged has to be there.

``DATA_DIR`` lies on a disk of its own, see ``tests.drill.volume``. After each cut the data are
looked at before anything is started on them, then the product starts and the load goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import secrets
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.client import Crowd
from tests.drill.mixed import Library, look, person, settled, slowly
from tests.drill.report import Report
from tests.drill.site import Site
from tests.drill.volume import Volume
from tests.integration.serving import Server, alive, children, wait_for

#: Written before each cut and never flushed: were it there afterwards, nothing was cut.
UNFLUSHED = "written-and-not-flushed"
#: Seconds between a start and the cut: while programs start, while they work.
_MOMENTS = (0.3, 12.0)
#: Seconds to read what has gathered: most of the time between two cuts is that of a start.
_BACKLOG = 1200.0
#: Seconds between two deeds of one client.
_PAUSE = 0.3


@dataclass(slots=True)
class _Seen:
    """What was found after the cuts. All lists are of faults."""

    gone: int = 0
    starts: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill, use and cut, look at what is left, start; at the end everything has to fit."""
    report, seen, library = Report("Power drill"), _Seen(), Library()
    rounds = given.rounds or 50
    chance = random.Random(secrets.randbits(64))  # moments, not secrets
    volume, site = Volume(scratch / "data"), Site(scratch)
    try:
        site.start()
        _first_cut(site, volume, seen)
        fixture = site.fill(people=4, documents=min(given.documents, 30))
        crowd = Crowd([slowly(person(site, fixture, n, library), _PAUSE) for n in range(4)])
        crowd.start()
        for number in range(rounds):
            time.sleep(chance.uniform(*_MOMENTS))
            _cut(site, volume, seen)
            _look_at_rest(site, library, seen, f"cut {number + 1}")
            _start(site, seen)
        crowd.end()
        _tell(report, seen, rounds + 1)
        report.check("clients", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
        waited = settled(site, fixture, _BACKLOG)
        report.check("settled", waited < _BACKLOG, f"{waited:.0f} s after the last cut")
        look(site, fixture, library, report)
        backup = site.manage("backup", "--to", str(scratch / "backups"))
        report.check("backup", backup.returncode == 0, backup.stderr.strip()[-200:])
    finally:
        _end(site.server)
        volume.unmount()
    return report


def _first_cut(site: Site, volume: Volume, seen: _Seen) -> None:
    """Cut as soon as the worker has made its files: all of it is new, and nothing flushed."""
    lists = volume.folder / "broker" / "control"
    wait_for(lambda: any(lists.glob("*.exchange")))
    _cut(site, volume, seen)
    _start(site, seen)


def _cut(site: Site, volume: Volume, seen: _Seen) -> None:
    """Cut the power, end what ran, and mount what is left."""
    (volume.folder / UNFLUSHED).write_bytes(b"x" * 4096)
    volume.cut()
    _end(site.server)
    volume.unmount()
    volume.mount()
    left = volume.folder / UNFLUSHED
    seen.gone += not left.exists() or not left.stat().st_size
    left.unlink(missing_ok=True)


def _end(server: Server | None) -> None:
    """Kill it and all below it, as a machine without power does."""
    if server is None:
        return
    pids = [server.process.pid, *children(server.process.pid)]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids))


def _look_at_rest(site: Site, library: Library, seen: _Seen, when: str) -> None:
    """Look at the data as the cut left them: nothing was started on them since."""
    time.sleep(0.5)  # an answer that came before the cut is noted by its thread
    with library.lock:
        kept, deleted, answered = dict(library.kept), set(library.deleted), library.answered
    state: Any = site.state()
    there = state["documents"]
    seen.lost += [f"{when}: {each}" for each in kept if each not in there]
    seen.revived += [
        f"{when}: {each}" for each in deleted if each in there and not there[each]["deleting"]
    ]
    if (kept_answers := sum(state["messages"].values())) < answered:
        seen.unanswered.append(f"{when}: {kept_answers} of {answered}")
    seen.broken += [f"{when}: {fault}" for fault in state["faults"] if _is_fault_at_rest(fault)]


def _is_fault_at_rest(fault: str) -> bool:
    """Whether it may not be even in the middle of work: half of a reading or a removal may."""
    return "_check: " in fault or "cannot be read" in fault or "is ready with" in fault


def _start(site: Site, seen: _Seen) -> None:
    """Start it as its operator would: once, without repairing anything."""
    begin = time.monotonic()
    server = site.start()
    seen.starts.append(time.monotonic() - begin)
    seen.stopped += [line for line in server.said.splitlines() if "times in a row" in line]


def _tell(report: Report, seen: _Seen, cuts: int) -> None:
    report.check("what was not flushed is gone", seen.gone == cuts, f"{seen.gone} of {cuts}")
    seconds = sorted(seen.starts)
    told = f"{len(seconds)} starts, median {seconds[len(seconds) // 2]:.1f} s, {seconds[-1]:.1f} s"
    report.check("starts by itself", not seen.stopped, f"{told} at most; {seen.stopped[:2]}")
    report.check("nothing broken at rest", not seen.broken, f"{len(seen.broken)} {seen.broken[:3]}")
    report.check("acknowledged uploads", not seen.lost, f"{len(seen.lost)} lost {seen.lost[:3]}")
    told = f"{len(seen.revived)} came back {seen.revived[:3]}"
    report.check("acknowledged deletions", not seen.revived, told)
    told = f"{len(seen.unanswered)} times too few {seen.unanswered[:3]}"
    report.check("acknowledged answers", not seen.unanswered, told)
