"""Measures what answers cost while somebody else's files are being read.

``python -m tests.load.beside --rounds 3 --files 400`` starts an installation of its own.
A round: one person asks with nothing else going on, another queues files, the first asks
again until they are read. What counts are the ratios inside a round: the machine may be
shared. Nothing is kept in caches, so every answer is worked out.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import django

from tests.integration.serving import Server
from tests.load.client import Caller
from tests.load.fixture import file, question

#: Files that are still to be read when a phase ends: the last ones come to an end by themselves.
_LAST = 10
_SETTINGS = {
    **{f"RATE_LIMIT_{name}": "off" for name in ("REQUESTS", "ASK", "SEARCH", "UPLOAD", "GUESS")},
    "CHAT_MODEL": "extractive",
    "EMBEDDING_MODEL": "auto",
    "SEARCH_CACHE_SECONDS": "0",
    "ANSWER_CACHE_SECONDS": "0",
}


@dataclass(slots=True)
class Phase:
    """Milliseconds of each answer, of each search, and of each upload until it was ready."""

    answers: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)

    def told(self) -> str:
        """Return a line with medians and 95th percentiles."""
        parts = (("answer", self.answers), ("search", self.searches), ("upload", self.uploads))
        return "; ".join(
            f"{name} p50 {statistics.median(took):.0f} p95 {p95(took):.0f} ms ({len(took)})"
            for name, took in parts
            if took
        )


def p95(took: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed; the largest of fewer than twenty."""
    return sorted(took)[min(len(took) - 1, int(0.95 * len(took)))]


def ratios(alone: Phase, beside: Phase) -> str:
    """Return how many times longer it took beside the others, where both were measured."""
    told = []
    for name, value, before, after in (
        ("answer p50", statistics.median, alone.answers, beside.answers),
        ("answer p95", p95, alone.answers, beside.answers),
        ("search p95", p95, alone.searches, beside.searches),
        ("upload p50", statistics.median, alone.uploads, beside.uploads),
    ):
        if before and after:
            told.append(f"{name} {value(after) / value(before):.2f}")
    return ", ".join(told)


class Site:
    """The installation, filled, and the two who use it. Django must be set up."""

    def __init__(self, host: str, documents: int) -> None:
        from documents.models import DocumentVersion  # noqa: PLC0415
        from tests.load import filling  # noqa: PLC0415

        self._filling, self._versions, self._numbers = filling, DocumentVersion, count(10_000)
        fixture = filling.fill(people=2, documents=documents)
        self._questions = [question(number) for number in range(documents)]
        self._asker = Caller(host, fixture.people[0].token)

    def queue(self, files: int) -> None:
        """Put files of somebody else into the queue, as fast as it goes."""
        from django.contrib.auth.models import User  # noqa: PLC0415

        from documents.services.collections import collection_default  # noqa: PLC0415

        user = User.objects.get(username="load-1")
        collection = collection_default(user)
        for _ in range(files):
            self._filling.uploaded(user, collection, next(self._numbers))

    def waiting(self) -> int:
        """Return how many files are still to be read."""
        return int(self._versions.objects.unfinished().count())

    def ask(self, goes_on: Callable[[int], bool], pause: float) -> Phase:
        """Ask, search and now and then upload, one after the other, as long as it goes on."""
        phase = Phase()
        number = 0
        while goes_on(number):
            question = self._questions[number % len(self._questions)]
            phase.answers.append(self._asker.asked(question))
            phase.searches.append(self._asker.searched(question))
            if number % 10 == 5:
                phase.uploads.append(self._upload())
            time.sleep(pause)
            number += 1
        return phase

    def _upload(self) -> float:
        name, data = file(next(self._numbers) * 4)
        began = time.perf_counter()
        document = self._asker.uploaded(name, data)
        while self._asker.status(document) != "ready":
            time.sleep(0.05)
        return (time.perf_counter() - began) * 1000


def measure(site: Site, given: argparse.Namespace) -> None:
    """Run the rounds and print a line for each phase."""
    site.ask(lambda number: number < 5, given.pause)  # warms everything
    for number in range(given.rounds):
        alone = site.ask(lambda done: done < given.questions, given.pause)
        site.queue(given.files)
        began, queued = time.monotonic(), site.waiting()
        beside = site.ask(
            lambda done: site.waiting() > _LAST and done < 10 * given.questions, given.pause
        )
        rate = (queued - site.waiting()) / (time.monotonic() - began)
        while site.waiting():
            time.sleep(0.2)
        sys.stdout.write(
            f"Round {number + 1}, alone: {alone.told()}\n"
            f"  beside {queued} files ({rate:.1f} a second): {beside.told()}\n"
            f"  times as long: {ratios(alone, beside)}\n"
        )
        sys.stdout.flush()


def main() -> int:
    """Start an installation, measure, stop it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.beside", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=400, help="queued in each round")
    parser.add_argument("--questions", type=int, default=60, help="asked with nothing beside")
    parser.add_argument("--documents", type=int, default=200, help="there before it begins")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between questions")
    given = parser.parse_args()
    concurrency = {"WEB_CONCURRENCY": "2", "WORKER_CONCURRENCY": "2"}
    key = {"DATABASE_KEY": secrets.token_hex()}
    with tempfile.TemporaryDirectory(prefix="ragsite-beside-") as scratch:
        server = Server(Path(scratch) / "data", "--migrate", **_SETTINGS, **concurrency, **key)
        try:
            server.wait_until_ready()
            os.environ |= server.environment | {"DJANGO_SETTINGS_MODULE": "ragsite.settings"}
            django.setup()
            measure(Site(f"http://127.0.0.1:{server.port}", given.documents), given)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
