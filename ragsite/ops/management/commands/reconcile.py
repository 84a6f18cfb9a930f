"""Compares rows, files, index and cache."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from documents.ingest.reconciling.run import reconcile
from ragsite.ops.reconciliation import lines, sentences


class Command(BaseCommand):
    help = (
        "Compares rows, original files, passages, vectors, full text and page pictures, mends "
        "what can be mended and names the rest. Safe while the server runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--dry-run", action="store_true", help="Only look; change nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, report; exit 1 where something is left that only a person can mend."""
        del args
        report = reconcile(dry_run=options["dry_run"])
        if options["json"]:
            body = {
                "dry_run": report.dry_run,
                "looked": dict(report.looked),
                "mended": dict(report.mended),
                "left": sentences(report.left),
            }
            self.stdout.write(json.dumps(body, ensure_ascii=False))
        else:
            for line in lines(report):
                self.stdout.write(line)
            if not report.left:
                self.stdout.write("All is well.")
        if report.left:
            sys.exit(1)
