"""Django's own ``migrate``, which leaves the database of a newer release alone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader

from ragsite.ops.prepare import newer_release


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a database that this release does not know, and bring any other up to date."""
        try:
            refusal = newer_release(MigrationLoader(connections[options["database"]]))
        except DatabaseError as error:
            raise CommandError(str(error)) from None
        if refusal:
            raise CommandError(refusal)
        super().handle(*args, **options)
