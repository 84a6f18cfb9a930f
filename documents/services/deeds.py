"""Telling what somebody did to a document, for the record of who did what."""

from __future__ import annotations

from django.contrib.auth.models import User

from documents.models import Document, DocumentVersion
from documents.signals import deed


def done(action: str, document: Document, user: User | None = None, **detail: object) -> None:
    """Tell of a deed; inside a transaction it is recorded with the deed or not at all."""
    about = {"object_type": "document", "object_id": str(document.pk), "detail": detail}
    deed.send(sender=Document, action=f"document.{action}", user=user, **about)


def document_downloaded(version: DocumentVersion) -> None:
    """Tell that somebody takes the original of a version away."""
    done("downloaded", version.document, version=version.number)
