"""The titles that a caller may see, ready to be found in questions."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from documents.models import Document
from documents.querysets import Caller, DocumentQuerySet
from documents.search.naming import Named, TitleIndex
from documents.types import Scope

#: Libraries with more documents are searched without looking for names.
MOST_TITLES = 20_000
#: Sets of collections whose titles are kept ready in this process.
_KEPT = 16
#: Documents of one name that a search is pointed at.
_MOST_DOCUMENTS = 500

_Stamp = tuple[int, datetime | None]
_lock = threading.Lock()
_ready: OrderedDict[frozenset[int], tuple[_Stamp, TitleIndex[uuid.UUID]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Pointed:
    """A document that a question names: its version that answers, and how surely, to 1."""

    title: str
    version_id: int
    strength: float
    phrase: str = ""


def named_documents(user: Caller, scope: Scope, question: str) -> list[Pointed]:
    """Return the documents in the scope that the question names, most surely first.

    None where the caller has named versions already. Whatever is kept between calls,
    only documents that this caller may see now come back.
    """
    if scope.versions is not None or scope.is_empty:
        return []
    found = _titles(user, scope).find(question)
    sure: dict[uuid.UUID, Named[uuid.UUID]] = {
        key: named for named in reversed(found) for key in named.keys
    }
    if not sure or len(sure) > _MOST_DOCUMENTS:
        return []
    rows = _rows(user, scope).filter(pk__in=sure).values_list("pk", "title", "current_version_id")
    pointed = [
        Pointed(title, version, sure[pk].strength, sure[pk].phrase) for pk, title, version in rows
    ]
    return sorted(pointed, key=lambda item: (-item.strength, item.title, item.version_id))


def _rows(user: Caller, scope: Scope) -> DocumentQuerySet:
    rows: DocumentQuerySet = Document.objects.visible_to(user).filter(
        collection_id__in=scope.collections, current_version__isnull=False
    )
    return rows.order_by()


def _titles(user: Caller, scope: Scope) -> TitleIndex[uuid.UUID]:
    rows = _rows(user, scope)
    state = rows.aggregate(count=Count("pk"), latest=Max("updated_at"))
    stamp = (state["count"], state["latest"])
    with _lock:
        kept = _ready.get(scope.collections)
        if kept is not None and kept[0] == stamp:
            _ready.move_to_end(scope.collections)
            return kept[1]
    titles = rows.values_list("pk", "title") if stamp[0] <= MOST_TITLES else ()
    made = TitleIndex(titles)
    with _lock:
        _ready[scope.collections] = (stamp, made)
        while len(_ready) > _KEPT:
            _ready.popitem(last=False)
    return made
