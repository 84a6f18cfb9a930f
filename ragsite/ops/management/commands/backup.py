"""Writes one encrypted file with everything that cannot be made again."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from documents.errors import ProductError
from ragsite.audit.services import record
from ragsite.ops.backup.routine import backup_make, backup_verify
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.telling import told


class Command(BaseCommand):
    help = "Writes a backup of database and originals, while everything goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--to", metavar="DIR", help="instead of BACKUP_DIR")
        parser.add_argument("--no-verify", action="store_true", help="do not try to restore it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write a backup, prove it, and print its path."""
        del args
        folder = Path(options["to"]).expanduser() if options["to"] else settings.BACKUP_DIR
        with tqdm(disable=not sys.stderr.isatty(), unit=" files", leave=False) as bar:

            def on_file(done: int, of: int) -> None:
                bar.total = of
                bar.update(done - bar.n)

            try:
                row = backup_make(folder, on_file)
                if not options["no_verify"]:
                    backup_verify(Path(row.path))
            except (OSError, DatabaseError, ProductError, Unreadable) as error:
                raise CommandError(f"The backup failed: {told(error)}") from None
        record("backup.made", about=("backup", row.pk))
        self.stdout.write(row.path)
        proved = "not verified" if options["no_verify"] else "verified"
        self.stderr.write(
            f"{row.size:,} bytes in {row.seconds:.1f} s, {proved}. It opens only with the "
            "DATABASE_KEY of this installation: keep that key elsewhere."
        )
