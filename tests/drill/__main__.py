"""Drills: the whole product, run and broken on purpose, and then looked at.

``restore`` backs up under load, restores elsewhere and compares; ``crash`` kills parts of it
again and again; ``power`` cuts the power of the disk that the data lie on (root only), and ``full``
fills that disk; ``clock`` lets the clock on the wall jump (needs a C compiler); ``fuzz`` sends what
the schema allows, and what it does not; ``isolation`` asks with the words of somebody else;
``resume`` kills the worker while a folder is taken in; ``upgrade`` kills migrations of every
release that is kept. Each works on an installation of its own, which is thrown away.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.drill import (
    clock,
    crash,
    full,
    fuzz,
    isolation,
    power,
    restore,
    resume,
    upgrade,
)
from tests.drill.volume import NotPossible

DRILLS = {
    "restore": restore.run,
    "crash": crash.run,
    "power": power.run,
    "full": full.run,
    "clock": clock.run,
    "fuzz": fuzz.run,
    "isolation": isolation.run,
    "resume": resume.run,
    "upgrade": upgrade.run,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/drill", description=__doc__)
    parser.add_argument("drill", choices=DRILLS)
    parser.add_argument("--documents", type=int, default=500, help="there before it begins")
    parser.add_argument("--searches", type=int, default=50, help="restore, isolation: so many")
    parser.add_argument("--answers", type=int, default=20, help="restore: compared")
    parser.add_argument("--flips", type=int, default=30, help="restore: bytes of the archive")
    parser.add_argument("--rounds", type=int, help="crash: 100; resume: 20; power: 50")
    parser.add_argument("--requests", type=int, default=10_000, help="fuzz: at least so many")
    parser.add_argument("--folder", type=Path, help="resume: taken in instead of made files")
    parser.add_argument("--kills", type=int, default=10, help="upgrade: of each kept release")
    parser.add_argument("--keep", type=Path, help="work here and leave data and log")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            return min(DRILLS[given.drill](given, given.keep).failed, 1)
        with tempfile.TemporaryDirectory(prefix="ragsite-drill-") as scratch:
            return min(DRILLS[given.drill](given, Path(scratch)).failed, 1)
    except NotPossible as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
