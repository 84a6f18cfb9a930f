"""Tells that somebody looked at a document: a fact for those who count, no more."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from documents.models import Document
from documents.signals import document_used


def document_looked_at(
    user: Any, document_id: uuid.UUID, how: Literal["viewed", "opened", "downloaded"]
) -> None:
    """Tell it: ``viewed`` what it is, ``opened`` its text or a page, or ``downloaded`` its file."""
    document_used.send(sender=Document, document_id=document_id, user_id=user.pk, how=how)
