"""What a drill has seen, as lines of a table."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Lines are written as they come; ``failed`` counts the checks that did not hold."""

    title: str
    failed: int = 0
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._write(f"# {self.title}\n\n| | | |\n|---|---|---|")

    def check(self, what: str, holds: bool, seen: str) -> None:
        """Note whether something holds, and what was seen."""
        self.failed += not holds
        self._write(f"| {what} | {'holds' if holds else '**does not hold**'} | {seen} |")

    def tell(self, what: str, seen: str) -> None:
        """Note a measure."""
        self._write(f"| {what} | | {seen} |")

    def _write(self, line: str) -> None:
        self.lines.append(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
