"""Sessions that know whose they are, so that a person's can be ended together.

Django's own extension of its database sessions:
https://docs.djangoproject.com/en/5.2/topics/http/sessions/#extending-database-backed-session-engines
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DBStore


class SessionStore(DBStore):
    """Keeps the user's id beside each session."""

    @classmethod
    def get_model_class(cls) -> Any:
        """Return the table. It cannot be imported before the apps are loaded."""
        from ragsite.accounts.models import UserSession  # noqa: PLC0415

        return UserSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row to be saved."""
        row = super().create_model_instance(data)
        known = str(data.get(SESSION_KEY) or "")
        row.user_id = int(known) if known.isdigit() else None  # type: ignore[attr-defined]
        return row
