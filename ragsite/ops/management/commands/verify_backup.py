"""Restores a backup into a scratch place and compares counts and hashes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ragsite.ops.backup.routine import backup_verify
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.telling import told


class Command(BaseCommand):
    help = "Says whether a backup can be restored. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify the backup; exit 1 for any fault."""
        del args
        try:
            backup_verify(Path(options["file"]).expanduser().absolute())
        except (OSError, Unreadable) as error:
            raise CommandError(told(error)) from None
        self.stdout.write("The backup is whole: it can be restored.")
