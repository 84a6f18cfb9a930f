"""Requests that the published schema allows, and such that it does not, by schemathesis."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.drill.report import Report
from tests.drill.site import Site
from tests.integration.serving import children, command_line

#: What no answer may hold.
LEAKS = ("Traceback (most recent call last)", "sqlcipher", "/documents/ingest", "site-packages")

_FOUND = re.compile(r"^ *❌ (?:ST\d+ )?([A-Z][^:\n]+): (\d+)$", re.MULTILINE)
#: A form's fields are text, so that 0 may stand for "0"; and no schema can say which dates
#: exist or which file is damaged. These are told, and judged by people.
ARGUABLE = {"Schema-violating request accepted", "Schema-valid request rejected"}


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Ask for everything as an ordinary user, with all checks, until enough was asked."""
    report, site = Report("Fuzzing"), Site(scratch)
    try:
        server = site.start()
        fixture = site.fill(people=2, documents=min(given.documents, 20))
        processes = _processes(server.process.pid)
        statuses: Counter[int] = Counter()
        leaks: list[str] = []
        seed = 1
        while sum(statuses.values()) < given.requests and seed < 20:
            out = scratch / f"fuzz-{seed}"
            _schemathesis(site, fixture.people[1].token, out, seed)
            _count(out, statuses, leaks)
            seed += 1
        report.tell("requests", f"{sum(statuses.values())} in {seed - 1} runs")
        report.tell("statuses", ", ".join(f"{s}: {n}" for s, n in sorted(statuses.items())))
        report.check("no 5xx", not any(s >= 500 for s in statuses), "")
        report.check("no leak", not leaks, str(leaks[:3]))
        stayed = _processes(server.process.pid) == processes
        report.check("the same processes", stayed, f"{len(processes)} programs")
        found = _found(scratch)
        told = ", ".join(f"{name}: {count}" for name, count in found.items())
        report.check("what is answered is documented", not set(found) - ARGUABLE, told)
        faults = [line for line in server.said.splitlines() if "Traceback" in line]
        report.check("no trace in the log", not faults, str(len(faults)))
    finally:
        site.stop()
    return report


def _found(scratch: Path) -> Counter[str]:
    """Count what schemathesis found, by the name of the check, over all runs."""
    found: Counter[str] = Counter()
    for path in scratch.glob("fuzz-*/output.txt"):
        for name, count in _FOUND.findall(path.read_text(encoding="utf-8")):
            found[name] += int(count)
    return found


def _processes(pid: int) -> list[int]:
    return [child for child in children(pid) if "gunicorn" in command_line(child)]


def _schemathesis(site: Site, token: str, out: Path, seed: int) -> None:
    assert site.server is not None
    out.mkdir()
    url = f"http://127.0.0.1:{site.server.port}"
    command = [
        *(str(Path(sys.executable).with_name("st")), "run", f"{url}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--seed", str(seed)),
        *("--continue-on-failure", "--report", "ndjson,har", "--report-dir", str(out)),
        *("--max-examples", "40", "--workers", "2", "--request-timeout", "60"),
        # The token that the drill itself uses must live on.
        *("--exclude-path-regex", r"^/api/tokens"),
    ]
    with (out / "output.txt").open("w") as output:
        subprocess.run(command, cwd=out, stdout=output, stderr=subprocess.STDOUT, check=False)


def _count(out: Path, statuses: Counter[int], leaks: list[str]) -> None:
    """Count the answers of a run, and look into them."""
    for path in out.glob("har-*"):
        for entry in json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]:
            statuses[entry["response"]["status"]] += 1
            text = entry["response"]["content"].get("text", "") or ""
            leaks += [f"{entry['request']['url']}: {leak}" for leak in LEAKS if leak in text]
