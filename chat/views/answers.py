"""One answer: shown again by itself, and rated."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from chat.api.exports import answer_text
from chat.forms import FeedbackForm
from chat.models import Message
from chat.selectors import answers_of, message_get, message_read
from chat.services.conversations import feedback_set
from chat.turns import earlier_of, page_end
from documents.views.translate import person, translated


def exchanges(found: Sequence[Message], reader: User) -> list[dict[str, Any]]:
    """Return questions with their answers as the templates want them.

    Their asker also gets the answers that each one replaced, the latest first.
    """
    own = [message for message in found if message.conversation.user_id == reader.pk]
    earlier = earlier_of(own)
    everything = [*found, *(message for group in earlier.values() for message in group)]
    answers = answers_of(everything, reader)
    shown = {
        message.pk: _exchange(message, answer, reader)
        for message, answer in zip(everything, answers, strict=True)
    }
    return [
        shown[message.pk] | {"earlier": [shown[row.pk] for row in earlier.get(message.pk, ())]}
        for message in found
    ]


def _exchange(message: Message, answer: dict[str, Any], reader: User) -> dict[str, Any]:
    is_own = message.conversation.user_id == reader.pk
    return {
        "message": message,
        "answer": answer,
        "feedback": getattr(message, "feedback", None) if is_own else None,
        "is_answering": answer["state"] == Message.State.ANSWERING,
        "is_own": is_own,
    }


def place_of(message: Message) -> str:
    """Return the address of a message in its conversation, on the page that shows it."""
    end = page_end(message)
    page = f"?before={end}" if end else ""
    url = reverse("conversation", args=[message.conversation_id])
    return f"{url}{page}#message-{message.pk}"


@require_safe
@translated
def message(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Return one question with its answer for swapping in; else its place on the page."""
    found = message_read(person(request), message_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(place_of(found))
    (shown,) = exchanges([found], person(request))
    response = render(request, "chat/_message_anew.html", {"exchange": shown})
    if found.replaces_id:  # its conversation may be called otherwise now
        trigger_client_event(response, "refresh", {"target": "#conversations"})
    return response


@require_safe
@translated
def export(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show an answer as Markdown with its sources, to be copied."""
    user = person(request)
    return answer_text(request, message_read(user, message_id), user)


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
