"""Keeping a question before it is answered."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from chat.errors import EmptyQuestion, QuestionTooLong
from chat.models import Conversation, Message
from chat.selectors import conversation_get
from documents.search.scope import EVERYTHING, Within, scope_for
from documents.types import AsOf

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
        "as_of": _as_of_kept(within.as_of),
    }


def scope_read(scope: dict[str, Any]) -> Within:
    """Return where a kept question was asked."""
    return Within(
        collections=scope.get("collections", ()),
        documents=[uuid.UUID(document) for document in scope.get("documents", ())],
        as_of=_as_of_kept_read(scope.get("as_of")),
    )


def _as_of_kept(as_of: AsOf | None) -> dict[str, Any] | None:
    if as_of is None:
        return None
    moment = as_of.moment.isoformat() if as_of.moment else None
    return {"asked": as_of.asked, "moment": moment, "version": as_of.version}


def _as_of_kept_read(kept: dict[str, Any] | None) -> AsOf | None:
    if not kept:
        return None
    moment = datetime.fromisoformat(kept["moment"]) if kept["moment"] else None
    return AsOf(moment=moment, version=kept["version"], asked=kept["asked"])
