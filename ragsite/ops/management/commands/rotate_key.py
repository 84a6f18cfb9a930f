"""Gives database and files a new encryption key."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents.errors import StorageFailed
from ragsite.ops.prepare import NotReady
from ragsite.ops.rotation import CannotRotate, key_place, rotate
from ragsite.ops.telling import told


class Command(BaseCommand):
    help = "Encrypts everything under a new key; the old one opens nothing then. Stop the server."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate the key, and say what that means for backups."""
        del args, options
        try:
            place = key_place()
            with tqdm(disable=not sys.stderr.isatty(), unit=" files", leave=False) as bar:

                def on_file(done: int, of: int) -> None:
                    bar.total = of
                    bar.update(done - bar.n)

                rotate(place, on_file)
        except (CannotRotate, NotReady, StorageFailed, OSError) as error:
            raise CommandError(told(error)) from None
        self.stdout.write(
            f"Database and files have a new key, kept in {place.path}. Keep a copy of it. "
            "Backups made so far open with the old key only: make a new one now, and keep the old "
            "key as long as you keep them."
        )
