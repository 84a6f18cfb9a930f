"""A backup made while people write is restored on an empty machine and compared."""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.drill.client import Client, Crowd
from tests.drill.report import Report
from tests.drill.site import Site
from tests.load.fixture import Fixture, question, text

WRITERS = 4
_RECOUNT = (
    "from django.db import connection; from documents.index.upkeep import recount_words; "
    "recount_words(connection)"
)


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill, write and back up at once, restore elsewhere, compare, flip bytes."""
    report, site = Report("Restore drill"), Site(scratch)
    try:
        site.start()
        fixture = site.fill(people=WRITERS + 1, documents=given.documents)
        before, acknowledged, archive = _back_up(site, fixture, report)
        asked = _probe(site, fixture, given)
        site.stop()
        _restore(site, archive, report)
        _compare(before, site.state("restored"), acknowledged, fixture, report)
        site.start("restored")
        again = _probe(site, fixture, given, "restored")
        for what in asked:
            report.check(f"{what} equal", *_equal(asked[what], again[what]))
    finally:
        site.stop()
    _flip(site, archive, given.flips, report)
    return report


def _back_up(site: Site, fixture: Fixture, report: Report) -> tuple[Any, list[str], Path]:
    """Back up while four write; return the state before, what was uploaded before, the file."""
    acknowledged: list[str] = []
    clients = [site.client(person.token) for person in fixture.people[:WRITERS]]
    crowd = Crowd([_writer(client, number, acknowledged) for number, client in enumerate(clients)])
    crowd.start()
    time.sleep(10)
    before, uploaded = site.state(), list(acknowledged)
    begin = time.monotonic()
    done = site.manage("backup", "--to", str(site.scratch / "backups"), "--no-verify")
    seconds = time.monotonic() - begin
    crowd.end()
    report.check("backup under load", done.returncode == 0, done.stderr.strip()[-300:])
    archive = Path(done.stdout.strip().splitlines()[-1])
    report.tell("backup", f"{seconds:.1f} s, {archive.stat().st_size / 1e6:.1f} MB")
    report.check("writers", not crowd.faults, f"{crowd.done} deeds; {crowd.faults[:3]}")
    begin = time.monotonic()
    verified = site.manage("verify_backup", str(archive))
    report.tell("verify_backup", f"{time.monotonic() - begin:.1f} s")
    report.check("the backup is whole", verified.returncode == 0, verified.stderr.strip()[-300:])
    return before, uploaded, archive


def _writer(client: Client, number: int, acknowledged: list[str]) -> Callable[[], None]:
    """Return a deed: upload something new, ask something; one in three renames, too."""
    steps = itertools.count()

    def deed() -> None:
        step = next(steps)
        words = f"{text(10_000 * (number + 1) + step, 4)}\nWritten by {number}, {step}."
        made = client.upload(f"by-{number}-{step}.md", words.encode())
        if made is None:
            raise AssertionError("an upload was refused")
        acknowledged.append(made)
        client.answer(question(step))
        if step % 3 == 0:
            client.call("PATCH", f"/api/documents/{made}", {"title": f"Renamed {step}"})

    return deed


def _probe(
    site: Site, fixture: Fixture, given: argparse.Namespace, data: str = "data"
) -> dict[str, list[Any]]:
    """Search and ask, with nothing left but the documents of the beginning.

    How rare a word is counts in the ranking, over all documents of an installation: what
    the writers added after the backup was begun would change an answer here and there. Deleted
    words leave those counts at night: that part of the night's work is done here.
    """
    for person in fixture.people[:WRITERS]:
        client = site.client(person.token)
        for document in client.documents().keys() - set(fixture.documents):
            client.call("DELETE", f"/api/documents/{document}").raise_for_status()
    site.manage("shell", "-c", _RECOUNT, data=data).check_returncode()
    client = site.client(fixture.people[-1].token)
    searches = [client.hits(question(number)) for number in range(given.searches)]
    answers = [client.answer(question(7 * number)) for number in range(given.answers)]
    return {"searches": searches, "answers": answers}


def _equal(before: list[Any], after: list[Any]) -> tuple[bool, str]:
    """Return whether all are equal, and how many; the first difference where one is not."""
    pairs = list(zip(before, after, strict=True))
    different = [(a, b) for a, b in pairs if a != b]
    told = f"{len(pairs) - len(different)} of {len(pairs)}"
    return not different, f"{told} {different[0] if different else ''}"


def _restore(site: Site, archive: Path, report: Report) -> None:
    begin = time.monotonic()
    done = site.manage("restore", str(archive), data="restored")
    report.tell("restore", f"{time.monotonic() - begin:.1f} s")
    report.check("restored", done.returncode == 0, (done.stdout + done.stderr).strip()[-300:])


def _compare(
    before: Any, after: Any, acknowledged: list[str], fixture: Fixture, report: Report
) -> None:
    """Compare what nobody changed, and look for what was acknowledged before."""
    equal = sum(
        before["documents"][document] == after["documents"].get(document)
        for document in fixture.documents
    )
    total = len(fixture.documents)
    report.check("documents equal, with hashes", equal == total, f"{equal} of {total}")
    lost = [document for document in acknowledged if document not in after["documents"]]
    report.check("uploads kept", not lost, f"{len(acknowledged)} acknowledged, {len(lost)} lost")
    enough = after["conversations"] >= before["conversations"] > 0
    told = f"{before['conversations']} before it began, {after['conversations']} in it"
    report.check("conversations", enough, told)
    report.check("tokens equal", before["tokens"] == after["tokens"], after["tokens"])
    report.check("nothing contradicts", not after["faults"], "; ".join(after["faults"][:3]))


def _flip(site: Site, archive: Path, count: int, report: Report) -> None:
    """Flip one byte at a time: each end, and places between."""
    size, chance = archive.stat().st_size, random.Random(4)  # places, not secrets
    places = [0, 1, 15, size - 1, size // 2, *(chance.randrange(size) for _ in range(count - 5))]
    copy, missed, begin = archive.with_suffix(".flipped"), [], time.monotonic()
    for place in places:
        shutil.copy(archive, copy)
        with copy.open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ (1 << chance.randrange(8))]))
        if site.manage("verify_backup", str(copy)).returncode == 0:
            missed.append(place)
    each = (time.monotonic() - begin) / len(places)
    copy.unlink()
    report.check("flipped bytes found", not missed, f"{len(places)} places, {each:.1f} s each")
