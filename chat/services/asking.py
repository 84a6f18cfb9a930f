"""Keeping a question before it is answered."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from chat.errors import EmptyQuestion, QuestionTooLong, ScopeGone, StillAnswering
from chat.models import Conversation, Message
from chat.selectors import conversation_get, message_get
from chat.services.admission import answer_admit
from chat.turns import is_answering, newest_of
from documents.errors import NotFound
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


def title_of(question: str) -> str:
    """Return what a conversation is called that begins with the question."""
    return " ".join(question.split())[:TITLE_LENGTH]


def question_ask(
    *,
    user: User,
    question: str,
    conversation_id: object = None,
    within: Within = EVERYTHING,
) -> Message:
    """Keep a question that is about to be answered, in a new conversation or a given one.

    Raises ``InvalidInput`` for a question that cannot be asked, ``NotFound`` for a
    conversation, collection or document that the user may not see, ``TooManyAnswers`` and
    ``QuotaReached``.
    """
    question = checked_question(question)
    scope_for(user, within)
    with transaction.atomic():
        answer_admit(user)
        place = timezone.now()
        if conversation_id:
            conversation = conversation_get(user, conversation_id)
            conversation.save(update_fields=["updated_at"])
            place = _place_after(conversation, place)
        else:
            conversation = Conversation.objects.create(user=user, title=title_of(question))
        message: Message = Message.objects.create(
            conversation=conversation,
            question=question,
            scope=scope_kept(within),
            place=place,
        )
    return message


def _place_after(conversation: Conversation, now: datetime) -> datetime:
    """Return a place behind all others: a clock that was put back must not mix up the turns."""
    last = conversation.messages.aggregate(last=Max("place"))["last"]
    return now if last is None else max(now, last + timedelta(microseconds=1))


def question_again(
    *, user: User, replaces: object, question: str | None = None, within: Within | None = None
) -> Message:
    """Keep a question to be answered once more, in the place of an earlier message.

    Without words of its own it is the same question, and without ``within`` it looks
    where the earlier one looked. The earlier message stays, as do those before it: it
    is the newest of them that is replaced, whichever is named.

    Raises ``InvalidInput`` for a question that cannot be asked, ``NotFound`` for what
    the user may not see, ``StillAnswering``, ``TooManyAnswers``, ``QuotaReached``, and
    ``ScopeGone`` when the place where the earlier one looked is no longer there.
    """
    named = message_get(user, replaces)
    words = named.question if question is None else checked_question(question)
    with transaction.atomic():
        # One at a time: of two that replace the same message one would be lost.
        rows = Conversation.objects.visible_to(user).select_for_update()
        conversation = rows.filter(pk=named.conversation_id).first()
        if conversation is None:
            raise NotFound
        if is_answering(conversation):
            raise StillAnswering
        answer_admit(user)
        old = newest_of(named)
        scope = _scope_again(user, old, within)
        conversation.title = _title_again(conversation, old, words)
        conversation.save(update_fields=["title", "updated_at"])
        message: Message = Message.objects.create(
            conversation=conversation, question=words, scope=scope, replaces=old, place=old.place
        )
    return message


def _title_again(conversation: Conversation, old: Message, words: str) -> str:
    """Return the title once ``old`` is reworded: its own where that began the conversation.

    One that a person gave stays.
    """
    title: str = conversation.title
    is_given = title != title_of(old.question)
    if is_given or conversation.messages.filter(place__lt=old.place).exists():
        return title
    return title_of(words)


def _scope_again(user: User, old: Message, within: Within | None) -> dict[str, Any]:
    if within is not None:
        scope_for(user, within)
        return scope_kept(within)
    try:
        scope_for(user, scope_read(old.scope))
    except NotFound as error:
        raise ScopeGone from error
    return dict(old.scope)


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
