"""One answer: shown again by itself, and rated."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat.forms import FeedbackForm
from chat.models import Message
from chat.selectors import (
    answer_of,
    message_get,
)
from chat.services.conversations import feedback_set
from documents.views.translate import person, translated


def exchange(message: Message, answer: dict[str, Any]) -> dict[str, Any]:
    """Return one question with its answer as the templates want it."""
    return {
        "message": message,
        "answer": answer,
        "feedback": getattr(message, "feedback", None),
        "is_answering": answer["state"] == Message.State.ANSWERING,
    }


def place_of(message: Message) -> str:
    """Return the address of a message in its conversation."""
    return f"{reverse('conversation', args=[message.conversation_id])}#message-{message.pk}"


@require_safe
@translated
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Return one question with its answer for swapping in; else its place on the page."""
    found = message_get(person(request), message_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(place_of(found))
    context = {"exchange": exchange(found, answer_of(found, person(request)))}
    return render(request, "chat/_message.html", context)


@require_POST
@translated
def feedback(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Keep what somebody thought of an answer."""
    found, form = message_get(person(request), message_id), FeedbackForm(request.POST)
    htmx = request.htmx  # type: ignore[attr-defined]
    given = None
    if form.is_valid():
        given = feedback_set(user=person(request), message=found, **form.cleaned_data)
    elif not htmx:
        messages.error(request, "A comment has at most 2,000 characters.")
    if not htmx:
        return redirect(place_of(found))
    shown = {"message": found, "feedback": given or getattr(found, "feedback", None)}
    return render(request, "chat/_feedback.html", {"exchange": shown})
