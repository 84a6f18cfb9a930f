"""What chat does when something happens to a document."""

from __future__ import annotations

import uuid
from typing import Any

from django.dispatch import receiver

from chat.models import Citation, Message
from chat.selectors import withdrawn
from chat.verdicts import without_evidence
from documents.signals import document_deleted


@receiver(document_deleted)
def forget_quotes(sender: object, document_id: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Remove the text of a deleted document from the answers that quoted it."""
    citations = Citation.objects.filter(document_id=document_id)
    lost: dict[uuid.UUID, set[int]] = {}
    for message_id, n in citations.values_list("message_id", "n"):
        lost.setdefault(message_id, set()).add(n)
    for message in Message.objects.filter(pk__in=lost):
        message.answer, message.sentences = withdrawn(message, lost[message.pk])
        message.sentences = without_evidence(message.sentences, document_id)
        message.save(update_fields=["answer", "sentences"])
    citations.update(document=None, quote="")
