"""What chat does when something happens to a document."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from chat.models import Citation
from documents.signals import document_deleted


@receiver(document_deleted)
def forget_quotes(sender: object, document_id: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Remove the text of a deleted document from the answers that quoted it."""
    Citation.objects.filter(document_id=document_id).update(document=None, quote="")
