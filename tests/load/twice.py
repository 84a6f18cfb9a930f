"""Measures what it is worth to have asked before: each search and each question, twice.

``python -m tests.load.twice --fixture fixture.json --host http://127.0.0.1:5000``, against
a server whose caches are on and that nobody else uses meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.load.client import Caller
from tests.load.fixture import Fixture


def row(name: str, first: Sequence[float], second: Sequence[float]) -> str:
    """Return a line with both medians and what lies between them."""
    before, after = statistics.median(first), statistics.median(second)
    return f"{name}: {before:.1f} ms, again {after:.1f} ms, {before / after:.1f} times as fast"


def main() -> int:
    """Measure, and print a line for searches and one for answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.twice", description=__doc__)
    parser.add_argument("--fixture", type=Path, required=True)
    parser.add_argument("--host", required=True)
    given = parser.parse_args()
    fixture = Fixture.load(given.fixture)
    caller = Caller(given.host, fixture.people[0].token)
    questions = list(dict.fromkeys(fixture.questions))  # many documents, fewer questions
    caller.searched("warm")
    for name, ask in (("A search", caller.searched), ("A whole answer", caller.asked)):
        first = [ask(question) for question in questions]
        second = [ask(question) for question in questions]
        sys.stdout.write(f"{row(name, first, second)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
