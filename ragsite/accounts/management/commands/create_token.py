"""Makes an API token and prints it, alone, on standard output."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from documents.errors import InvalidInput
from ragsite.accounts.models import APIToken
from ragsite.accounts.services import token_create


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="to recognise it by")
        parser.add_argument("--scope", choices=APIToken.Scope.values, default="write")
        parser.add_argument("--days", type=int, help="until it expires; without it, never")

    def handle(
        self, *, username: str, name: str, scope: str, days: int | None, **_options: Any
    ) -> None:
        users = get_user_model()
        user = users.objects.filter(**{users.USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if not user.is_active:
            raise CommandError(f"The user {username!r} is disabled.")
        try:
            _, secret = token_create(user=user, name=name, scope=scope, days=days)
        except InvalidInput as error:
            raise CommandError(error.message, returncode=2) from None
        self.stdout.write(secret)
