"""On whose behalf a command acts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError


def add_user_argument(parser: ArgumentParser, flag: str = "--user") -> None:
    """Declare the argument that names the user."""
    parser.add_argument(
        flag, default="", metavar="USERNAME", help="Default: the first administrator."
    )


def user_named(username: str) -> Any:
    """Return the active user with this name, or the first administrator.

    Raises ``CommandError`` with exit code 2 where there is none.
    """
    users = User.objects.filter(is_active=True)
    if username:
        found = users.filter(username=username).first()
        missing = f"There is no user {username}."
    else:
        found = users.order_by("-is_superuser", "pk").first()
        missing = "There is no user yet. Make one with: manage.py createsuperuser"
    if found is None:
        raise CommandError(missing, returncode=2)
    return found
