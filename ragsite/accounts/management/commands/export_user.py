"""Writes everything of one person into a ZIP file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from documents.errors import ProductError
from ragsite.people.export import user_export


class Command(BaseCommand):
    help = "Writes what is kept of and by one person into a ZIP file, which is not encrypted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("username")
        parser.add_argument("--to", required=True, metavar="FILE.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say what is in it."""
        del args
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        target = Path(options["to"]).expanduser().absolute()
        if target.exists():
            raise CommandError(f"{target} is there already.")
        try:
            counts = user_export(user, target)
        except (OSError, ProductError) as error:
            raise CommandError(f"Nothing was written. {error}") from None
        told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
        self.stdout.write(f"{target}: {told}. It is readable by you alone and not encrypted.")
