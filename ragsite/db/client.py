"""``manage.py dbshell``, which has no shell to offer."""

from collections.abc import Iterable
from typing import Never

from django.core.management.base import CommandError
from django.db.backends.sqlite3 import client


class DatabaseClient(client.DatabaseClient):
    """Refuses in one sentence: the ``sqlite3`` program cannot open an encrypted file."""

    def runshell(self, parameters: Iterable[str]) -> Never:  # noqa: ARG002
        """Raise ``CommandError``."""
        raise CommandError(
            "The database is encrypted, and the sqlite3 program cannot open it. "
            "Use `manage.py shell` and django.db.connection instead."
        )
