"""Template tags of the pages that judge, compare and watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.http import HttpRequest

from chat.answer.judging import question_key, quote_key
from chat.models import Judgement, Message, SavedQuestion
from chat.services.notices import unseen
from chat.services.questions import FROM_FEEDBACK, asked_text

register = template.Library()


@register.simple_tag
def unseen_notices(user: User) -> int:
    """Return how many notices the user has not seen."""
    return unseen(user) if user.is_authenticated else 0


@register.simple_tag(takes_context=True)
def my_judgements(context: Mapping[str, Any], message: Message) -> dict[str, int]:
    """Return what the reader said of passages for the question of a message, by quote.

    Asked once for all messages of a conversation: the page shows many.
    """
    request: HttpRequest = context["request"]
    known: dict[Any, dict[str, dict[str, int]]] = request.__dict__.setdefault("judgements", {})
    conversation = message.conversation_id
    if conversation not in known:
        known[conversation] = _of_conversation(request.user, conversation)
    return known[conversation].get(question_key(asked_text(message)), {})


def _of_conversation(user: Any, conversation_id: Any) -> dict[str, dict[str, int]]:
    rows = Message.objects.filter(conversation_id=conversation_id)
    keys = {
        question_key(standalone or question)
        for standalone, question in rows.values_list("standalone_question", "question")
    }
    said: dict[str, dict[str, int]] = {}
    judged = Judgement.objects.visible_to(user).filter(by=user, question__key__in=keys)
    for key, quote, grade in judged.values_list("question__key", "quote_key", "grade"):
        said.setdefault(key, {})[quote] = grade
    return said


@register.filter
def grade_of(judgements: Mapping[str, int], quote: str) -> int | None:
    """Return what was said of the passage with these words, if anything."""
    return judgements.get(quote_key(quote))


@register.filter
def measure(value: float | None) -> str:
    """Return a measure from 0 to 1 with three digits, or a dash."""
    return "–" if value is None else f"{value:.3f}"


@register.filter
def difference(other: float | None, live: float | None) -> str:
    """Return by how much a measure differs, with its sign."""
    if other is None or live is None:
        return "–"
    change = other - live
    return "same" if abs(change) < 0.0005 else f"{change:+.3f}"


@register.filter
def ranks(side: Mapping[str, Any]) -> str:
    """Return where the judged passages of a question stand, in words."""
    parts = [_ranks("right passage", side["right"]), _ranks("wrong passage", side["wrong"])]
    return "; ".join(part for part in parts if part) or "nothing judged"


def _ranks(name: str, found: Sequence[int | None]) -> str:
    if not found:
        return ""
    places = [f"at {rank}" if rank else "not found" for rank in found]
    return f"{name} {', '.join(places)}"


@register.simple_tag(takes_context=True)
def saved_of(context: Mapping[str, Any], message: Message) -> SavedQuestion | None:
    """Return the question of a message in the set of ratings, where it is in one."""
    rows = SavedQuestion.objects.visible_to(context["request"].user).filter(
        key=question_key(asked_text(message)), question_set__name=FROM_FEEDBACK
    )
    found: SavedQuestion | None = rows.select_related("question_set").first()
    return found
