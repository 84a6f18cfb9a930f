"""A document with a past: three versions, each current for a month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from documents.models import DocumentVersion
from tests.integration.factories import WREN, Api, work

#: When each version became ready; the next one ended it.
READY = (
    datetime(2026, 1, 10, 9, tzinfo=UTC),
    datetime(2026, 2, 10, 9, tzinfo=UTC),
    datetime(2026, 3, 10, 9, tzinfo=UTC),
)
#: What each version says of the eggs.
EGGS = ("seven", "nine", "eleven")
QUESTION = "How many eggs does the wren lay in April?"


def text(version: int) -> bytes:
    """Return what a version says."""
    return WREN.replace(b"seven", EGGS[version - 1].encode())


def dated(document_id: str) -> None:
    """Let the versions of a document have become ready at the times above."""
    versions = list(DocumentVersion.objects.filter(document_id=document_id).order_by("number"))
    for version, ready, following in zip(versions, READY, [*READY[1:], None], strict=False):
        is_last = version is versions[-1]
        version.ready_at, version.superseded_at = ready, None if is_last else following
        version.save(update_fields=["ready_at", "superseded_at"])


def wren_of_three(api: Api, name: str = "wren.txt", **fields: str) -> dict[str, Any]:
    """Return a document whose three versions were current in turn."""
    document = api.ready(name, text(1), **fields)
    for number in (2, 3):
        add(api, document, number)
    dated(document["id"])
    return api.document(document["id"])


def add(api: Api, document: dict[str, Any], number: int) -> None:
    """Add a version and let a worker read it."""
    assert api.add_version(document["id"], f"v{number}.txt", text(number)).status_code == 202
    work()


def ready_at(document: dict[str, Any], number: int) -> str:
    """Return when a version became ready, as the API writes it."""
    row = DocumentVersion.objects.get(document_id=document["id"], number=number)
    return timezone.localtime(row.ready_at).isoformat()
