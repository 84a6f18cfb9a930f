"""The mixed load of the drills that break something: what four people do, and were told."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2

from tests.drill.client import Client
from tests.drill.report import Report
from tests.drill.site import Site
from tests.load.fixture import Fixture, question, text
from tests.samples import pdf_bytes

#: Seconds after the last fault until nothing may be left undone.
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
        #: Answers that arrived whole.
        self.answered = 0

    def take(self, owner: int) -> str | None:
        """Return a document of theirs that nobody works on now, or None when they have few."""
        with self.lock:
            own = [document for document, number in self.kept.items() if number == owner]
            if len(own) < 3:
                return None
            document = own[-1]
            del self.kept[document]
            self.unknown.add(document)
            return document

    def answer(self) -> None:
        """Note one more answer."""
        with self.lock:
            self.answered += 1

    def settle(self, document: str, owner: int, *, gone: bool) -> None:
        """Note what became of it."""
        with self.lock:
            self.unknown.discard(document)
            if gone:
                self.deleted.add(document)
            else:
                self.kept[document] = owner


def person(site: Site, fixture: Fixture, number: int, library: Library) -> Callable[[], None]:
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
                library.settle(made, number, gone=False)
        elif step % 5 == 2:
            asked = {"question": f"{question(step)} {CANARY}"}
            if client.call("POST", "/api/chat", asked).status_code == httpx2.codes.OK:
                library.answer()
        elif step % 5 == 3:
            _leave_stream(client, step)
        elif (document := library.take(number)) is not None:
            try:
                answer = client.call("DELETE", f"/api/documents/{document}")
            except httpx2.ConnectError:  # nobody was asked
                library.settle(document, number, gone=False)
                raise
            if answer.status_code == httpx2.codes.NO_CONTENT:
                library.settle(document, number, gone=True)

    return deed


def slowly(deed: Callable[[], None], pause: float) -> Callable[[], None]:
    """Return a deed that is followed by a pause, seconds."""

    def slow() -> None:
        deed()
        time.sleep(pause)

    return slow


def _file(name: str, words: str, *, pdf: bool) -> tuple[str, bytes]:
    return (f"{name}.pdf", pdf_bytes([words])) if pdf else (f"{name}.md", words.encode())


def _leave_stream(client: Client, step: int) -> None:
    """Ask for a stream and go after its first bytes."""
    body = {"question": f"{question(step)} {CANARY}", "stream": True}
    with client.stream("POST", "/api/chat", body) as answer:
        for _ in answer.iter_bytes():
            break


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Go on after an answer that is no list, but say what it was."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        sys.stderr.write(f"{error}: {error.response.text[:500]}\n")


def settled(site: Site, fixture: Fixture, bound: float = BOUND) -> float:
    """Wait until nothing is queued or processed, at most so long; return the seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < bound:
        with contextlib.suppress(httpx2.TransportError), _told():
            clients = (site.client(person.token) for person in fixture.people)
            states = {state for client in clients for state in client.documents().values()}
            if states <= {"ready", "failed"}:
                break
        time.sleep(1.0)
    return time.monotonic() - begin


def look(
    site: Site,
    fixture: Fixture,
    library: Library,
    report: Report,
    versions: Mapping[str, int] | None = None,
) -> None:
    """Compare what is there with what was acknowledged, when the sweeps had their time.

    ``versions`` tells of which documents there is more than one.
    """
    several = versions or {}
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
    doubled = [
        each["title"] for key, each in there.items() if len(each["versions"]) != several.get(key, 1)
    ]
    report.check("none doubled", not doubled, str(doubled[:3]))
    report.check("answers ended", "answering" not in state["messages"], str(state["messages"]))
    report.check("nothing contradicts", not state["faults"], "; ".join(state["faults"][:3]))
    missing = [document for document in fixture.documents if document not in there]
    report.check("earlier documents", not missing, f"{len(missing)} missing")
