"""Keeping a question before it is answered."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from chat.errors import EmptyQuestion, QuestionTooLong
from chat.models import Conversation, Message
from chat.selectors import conversation_get
from documents.search.scope import EVERYTHING, Within, scope_for

MAX_QUESTION = 2000
TITLE_LENGTH = 80


def checked_question(question: str) -> str:
    """Return the question without what no text contains. Raises ``InvalidInput``."""
    question = question.replace("\x00", " ").encode("utf-8", "ignore").decode().strip()
    if not question:
        raise EmptyQuestion
    if len(question) > MAX_QUESTION:
        raise QuestionTooLong(f"A question holds at most {MAX_QUESTION:,} characters.")
    return question


def question_ask(
    *,
    user: User,
    question: str,
    conversation_id: object = None,
    within: Within = EVERYTHING,
) -> Message:
    """Keep a question that is about to be answered, in a new conversation or a given one.

    Raises ``InvalidInput`` for a question that cannot be asked, and ``NotFound`` for
    a conversation, collection or document that the user may not see.
    """
    question = checked_question(question)
    scope_for(user, within)
    with transaction.atomic():
        if conversation_id:
            conversation = conversation_get(user, conversation_id)
            conversation.save(update_fields=["updated_at"])
        else:
            title = " ".join(question.split())[:TITLE_LENGTH]
            conversation = Conversation.objects.create(user=user, title=title)
        message: Message = Message.objects.create(
            conversation=conversation,
            question=question,
            scope=scope_kept(within),
        )
    return message


def scope_kept(within: Within) -> dict[str, Any]:
    """Return where a question was asked in a form that a message keeps."""
    return {
        "collections": list(within.collections),
        "documents": [str(document) for document in within.documents],
    }


def scope_read(scope: dict[str, Any]) -> Within:
    """Return where a kept question was asked."""
    return Within(
        collections=scope.get("collections", ()),
        documents=[uuid.UUID(document) for document in scope.get("documents", ())],
    )
