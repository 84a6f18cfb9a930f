"""What happens to kept answers when something they tell of is gone."""

from __future__ import annotations

from django.dispatch import receiver

from documents.signals import document_deleted
from ragsite.idempotency.services import document_forget


@receiver(document_deleted)
def document_gone(sender: object, document_id: object, **kwargs: object) -> None:  # noqa: ARG001
    """Nothing of a deleted document stays in what was answered."""
    document_forget(document_id)
