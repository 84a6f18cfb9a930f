"""Reads of the messages of one conversation: its last turns, and what replaced what."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from django.utils import timezone

from chat.models import Conversation, Message
from chat.selectors import ANSWER_SILENT_AFTER, INTERRUPTED, around

#: Questions with their answers that one page of a conversation shows.
TURNS_SHOWN = 50


def turns(
    conversation: Conversation, *, before: Message | None = None, limit: int = TURNS_SHOWN
) -> list[Message]:
    """Return the last messages of a conversation, oldest first, without those replaced.

    With ``before``, the last ones that stand before that message.
    """
    rows = conversation.messages.newest().select_related("feedback")
    if before is not None:
        rows = rows.filter(place__lt=before.place)
    return list(rows.order_by("-place", "-created_at", "-pk")[:limit])[::-1]


def page_end(message: Message) -> uuid.UUID | None:
    """Return the message before which a page ends that shows this one; none for the last page."""
    later = message.conversation.messages.newest().filter(place__gt=message.place)
    keys = later.order_by("place").values_list("pk", flat=True)[:TURNS_SHOWN]
    return keys[TURNS_SHOWN // 2] if len(keys) == TURNS_SHOWN else None


def earlier_of(messages: Sequence[Message]) -> dict[uuid.UUID, list[Message]]:
    """Return for each message those that it replaced, the latest first. One query at most."""
    again = [message for message in messages if message.replaces_id]
    if not again:
        return {}
    rows = Message.objects.filter(
        conversation__in={message.conversation_id for message in again},
        place__in={message.place for message in again},
    ).exclude(replaced_by=None)
    by_id = {row.pk: row for row in rows.select_related("conversation", "feedback")}
    return {message.pk: list(_chain(message, by_id)) for message in again}


def _chain(message: Message, by_id: dict[uuid.UUID, Message]) -> Iterator[Message]:
    while message.replaces_id is not None and message.replaces_id in by_id:
        message = by_id[message.replaces_id]
        yield message


def newest_of(message: Message) -> Message:
    """Return the message that replaced this one, and the one that replaced that, at last."""
    rows = Message.objects.filter(conversation_id=message.conversation_id, place=message.place)
    by_replaced = {row.replaces_id: row for row in rows}
    while message.pk in by_replaced:
        message = by_replaced[message.pk]
    return message


def is_answering(conversation: Conversation) -> bool:
    """Whether an answer of this conversation is being written at this moment."""
    rows = conversation.messages.filter(state=Message.State.ANSWERING)
    return bool(rows.filter(touched_at__range=around(timezone.now(), ANSWER_SILENT_AFTER)).exists())


def answers_sweep() -> int:
    """End the answers whose process was lost; return how many. What had arrived stays.

    A process that lives after all (a clock jumped) writes its own end over this one.
    """
    alive = around(timezone.now(), ANSWER_SILENT_AFTER)
    rows = Message.objects.filter(state=Message.State.ANSWERING)
    return rows.exclude(touched_at__range=alive).update(
        state=Message.State.STOPPED,
        error_code=INTERRUPTED["code"],
        error_message=INTERRUPTED["message"],
    )
