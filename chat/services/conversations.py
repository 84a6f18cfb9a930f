"""What a person does with conversations and answers: rename, delete, rate."""

from __future__ import annotations

from django.contrib.auth.models import User

from chat.models import Conversation, Feedback, Message
from chat.selectors import conversation_get
from chat.services.questions import question_from_feedback
from documents.errors import InvalidInput


def conversation_rename(*, user: User, conversation: Conversation, title: str) -> Conversation:
    """Give one of the user's conversations another title."""
    title = " ".join(title.replace("\x00", " ").split())[:200]
    if not title:
        raise InvalidInput("A conversation needs a title.")
    mine = conversation_get(user, conversation.pk)
    mine.title = title
    mine.save(update_fields=["title"])
    return mine


def conversation_delete(*, user: User, conversation: Conversation) -> None:
    """Delete one of the user's conversations with all its answers."""
    conversation_get(user, conversation.pk).delete()


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
