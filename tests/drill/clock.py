"""The wall clock of a busy installation jumps; everything goes on, once, and in its order."""

from __future__ import annotations

import argparse
import json
import shelve
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from tests.drill.client import Client, Crowd
from tests.drill.mixed import BOUND, Library, look, person, settled, slowly
from tests.drill.report import Report
from tests.drill.site import Site
from tests.drill.stepping import SteppedClock
from tests.integration.serving import ROOT
from tests.load.fixture import Fixture, Person, text

HOUR, DAY = 3600, 86_400
#: Searches admitted for one user in a minute.
LIMIT = 60
#: Seconds that a limit may hold somebody up: its own minute and a little.
_HELD = 65.0
#: Seconds in which regular work that is due each minute has to be seen again.
_REGULAR = 90.0
#: Seconds in which documents that were under way when the clock jumped have to be read.
_USUAL = 60.0
#: Seconds within which a worker that lives is heard of, and the look itself takes.
_HEARD = 30.0
#: Seconds between two deeds of one client.
_PAUSE = 3.0
#: Times that the drill can pass half past two at night: with each jump that goes over it, once
#: at the end of each, and once by itself.
_NIGHTS = 6
#: Both changes of summer time of a year in Europe, in UTC.
_SPRING = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)
_AUTUMN = datetime(2026, 10, 25, 0, 59, 50, tzinfo=UTC)


@dataclass(slots=True)
class _Drill:
    site: Site
    clock: SteppedClock
    fixture: Fixture
    report: Report
    #: A token that ends a day after the begin.
    of_a_day: str
    #: Questions of one conversation as they were asked, and of the document its versions.
    asked: list[str] = field(default_factory=list)
    conversation: str = ""
    document: str = ""
    versions: int = 1

    @property
    def prober(self) -> Person:
        """Somebody who is not in the crowd."""
        return self.fixture.people[-1]

    def client(self, token: str | None = None) -> Client:
        return self.site.client(token or self.prober.token)


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill, use, let the clock jump to and fro, look."""
    report, library, clock = Report("Clock drill"), Library(), SteppedClock(scratch)
    # A second process reads while the first does regular work: how long that waits is not asked.
    more = {"RATE_LIMIT_SEARCH": f"{LIMIT}/m", "TZ": "Europe/Berlin", "WORKER_CONCURRENCY": "2"}
    site = Site(scratch, **clock.environment, **more)
    begin = time.monotonic()
    try:
        site.start()
        fixture = site.fill(people=5, documents=min(given.documents, 20))
        short, fixture = fixture.people[-1].token, _lasting(site, fixture)
        drill = _Drill(site, clock, fixture, report, short)
        _begin(drill)
        crowd = Crowd([slowly(person(site, fixture, n, library), _PAUSE) for n in range(4)])
        crowd.start()
        jumps = _jumps(drill)
        for name, jump in jumps.items():
            _after(drill, name, jump)
        crowd.end()
        report.check("clients", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
        waited = settled(site, fixture)
        report.check("settled", waited < BOUND, f"{waited:.0f} s after the last jump")
        look(site, fixture, library, report, versions={drill.document: drill.versions})
        _order(drill)
        assert site.server is not None
        restarts = [line for line in site.server.said.splitlines() if "starting it again" in line]
        report.check("nothing restarted", not restarts, str(restarts[:3]))
    finally:
        site.stop()
    _schedule(report, scratch / "data", time.monotonic() - begin, len(jumps))
    return report


def _lasting(site: Site, fixture: Fixture) -> Fixture:
    """Return the same people with tokens that outlive the jumps."""
    people = []
    for number, each in enumerate(fixture.people):
        done = site.manage("create_token", f"load-{number}", "--days", "90")
        people.append(replace(each, token=done.stdout.strip()))
    return replace(fixture, people=people)


def _jumps(drill: _Drill) -> dict[str, Callable[[], None]]:
    clock = drill.clock
    return {
        "1 h forward": lambda: clock.step(HOUR),
        "1 h back": lambda: clock.step(-HOUR),
        "1 day forward": lambda: clock.step(DAY),
        "1 day back": lambda: clock.step(-DAY),
        "1 h back again": lambda: clock.step(-HOUR),
        "20 s back": lambda: clock.step(-20),
        "to the begin of summer time": lambda: clock.put_to(_SPRING),
        "to the end of summer time": lambda: clock.put_to(_AUTUMN),
        "home": lambda: clock.step(-clock.ahead),
    }


def _begin(drill: _Drill) -> None:
    """Begin a conversation and a document that go on through all jumps."""
    _ask(drill)
    found = drill.client().upload("versions.md", b"This is version 1 of the drill's own notice.")
    assert found is not None
    drill.document = found
    seen = _until(lambda: _moment(drill.site)["looked"], 2 * _REGULAR)
    drill.report.tell("regular work before the jumps", f"seen after {seen:.0f} s")


def _ask(drill: _Drill) -> None:
    question = f"Question {len(drill.asked) + 1}: when is the bell rung?"
    body = {"question": question}
    if drill.conversation:
        body["conversation_id"] = drill.conversation
    answer = drill.client().call("POST", "/api/chat", body)
    answer.raise_for_status()
    drill.conversation = answer.json()["conversation_id"]
    drill.asked.append(question)


def _after(drill: _Drill, name: str, jump: Callable[[], None]) -> None:
    """Let the clock jump in the middle of work, and look at everything that goes by it."""
    client, looked = drill.client(), _moment(drill.site)["looked"]
    under_way = [client.upload(f"{name}-{n}.md", _words(name, n)) for n in range(8)]
    before = drill.clock.ahead
    jump()
    jumped = drill.clock.ahead - before
    told = [_signed_in(drill)]
    _ask(drill)
    _new_version(drill)
    read = _until(lambda: set(under_way) <= _ready(client), BOUND)
    regular = _until(lambda: _moment(drill.site)["looked"] != looked, BOUND)
    told += [f"read after {read:.0f} s", f"regular work after {regular:.0f} s", _limited(drill)]
    seen = _moment(drill.site)
    heard = abs(seen["worker"] - drill.clock.now()) < _HEARD
    tries = max(seen["retries"], default=1)
    told.append(f"worker {'' if heard else 'not '}heard of, most tries {tries}")
    holds = read < _USUAL and regular < _REGULAR and tries <= 2 and "not " not in str(told)
    drill.report.check(f"{name} ({jumped:+,.0f} s)", holds, "; ".join(told))
    drill.report.tell("fires", ", ".join(seen["firing"]) or "nothing")


def _words(name: str, number: int) -> bytes:
    return f"{text(sum(map(ord, name)) + number, 20)}\nWritten for {name}, {number}.".encode()


def _ready(client: Client) -> set[str | None]:
    return {document for document, status in client.documents().items() if status == "ready"}


def _signed_in(drill: _Drill) -> str:
    """Say whether a session is taken, and whether a token for a day ends with that day."""
    assert drill.site.server is not None
    url = f"http://127.0.0.1:{drill.site.server.port}/documents/"
    page = httpx2.get(url, cookies={"sessionid": drill.prober.session}, trust_env=False)
    session = "signed in" if page.status_code == httpx2.codes.OK else "not signed in"
    status = drill.client(drill.of_a_day).call("GET", "/api/documents").status_code
    is_over = drill.clock.ahead > DAY - HOUR
    right = status == (httpx2.codes.UNAUTHORIZED if is_over else httpx2.codes.OK)
    return f"{session}, {status} for a token of a day{'' if right else ': not right'}"


def _limited(drill: _Drill) -> str:
    """Search as fast as it goes; say how many were admitted, and how long none was after."""
    client, admitted = drill.client(), 0
    while admitted < 3 * LIMIT and _search(client):
        admitted += 1
    held = _until(lambda: _search(client), 2 * _HELD)
    right = LIMIT <= admitted <= 2 * LIMIT and held < _HELD
    return f"{admitted} searches, then held for {held:.0f} s{'' if right else ': not right'}"


def _search(client: Client) -> bool:
    answer = client.call("POST", "/api/search", {"q": "the bell", "limit": 1})
    assert answer.status_code in {200, 429}, answer.text
    return bool(answer.status_code == httpx2.codes.OK)


def _new_version(drill: _Drill) -> None:
    drill.versions += 1
    words = f"This is version {drill.versions} of the drill's own notice.".encode()
    path = f"/api/documents/{drill.document}/versions"
    drill.client().call("POST", path, files=[("file", ("v.md", words))]).raise_for_status()


def _order(drill: _Drill) -> None:
    """Look whether turns and versions stand in the order in which they came."""
    client = drill.client()
    found = client.call("GET", f"/api/conversations/{drill.conversation}").json()["messages"]
    in_order = [message["question"] for message in found] == drill.asked
    drill.report.check("turns in their order", in_order, f"{len(found)} of {len(drill.asked)}")
    shown = client.call("GET", f"/api/documents/{drill.document}").json()["current_version"]
    told = f"version {shown} of {drill.versions} answers"
    drill.report.check("the newest version answers", shown == drill.versions, told)


def _moment(site: Site) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.drill.moment"],
        cwd=ROOT,
        env=site.environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _until(condition: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, or that long; return the seconds that it took."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds and not condition():
        time.sleep(1.0)
    return time.monotonic() - begin


def _schedule(report: Report, data: Path, seconds: float, jumps: int) -> None:
    """Look how often the clock of regular work has started each: neither stopped nor twice."""
    with shelve.open(str(data / "beat-schedule"), flag="r") as kept:
        runs = {name: entry.total_run_count for name, entry in kept["entries"].items()}
    # Started some seconds after the server; with each jump, one more or one less.
    for name, every in (("chat-sweep", 15.0), ("sweep", 60.0), ("alerts", 60.0)):
        usual = seconds / every
        holds = usual - jumps - 20 / every - 1 <= runs[name] <= usual + jumps + 1
        told = f"{runs[name]} runs, {usual:.0f} in {seconds:.0f} s without jumps"
        report.check(f"{name} each {every:.0f} s", holds, told)
    report.check("one backup a night", runs["backup"] <= _NIGHTS, f"{runs['backup']} runs")
