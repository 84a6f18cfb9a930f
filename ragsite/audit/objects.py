"""What the objects of the log are called, for a reader who may see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from documents.models import Collection, Document
from ragsite.audit.models import AuditEntry


def object_names(
    entries: Iterable[AuditEntry], reader: User | AnonymousUser
) -> dict[tuple[str, str], str]:
    """Return the names of objects by type and id, in one query a type.

    A title may tell what it is about: documents and collections are named to those alone
    who are members. People are named to whoever may read the log.
    """
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        wanted.setdefault(entry.object_type, set()).add(entry.object_id)
    rows: dict[str, Any] = {
        "document": Document.objects.visible_to(reader).filter(pk__in=_uuids(wanted)),
        "collection": Collection.objects.visible_to(reader).filter(
            pk__in=_ids(wanted, "collection")
        ),
        "user": User.objects.filter(pk__in=_ids(wanted, "user")),
    }
    return {
        (kind, str(row.pk)): str(row)
        for kind, found in rows.items()
        if kind in wanted
        for row in found
    }


def _ids(wanted: dict[str, set[str]], kind: str) -> set[int]:
    return {int(text) for text in wanted.get(kind, ()) if text.isascii() and text.isdigit()}


def _uuids(wanted: dict[str, set[str]]) -> set[uuid.UUID]:
    found = set()
    for text in wanted.get("document", ()):
        try:
            found.add(uuid.UUID(text))
        except ValueError:
            continue
    return found
