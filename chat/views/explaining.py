"""Why an answer is what it is, as a page and as a part of one."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat.selectors import message_get
from chat.services.explaining import explanation_of
from chat.views.answers import place_of
from documents.views.translate import person, translated


@require_safe
@translated
def why(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show how an answer came about; below the answer with htmx, else on a page of its own."""
    found = message_get(person(request), message_id)
    context = {
        "place": "ask",
        "message": found,
        "back": place_of(found),
        "why": explanation_of(found, person(request)),
    }
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "chat/_why.html" if htmx else "chat/why.html"
    return render(request, template, context)
