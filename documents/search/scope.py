"""Where a search may look: what was asked for, narrowed to what the caller may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from documents.errors import InvalidInput, NotFound
from documents.models import Collection, Document, DocumentVersion
from documents.querysets import Caller
from documents.text.moments import as_of_from
from documents.types import AsOf, Scope, Status


@dataclass(frozen=True, slots=True)
class Within:
    """The part of the library that is asked, by its ids; everything visible when empty.

    ``as_of`` asks the library as it was, instead of as it is.
    """

    collections: Sequence[int] = ()
    documents: Sequence[uuid.UUID] = ()
    as_of: AsOf | None = None


EVERYTHING = Within()


def scope_for(user: Caller, within: Within = EVERYTHING) -> Scope:
    """Return the ids a search may touch. What is asked for can only narrow it.

    Raises ``NotFound`` when a named collection or document is not visible to the user.
    """
    visible = set(Collection.objects.visible_to(user).values_list("pk", flat=True))
    wanted = set(within.collections)
    if wanted - visible:
        raise NotFound("There is no such collection, or you may not see it.")
    collections = frozenset(wanted or visible)
    current = _current(user, set(within.documents))
    if within.as_of is None:
        present = frozenset(version for version in current.values() if version is not None)
        return Scope(collections, present if current else None)
    return Scope(collections, _versions_then(user, collections, set(current), within.as_of))


def as_of_read(text: str | int | None) -> AsOf | None:
    """Return the state of the library that a caller names, in this server's time zone.

    Raises ``InvalidInput`` for what names none.
    """
    written = "" if text is None else str(text)
    return as_of_from(written, zone=timezone.get_default_timezone(), now=timezone.now())


def _current(user: Caller, documents: set[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    """Return what each named document answers from now. Raises ``NotFound``."""
    if not documents:
        return {}
    rows = Document.objects.visible_to(user).filter(pk__in=documents)
    current = dict(rows.values_list("pk", "current_version_id"))
    if documents - set(current):
        raise NotFound("There is no such document, or you may not see it.")
    return current


def _versions_then(
    user: Caller, collections: frozenset[int], documents: set[uuid.UUID], as_of: AsOf
) -> frozenset[int]:
    if as_of.version is not None:
        return frozenset({_numbered(user, documents, as_of.version)})
    if as_of.moment is None:
        raise InvalidInput("Name a moment or the number of a version.")
    rows = DocumentVersion.objects.visible_to(user).filter(
        current_at(as_of.moment), document__collection_id__in=collections
    )
    if documents:
        rows = rows.filter(document_id__in=documents)
    return frozenset(rows.order_by().values_list("pk", flat=True))


def current_at(moment: datetime) -> Q:
    """Return the condition on versions that says which were current at a moment.

    One that became ready when a newer one already was never was current: it ends when
    it begins.
    """
    begun = Q(status=Status.READY, ready_at__lte=moment)
    return begun & (Q(superseded_at=None) | Q(superseded_at__gt=moment))


def _numbered(user: Caller, documents: set[uuid.UUID], number: int) -> int:
    if len(documents) != 1:
        raise InvalidInput(
            "A version number needs exactly one document to belong to."
            " Name one document, or give a date."
        )
    rows = DocumentVersion.objects.visible_to(user).filter(document_id__in=documents)
    found = rows.filter(number=number).values_list("pk", "status").first()
    if found is None:
        raise NotFound(f"The document has no version {number}.")
    if found[1] != Status.READY:
        raise NotFound(f"Version {number} of the document is not ready to answer.")
    return int(found[0])
