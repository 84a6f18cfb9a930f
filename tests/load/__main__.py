"""Runs a load profile against an installation of its own and tells how it was borne.

Starts ``manage.py serve`` on a free port with a fresh ``DATA_DIR``, fills it, lets people at
it, and looks meanwhile at memory and at the write-ahead log. Rate limits are off: one
machine plays everybody.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.integration.serving import ROOT, Server
from tests.load.fixture import VARIABLE

PROFILES = ("read", "ask", "upload", "mixed")
LIMITS = ("REQUESTS", "ANONYMOUS", "LOGIN", "ACCOUNT", "GUESS", "ASK", "SEARCH", "UPLOAD")
#: Nothing like these may be in the log.
BAD_WORDS = ("database is locked", "Traceback", "WORKER TIMEOUT", "MemoryError")
MB = 1_000_000


@dataclass(slots=True)
class Watch:
    """Memory by program and size of the write-ahead log, over time."""

    pid: int
    log: Path
    memory: list[dict[str, float]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def look(self) -> None:
        """Note what is now; memory is what each process has for itself (USS), in MB."""
        sums: dict[str, float] = {}
        for process in psutil.Process(self.pid).children(recursive=True):
            try:
                name, used = _program(process.cmdline()), process.memory_full_info().uss / MB
            except psutil.Error:  # ended meanwhile
                continue
            sums[name] = sums.get(name, 0.0) + used
        self.memory.append(sums)
        self.sizes.append(self.log.stat().st_size if self.log.exists() else 0)

    @contextmanager
    def every(self, seconds: float) -> Iterator[None]:
        """Look again and again until the block ends, and once more then."""
        ended = threading.Event()

        def loop() -> None:
            while not ended.wait(seconds):
                self.look()

        self.look()
        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.look()

    def told(self) -> list[str]:
        """Return lines for the summary."""
        names = sorted({name for sums in self.memory for name in sums})
        parts = ("before", "after a third", "after two thirds", "at the end", "at most")
        lines = ["", f"| MB of | {' | '.join(parts)} |", "|---|--:|--:|--:|--:|--:|"]
        for name in names:
            seen = [sums.get(name, 0.0) for sums in self.memory]
            at = [seen[len(seen) * third // 3] for third in range(3)]
            lines.append(
                f"| {name} | {' | '.join(f'{mb:.0f}' for mb in (*at, seen[-1], max(seen)))} |"
            )
        largest, last = max(self.sizes) / MB, self.sizes[-1] / MB
        return [*lines, "", f"Write-ahead log: at most {largest:.1f} MB, {last:.1f} MB at the end."]


def _program(command: list[str]) -> str:
    for word, name in (("gunicorn", "web"), ("worker", "worker"), ("beat", "beat")):
        if word in command:
            return name
    return "reading"  # the process that reads one file


def environment(given: argparse.Namespace) -> dict[str, str]:
    """Return what the server runs with, besides what a test server does."""
    limits = {f"RATE_LIMIT_{name}": "off" for name in LIMITS}
    concurrency = {
        "WEB_CONCURRENCY": str(given.web),
        "WORKER_CONCURRENCY": str(given.worker),
    }
    return {**limits, **concurrency, "CHAT_MODEL": "extractive", "EMBEDDING_MODEL": "auto"}


def prepare(server: Server, given: argparse.Namespace, fixture: Path) -> None:
    """Fill the installation; a ``CalledProcessError`` where that fails."""
    counts = ["--people", str(given.users), "--documents", str(given.documents)]
    command = [sys.executable, "-m", "tests.load.prepare", *counts, "--out", str(fixture)]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True)


def locust(server: Server, given: argparse.Namespace, fixture: Path) -> int:
    """Let people at it; return 1 where a limit was broken."""
    command = [
        *(sys.executable, "-W", "ignore", "-m", "locust", "--headless", "--loglevel", "WARNING"),
        *("--locustfile", "tests/load/locustfile.py", "--only-summary", "--stop-timeout", "30"),
        *("--host", f"http://127.0.0.1:{server.port}"),
        *("--users", str(given.users), "--spawn-rate", str(max(1, given.users // 8))),
        *("--run-time", f"{given.seconds}s"),
    ]
    variables = {VARIABLE: str(fixture), "LOAD_PROFILE": given.profile}
    variables |= {"LOAD_SLOWER": str(given.slower), "LOAD_FAILURES": str(given.failures)}
    if given.summary:
        variables["LOAD_SUMMARY"] = str(given.summary)
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False)
    return done.returncode


def bad_lines(text: str) -> list[str]:
    """Return the lines of a server's log that tell of a fault."""
    return [line for line in text.splitlines() if any(word in line for word in BAD_WORDS)]


def run(given: argparse.Namespace, scratch: Path) -> int:
    """Start, fill, load, tell. Exit code 0 where every limit holds and the log is clean."""
    server = Server(scratch / "data", "--migrate", **environment(given))
    try:
        server.wait_until_ready()
        fixture = scratch / "fixture.json"
        prepare(server, given, fixture)
        time.sleep(5)
        watch = Watch(server.process.pid, scratch / "data" / "ragsite.db-wal")
        before = os.getloadavg()[0]
        with watch.every(2.0):
            code = locust(server, given, fixture)
            time.sleep(5)
        found = bad_lines(server.said)
        after = os.getloadavg()[0]
        busy = f"Load average of the machine: {before:.1f} before, {after:.1f} after."
        log = f"Faults in the server's log: {len(found)}."
        sys.stdout.write("\n".join([*watch.told(), busy, log, *found[:20], ""]))
        return 1 if found else code
    finally:
        server.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/load", description=__doc__)
    parser.add_argument("profile", nargs="?", choices=PROFILES, default="mixed")
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--documents", type=int, default=200, help="there before it begins")
    parser.add_argument("--web", type=int, default=2, help="web processes")
    parser.add_argument("--worker", type=int, default=2, help="files read at a time")
    parser.add_argument("--slower", type=float, default=1.0, help="multiplies the limits of p95")
    parser.add_argument("--failures", type=float, default=0.0, help="share that may fail, 0 to 1")
    parser.add_argument("--summary", type=Path, help="file for the table")
    parser.add_argument("--keep", type=Path, help="work here and leave data and log")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        return run(given, given.keep)
    with tempfile.TemporaryDirectory(prefix="ragsite-load-") as scratch:
        return run(given, Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
