"""The one door of permission: everything a caller reads passes ``visible_to``.

A user sees what lies in the collections they are a member of, and nothing else;
an anonymous or deactivated caller sees nothing. There is no exception for
administrators here: they have the admin site, which is logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeAlias

from django.contrib.auth.models import AnonymousUser, User
from django.db import models

from documents.types import Role, Status

Caller: TypeAlias = User | AnonymousUser


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a collection, at the end of ``collection_path``."""

    collection_path: ClassVar[str] = "collection__"

    def visible_to(self, user: Caller) -> Self:
        """Return the rows this user may read; none at all when in doubt."""
        return self._members(user, tuple(Role))

    def editable_by(self, user: Caller) -> Self:
        """Return the rows this user may change."""
        return self._members(user, (Role.EDITOR, Role.OWNER))

    def _members(self, user: Caller, roles: Sequence[Role]) -> Self:
        if not (user.is_authenticated and user.is_active):
            return self.none()
        # One call, one join: a membership of this user *with* one of these roles.
        # It is unique per collection, so no row comes back twice.
        member = f"{self.collection_path}memberships"
        return self.filter(**{f"{member}__user_id": user.pk, f"{member}__role__in": roles})


class CollectionQuerySet(ScopedQuerySet):
    collection_path = ""

    def owned_by(self, user: Caller) -> Self:
        """Return the collections whose members and name this user may change."""
        return self._members(user, (Role.OWNER,))


class DocumentQuerySet(ScopedQuerySet):
    def _members(self, user: Caller, roles: Sequence[Role]) -> Self:
        # A retired document answers nothing: its file is gone from the folder it came from.
        return super()._members(user, roles).filter(retired_at=None)

    def with_newest(self) -> Self:
        """Load what a listing shows, in a fixed number of queries."""
        return self.select_related("collection", "newest_version", "current_version")


class VersionQuerySet(ScopedQuerySet):
    collection_path = "document__collection__"

    def _members(self, user: Caller, roles: Sequence[Role]) -> Self:
        return super()._members(user, roles).filter(document__retired_at=None)

    def unfinished(self) -> Self:
        """Return the versions that still have to reach an end."""
        return self.filter(status__in=(Status.QUEUED, Status.PROCESSING))


class ChunkQuerySet(ScopedQuerySet):
    collection_path = "version__document__collection__"

    def _members(self, user: Caller, roles: Sequence[Role]) -> Self:
        return super()._members(user, roles).filter(version__document__retired_at=None)
