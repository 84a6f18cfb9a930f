"""What chat does when something happens to a document or a membership."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from chat.models import Citation, Conversation, Message
from chat.selectors import withdrawn
from chat.services import snapshots, watching
from chat.verdicts import without_evidence
from documents.models import Membership
from documents.signals import document_deleted, document_moved, version_ready

#: Citations of a deleted document whose messages one transaction changes.
_AT_ONCE = 50


@receiver(document_deleted)
def forget_quotes(sender: object, document_id: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Remove the text of a deleted document from the answers that quoted it, some at a time."""
    citations = Citation.objects.filter(document_id=document_id)
    while some := set(citations.values_list("message_id", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            _forget_quotes(citations.filter(message_id__in=some), document_id)


def _forget_quotes(citations: QuerySet[Citation], document_id: Any) -> None:
    lost: dict[uuid.UUID, set[int]] = {}
    for message_id, n in citations.values_list("message_id", "n"):
        lost.setdefault(message_id, set()).add(n)
    for message in Message.objects.filter(pk__in=lost):
        message.answer, message.sentences = withdrawn(message, lost[message.pk])
        message.sentences = without_evidence(message.sentences, document_id)
        message.save(update_fields=["answer", "sentences"])
    citations.update(document=None, quote="")


@receiver(post_delete, sender=Membership)
def share_no_more(sender: object, instance: Membership, **kwargs: object) -> None:  # noqa: ARG001
    """End what somebody shared with a collection that they leave: a return does not renew it."""
    shared = Conversation.objects.filter(user_id=instance.user_id)
    shared.filter(shared_with_id=instance.collection_id).update(shared_with=None)


@receiver(document_moved)
@receiver(version_ready)
def watches_become_due(sender: object, document_id: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Have the answers asked again that cite a document which is not what it was."""
    watching.document_changed(document_id)


@receiver(document_deleted)
def forget_watched(sender: object, document_id: Any, **kwargs: object) -> None:  # noqa: ARG001
    """Remove the text of a deleted document from watched answers and notices."""
    snapshots.forget_document(document_id)
