"""Measures what it is worth to have asked before: each search and each question, twice.

``python -m tests.load.twice --fixture fixture.json --host http://127.0.0.1:5000``, against
a server whose caches are on and that nobody else uses meanwhile.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.load.fixture import Fixture


class Caller:
    """One person over one connection."""

    def __init__(self, host: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(host).netloc, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def took(self, method: str, path: str, body: Any = None) -> float:
        """Return the milliseconds of a request. Raises ``RuntimeError`` unless it went well."""
        began = time.perf_counter()
        data = json.dumps(body) if body is not None else None
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path} was answered {response.status}")
        return (time.perf_counter() - began) * 1000

    def searched(self, question: str) -> float:
        """Return how long a search took."""
        return self.took("GET", f"/api/search?{urlencode({'q': question})}")

    def asked(self, question: str) -> float:
        """Return how long a whole answer took."""
        return self.took("POST", "/api/chat", {"question": question})


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
