"""Looks at every part the product leans on."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ragsite.ops.doctor import Finding, examine


class Command(BaseCommand):
    help = "Says of each part whether it is well, and what to do where it is not."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each part, and a mend for each fault; exit 1 for any fault."""
        del args, options
        faults = 0
        for finding in examine():
            self._print(finding)
            faults += not finding.is_well
        if faults:
            self.stdout.write(f"{faults} fault{'s' if faults > 1 else ''}.")
            sys.exit(1)
        self.stdout.write("All is well.")

    def _print(self, finding: Finding) -> None:
        style = self.style.SUCCESS if finding.is_well else self.style.ERROR
        word = style("ok   " if finding.is_well else "FAULT")
        self.stdout.write(f"{word}  {finding.part}: {finding.seen}")
        if finding.mend:
            self.stdout.write(f"       mend: {finding.mend}")
