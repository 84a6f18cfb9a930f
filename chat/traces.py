"""What was kept of how an answer came about, as its reader may see it now.

A trace names places; titles and text are read here, through ``visible_to``, when
somebody looks. What that reader may not read any more is masked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone

from chat.models import Message
from chat.types import ConfidenceLabel
from documents.models import Chunk, Collection, Document, DocumentVersion
from documents.search.scope import Within, scope_for
from documents.types import PageKind

UNREADABLE = "A document you can no longer read"


@dataclass(frozen=True, slots=True)
class _Held:
    """What the chunks at some places hold, by (document, version, start), as one may read them."""

    chunks: Mapping[tuple[str, int, int], Chunk]

    def line(self, place: Mapping[str, Any]) -> dict[str, Any]:
        """A near passage in the shape of the API; masked where it may not be read."""
        chunk = self.chunks.get((place["document"], place["version"], place["chunk"]))
        shown = {name: place[name] for name in ("version", "start", "end", "relevance")}
        if chunk is None:
            masked = {"document_id": None, "title": UNREADABLE, "page": None, "text": ""}
            masked["page_kind"] = PageKind.PAGE.value
            return masked | shown | {"url": None, "available": False}
        text = chunk.text[place["start"] - chunk.start : place["end"] - chunk.start]
        return shown | {
            "document_id": place["document"],
            "title": chunk.version.document.title,
            "page": place["page"],
            "page_kind": PageKind.of(chunk.version.media_type).value,
            "text": _as_line(text),
            "url": place_url(place),
            "available": True,
        }


def _as_line(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?", "。", "！", "？", "”", '"', ")")) else f"{line}…"


def place_url(place: Mapping[str, Any]) -> str:
    """Return the address at which a kept place is shown, marked."""
    where = f"/documents/{place['document']}/versions/{place['version']}/"
    return f"{where}?start={place['start']}&end={place['end']}#passage"


def annotated(
    messages: Sequence[Message], answers: Sequence[dict[str, Any]], user: User
) -> list[dict[str, Any]]:
    """Return answers with the word for their confidence and what a refusal offers.

    Costs two queries where anything was refused, however many answers there are.
    """
    near = _near(messages, user)
    names = _collection_names(messages, user)
    return [
        answer
        | {
            "confidence_label": _label(message),
            "near": [near.line(place) for place in message.trace.get("near", ())],
            "searched": _searched(message, names),
        }
        for message, answer in zip(messages, answers, strict=True)
    ]


def _label(message: Message) -> str | None:
    """Return the word, where there is an answer that can be right."""
    return ConfidenceLabel.of(message.confidence).value if message.sentences else None


def _near(messages: Iterable[Message], user: User) -> _Held:
    places = [place for message in messages for place in message.trace.get("near", ())]
    if not places:
        return _Held({})
    rows = (
        Chunk.objects.visible_to(user)
        .filter(
            version__document_id__in={uuid.UUID(place["document"]) for place in places},
            start__in={place["chunk"] for place in places},
        )
        .select_related("version__document")
    )
    return _Held({(str(c.version.document_id), c.version.number, c.start): c for c in rows})


def _collection_names(messages: Iterable[Message], user: User) -> dict[int, str]:
    ids = {pk for m in messages for pk, _ in m.trace.get("searched", {}).get("collections", ())}
    if not ids:
        return {}
    return dict(Collection.objects.visible_to(user).filter(pk__in=ids).values_list("pk", "name"))


def _searched(message: Message, names: Mapping[int, str]) -> dict[str, Any] | None:
    kept = message.trace.get("searched")
    if not kept:
        return None
    readable = [(pk, count) for pk, count in kept["collections"] if pk in names]
    return {
        "documents": kept["documents"],
        "collections": [{"id": pk, "name": names[pk], "documents": n} for pk, n in readable],
        "as_of": kept["as_of"],
    }


def searched(user: User, within: Within) -> dict[str, Any]:
    """Return what a question was searched in: how many documents, where, and as of when.

    In a form that a message keeps: collections by id. Raises ``NotFound`` as the
    search does.
    """
    scope = scope_for(user, within)
    if scope.versions is None:
        rows = Document.objects.visible_to(user).filter(
            collection_id__in=scope.collections, current_version__isnull=False
        )
        counted = rows.values_list("collection_id").annotate(Count("pk"))
    else:
        versions = DocumentVersion.objects.visible_to(user).filter(
            pk__in=scope.versions, document__collection_id__in=scope.collections
        )
        counted = versions.values_list("document__collection_id").annotate(Count("pk"))
    found = sorted(counted.order_by(), key=lambda row: (-row[1], row[0]))
    return {
        "documents": sum(count for _, count in found),
        "collections": [list(row) for row in found],
        "as_of": _moment(within).isoformat(timespec="seconds"),
    }


def _moment(within: Within) -> datetime:
    asked = within.as_of.moment if within.as_of else None
    return asked or timezone.now()
