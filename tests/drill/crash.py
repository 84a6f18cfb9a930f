"""Parts of a busy installation are killed again and again; then it has to fit together."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from tests.drill.client import Client, Crowd
from tests.drill.report import Report
from tests.drill.site import Site
from tests.integration.serving import Server, children
from tests.load.fixture import Fixture, question, text
from tests.samples import pdf_bytes

PARTS = {"web": "gunicorn", "worker": "worker", "beat": "beat"}
#: Seconds after the last kill until nothing may be left undone.
BOUND = 180.0
#: Words that stand in every document, question and name of the drill, and nowhere else.
CANARY = "Quillfeather-Ozymandrel"


class Library:
    """What the clients were told: which documents are theirs, which were deleted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: dict[str, int] = {}
        self.deleted: set[str] = set()
        #: Asked for, but no answer came: they may be there or not.
        self.unknown: set[str] = set()

    def take(self) -> str | None:
        """Return a document that nobody else works on now, or None."""
        with self.lock:
            if len(self.kept) < 5:
                return None
            document, _ = self.kept.popitem()
            self.unknown.add(document)
            return document

    def settle(self, document: str, *, gone: bool) -> None:
        """Note what became of it."""
        with self.lock:
            self.unknown.discard(document)
            if gone:
                self.deleted.add(document)
            else:
                self.kept[document] = 1


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill, use and kill, wait, look."""
    report, site, library = Report("Crash drill"), Site(scratch), Library()
    chance = random.Random(secrets.randbits(64))  # moments, not secrets
    try:
        server = site.start()
        fixture = site.fill(people=4, documents=min(given.documents, 50))
        crowd = Crowd([_person(site, fixture, number, library) for number in range(4)])
        crowd.start()
        killed = Counter(_kill(site, chance) for _ in range(given.rounds))
        crowd.end()
        report.tell("killed", ", ".join(f"{name} {count}" for name, count in killed.items()))
        report.check("clients", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
        server = site.server or server
        waited = _settled(site, fixture)
        report.check("settled", waited < BOUND, f"{waited:.0f} s after the last kill")
        _look(site, fixture, library, report)
        backup = site.manage("backup", "--to", str(scratch / "backups"))
        report.check("backup", backup.returncode == 0, backup.stderr.strip()[-200:])
        _raw_bytes(site, server, report)
    finally:
        site.stop()
    _raw_bytes(site, None, report)
    return report


def _person(site: Site, fixture: Fixture, number: int, library: Library) -> Callable[[], None]:
    """Return a deed: one of uploading, a new version, asking, leaving a stream, deleting."""
    steps = itertools.count()
    clients: dict[int, Client] = {}

    def deed() -> None:
        assert site.server is not None
        port = site.server.port
        client = clients.setdefault(port, Client(port, fixture.people[number].token))
        step = next(steps)
        if step % 5 in (0, 1):
            words = f"{text(10_000 * (number + 1) + step, 6)}\n{CANARY} {number}.{step}"
            name = f"{CANARY}-{number}-{step}"
            made = client.upload(*_file(name, words, pdf=step % 10 == 0))
            if made:
                library.settle(made, gone=False)
        elif step % 5 == 2:
            client.call("POST", "/api/chat", {"question": f"{question(step)} {CANARY}"})
        elif step % 5 == 3:
            _leave_stream(client, step)
        elif (document := library.take()) is not None:
            answer = client.call("DELETE", f"/api/documents/{document}")
            # What another person uploaded is a 404 for this one, and stays.
            if answer.status_code in (204, 404):
                library.settle(document, gone=answer.status_code == 204)

    return deed


def _file(name: str, words: str, *, pdf: bool) -> tuple[str, bytes]:
    return (f"{name}.pdf", pdf_bytes([words])) if pdf else (f"{name}.md", words.encode())


def _leave_stream(client: Client, step: int) -> None:
    """Ask for a stream and go after its first bytes."""
    body = {"question": f"{question(step)} {CANARY}", "stream": True}
    with client.stream("POST", "/api/chat", body) as answer:
        for _ in answer.iter_bytes():
            break


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


def _settled(site: Site, fixture: Fixture) -> float:
    """Wait until nothing is queued or processed; return the seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < BOUND:
        with contextlib.suppress(httpx2.HTTPError):
            clients = (site.client(person.token) for person in fixture.people)
            states = {state for client in clients for state in client.documents().values()}
            if states <= {"ready", "failed"}:
                break
        time.sleep(1.0)
    return time.monotonic() - begin


def _look(site: Site, fixture: Fixture, library: Library, report: Report) -> None:
    time.sleep(120)  # deletions and answers that were cut short are ended by the sweeps
    state: Any = site.state()
    there = state["documents"]
    lost = [document for document in library.kept if document not in there]
    report.check("uploads kept", not lost, f"{len(library.kept)} acknowledged, {len(lost)} lost")
    back = [document for document in library.deleted if document in there]
    report.check("deleted is gone", not back, f"{len(library.deleted)} deleted, {len(back)} there")
    statuses = Counter(
        version["status"] for each in there.values() for version in each["versions"].values()
    )
    report.check("ended", set(statuses) <= {"ready", "failed"}, str(dict(statuses)))
    doubled = [each["title"] for each in there.values() if len(each["versions"]) != 1]
    report.check("none doubled", not doubled, str(doubled[:3]))
    report.check("answers ended", "answering" not in state["messages"], str(state["messages"]))
    report.check("nothing contradicts", not state["faults"], "; ".join(state["faults"][:3]))
    missing = [document for document in fixture.documents if document not in there]
    report.check("earlier documents", not missing, f"{len(missing)} missing")


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
