"""Runs pip-audit on pinned requirements and judges what it finds by the exceptions.

Run as a file: ``_audit.py REQUIREMENTS EXCEPTIONS``, with the Python that has pip-audit.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

_LINE: Final = re.compile(r"(\S+)\s+until\s+(\d{4}-\d\d-\d\d)\s+(\S.*)")
_ARGUMENTS: Final = (
    "--require-hashes",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
)


class BadException(Exception):
    """A line of the exceptions that cannot be read. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """Something known about a pinned package; ``names`` are all ids it is known by."""

    package: str
    version: str
    names: frozenset[str]
    mended: str

    def __str__(self) -> str:
        mend = f"mended in {self.mended}" if self.mended else "not mended yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))}, {mend}"


def exceptions(text: str) -> dict[str, date]:
    """Return until when each id is accepted. Raises ``BadException``."""
    found = {}
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if not content:
            continue
        match = _LINE.fullmatch(content)
        if match is None:
            raise BadException(f"Write an exception as: ID until YYYY-MM-DD reason. Not as: {line}")
        try:
            found[match[1]] = date.fromisoformat(match[2])
        except ValueError:
            raise BadException(f"There is no such date: {line}") from None
    return found


def weaknesses(report: dict[str, Any]) -> list[Weakness]:
    """Return what pip-audit has found."""
    return [
        Weakness(
            package["name"],
            package["version"],
            frozenset([known["id"], *known["aliases"]]),
            ", ".join(known["fix_versions"]),
        )
        for package in report["dependencies"]
        for known in package.get("vulns", ())
    ]


def unaccepted(found: list[Weakness], accepted: dict[str, date], today: date) -> list[Weakness]:
    """Return what no exception covers that still holds."""
    valid = {name for name, until in accepted.items() if until >= today}
    return [weakness for weakness in found if not weakness.names & valid]


def looked_up(requirements: str) -> dict[str, Any] | None:
    """Return pip-audit's report; nothing where it could not be made."""
    command = [sys.executable, "-m", "pip_audit", *_ARGUMENTS, "--requirement", requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.stderr.write(done.stderr[-2000:])
        return None
    return report


def main(requirements: str, exceptions_file: str) -> int:
    """Look up and judge. 0 all well, 1 a weakness, 2 nothing could be looked up."""
    try:
        accepted = exceptions(Path(exceptions_file).read_text(encoding="utf-8"))
    except (OSError, BadException) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    report = looked_up(requirements)
    if report is None:
        sys.stderr.write(f"{requirements}: nothing was looked up. Is there a network?\n")
        return 2
    # What answers in the place of the real service knows no package: that is not a clean result.
    if unknown := [each["name"] for each in report["dependencies"] if "skip_reason" in each]:
        sys.stderr.write(f"{requirements}: the service does not know {len(unknown)} packages, ")
        sys.stderr.write(f"{', '.join(unknown[:3])} among them; they were not looked up.\n")
        return 2
    found = weaknesses(report)
    bad = unaccepted(found, accepted, datetime.now(tz=UTC).date())
    sys.stdout.writelines(f"{weakness}\n" for weakness in bad)
    told = (
        f"{len(report['dependencies'])} packages, {len(found)} weaknesses, {len(bad)} not accepted"
    )
    sys.stdout.write(f"{requirements}: {told}\n")
    return min(len(bad), 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
