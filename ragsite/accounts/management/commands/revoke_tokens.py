"""Revokes API tokens: those of some people, or all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from ragsite.accounts.services import tokens_revoke


class Command(BaseCommand):
    help = "Revokes the API tokens of the named users, or of everybody. New ones can be made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("usernames", nargs="*", metavar="USERNAME")
        parser.add_argument("--all", action="store_true", help="of everybody")

    def handle(self, *args: Any, **options: Any) -> None:
        """Revoke, and say how many."""
        del args
        names, everybody = options["usernames"], options["all"]
        if bool(names) is everybody:
            raise CommandError("Name users, or say --all.", returncode=2)
        users = get_user_model().objects.all()
        if names:
            users = users.filter(username__in=names)
            if missing := set(names) - {user.get_username() for user in users}:
                raise CommandError(f"There is no user {min(missing)!r}.")
        revoked = tokens_revoke(users)
        self.stdout.write(f"{revoked} API token{'s' if revoked != 1 else ''} revoked.")
