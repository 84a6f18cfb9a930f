"""Each kept release is restored and brought up to a later one, which is killed on the way."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

from tests.drill.report import Report
from tests.golden import restoring
from tests.golden.place import releases


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Restore, kill at ``given.kills`` random moments, complete, compare; for each release."""
    report = Report("Upgrade drill")
    for release in releases():
        begin = time.monotonic()
        data = restoring.restored(release, scratch)
        report.tell(f"{release}: restored and migrated", f"{time.monotonic() - begin:.1f} s")
        before = restoring.found(release, data)
        said = restoring.expected(release)
        differing = [kind for kind in said if before[kind] != said[kind]]
        report.check(f"{release}: as it said", not differing, ", ".join(differing) or "all equal")
        _interrupt(release, data, before, given.kills, report)
    return report


def _interrupt(
    release: str, data: Path, before: dict[str, object], kills: int, report: Report
) -> None:
    # Where all was made before a kill came, the next one begins with a fresh copy.
    chance, reached, faults = random.Random(108), Counter[int](), []
    place, fresh = restoring.copied(data, data.parent, f"{release}-0"), 0
    for _ in range(kills):
        restoring.killed(place, chance)
        names, rows = restoring.applied(place)
        reached[len(names)] += 1
        if bool(rows) is not bool(names):
            faults.append(f"{names} with {rows} rows")
        if len(names) == 3:
            fresh += 1
            place = restoring.copied(data, data.parent, f"{release}-{fresh}")
    told = ", ".join(f"{count} × {made} of 3" for made, count in sorted(reached.items()))
    report.check(f"{release}: {kills} kills, whole or not at all", not faults, told)
    done = restoring.later(place, "migrate", "--verbosity", "0")
    report.check(f"{release}: goes on to its end", done.returncode == 0, done.stderr[-300:])
    equal = restoring.found(release, place, **restoring.LATER) == before
    report.check(f"{release}: nothing changed for its people", equal, "")
