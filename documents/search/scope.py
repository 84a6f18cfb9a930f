"""Where a search may look: what was asked for, narrowed to what the caller may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from documents.errors import NotFound
from documents.models import Collection, Document
from documents.querysets import Caller
from documents.types import AsOf, Scope


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
    return Scope(frozenset(wanted or visible), _versions(user, set(within.documents)))


def _versions(user: Caller, documents: set[uuid.UUID]) -> frozenset[int] | None:
    if not documents:
        return None
    rows = Document.objects.visible_to(user).filter(pk__in=documents)
    current = dict(rows.values_list("pk", "current_version_id"))
    if documents - set(current):
        raise NotFound("There is no such document, or you may not see it.")
    return frozenset(version for version in current.values() if version is not None)
