"""Puts a backup into place."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ragsite.ops.backup.restore import NotEmpty, restore
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.prepare import NotReady
from ragsite.ops.telling import told


class Command(BaseCommand):
    help = "Restores a backup into an empty DATA_DIR. Stop the server first."
    requires_system_checks: list[str] = []  # there may be no database yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--force", action="store_true", help="move what is there aside")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say what was restored."""
        del args
        path = Path(options["file"]).expanduser().absolute()
        try:
            done = restore(path, force=options["force"])
        except (OSError, Unreadable, NotEmpty, NotReady) as error:
            raise CommandError(f"Nothing was restored. {told(error)}") from None
        counts = done.manifest.counts
        self.stdout.write(
            f"Restored {counts.get('documents_document', 0):,} documents and "
            f"{counts.get('chat_conversation', 0):,} conversations, as of "
            f"{done.manifest.created_at[:16].replace('T', ' ')} UTC. Everybody signs in again; "
            "API tokens that were revoked since then are valid again until they are revoked anew."
        )
        if done.kept:
            self.stdout.write(f"What was there before lies in {done.kept}.")
