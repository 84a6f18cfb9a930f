"""What a person does with conversations and answers: rename, share, delete, rate."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from chat.models import Conversation, Feedback, Message
from chat.selectors import conversation_get
from chat.services.questions import question_from_feedback
from documents.errors import InvalidInput
from documents.services.collections import collection_get
from documents.signals import deed


def conversation_rename(*, user: User, conversation: Conversation, title: str) -> Conversation:
    """Give one of the user's conversations another title."""
    return conversation_change(user=user, conversation=conversation, title=title)


def conversation_share(
    *, user: User, conversation: Conversation, collection: int | str | None
) -> Conversation:
    """Let the members of a collection of the user's read a conversation; nobody with ``None``."""
    return conversation_change(user=user, conversation=conversation, shared_with=collection)


def conversation_change(
    *, user: User, conversation: Conversation, **changes: int | str | None
) -> Conversation:
    """Change ``title`` and ``shared_with`` of one of the user's conversations: both or neither.

    ``shared_with`` is the id or the slug of a collection, or ``None``. Raises ``NotFound``
    for a collection that the user may not see, and ``InvalidInput`` for an empty title.
    """
    mine = conversation_get(user, conversation.pk)
    if "title" in changes:
        mine.title = _checked_title(str(changes["title"]))
    if "shared_with" in changes:
        wanted = changes["shared_with"]
        mine.shared_with = None if wanted is None else collection_get(user, wanted)
    # Neither is news in the conversation: it keeps its place in the list.
    with transaction.atomic():
        mine.save(update_fields=["title", "shared_with"])
        if "shared_with" in changes:
            _done("shared" if mine.shared_with_id else "unshared", mine, user)
    return mine


def _done(action: str, conversation: Conversation, user: User | None = None) -> None:
    """Tell what somebody did, for the record of who did what."""
    collection = conversation.shared_with_id
    deed.send(
        sender=Conversation,
        action=f"conversation.{action}",
        user=user,
        object_type="conversation",
        object_id=str(conversation.pk),
        detail={"collection": collection} if collection else {},
    )


def conversation_exported(conversation: Conversation, user: User) -> None:
    """Tell that somebody takes a conversation away as a file."""
    _done("exported", conversation, user)


def _checked_title(title: str) -> str:
    title = " ".join(title.replace("\x00", " ").split())[:200]
    if not title:
        raise InvalidInput("A conversation needs a title.")
    return title


def conversation_delete(*, user: User, conversation: Conversation) -> None:
    """Delete one of the user's conversations with all its answers."""
    with transaction.atomic():
        mine = conversation_get(user, conversation.pk)
        _done("deleted", mine, user)
        mine.delete()


def feedback_set(*, user: User, message: Message, rating: int, comment: str = "") -> Feedback:
    """Rate an answer of one's own; a second rating replaces the first."""
    if rating not in {1, -1}:
        raise InvalidInput("A rating is 1 or -1.")
    if message.conversation.user_id != user.pk:
        raise InvalidInput("Only who asked may rate the answer.")
    feedback, _ = Feedback.objects.update_or_create(
        message=message, defaults={"rating": rating, "comment": comment.strip()[:2000]}
    )
    question_from_feedback(user, feedback)
    return feedback
