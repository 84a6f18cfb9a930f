"""Erases one person."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from documents.errors import ProductError
from ragsite.people.erase import user_erase


class Command(BaseCommand):
    help = (
        "Erases a person: account, conversations, collections that nobody else is a member of. "
        "Nothing brings them back but a backup."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("username")
        parser.add_argument("--heir", metavar="USERNAME", help="owns what others would lose")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the name once more, erase, and say what went."""
        del args
        name = options["username"]
        user, heir = self._named(name), None
        if options["heir"]:
            heir = self._named(options["heir"])
        if not options["yes"] and input(f"Type {name} again to erase this person: ") != name:
            raise CommandError("Nothing was erased.")
        try:
            counts = user_erase(user, heir=heir)
        except ProductError as error:
            raise CommandError(f"Nobody was erased. {error.message}") from None
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        self.stdout.write(
            f"{name} is erased ({told}). Backups made so far hold what was: they go with their "
            "time, or when you delete them."
        )

    def _named(self, username: str) -> User:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        return user
