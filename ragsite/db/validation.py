"""Whether the database opens: told in a sentence, before a command leans on it.

Django asks this of its own accord before ``migrate`` and in
``manage.py check --database default``.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.validation import BaseDatabaseValidation
from django.db.utils import DatabaseError


class DatabaseValidation(BaseDatabaseValidation):
    """Opens the database and turns a refusal into an error of the check."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what keeps the database from being used."""
        found = super().check(**kwargs)
        try:
            self.connection.ensure_connection()
        except (DatabaseError, ImproperlyConfigured) as error:
            found.append(Error(str(error), id="ragsite.db.E001"))
        return found
