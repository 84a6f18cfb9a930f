"""What is done with a whole conversation."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat.forms import RenameForm
from chat.selectors import (
    conversation_get,
)
from chat.services.conversations import conversation_delete, conversation_rename
from documents.views.translate import person, told, translated


@require_POST
@translated
def rename(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Give a conversation another title."""
    found, form = conversation_get(person(request), conversation_id), RenameForm(request.POST)
    if form.is_valid():
        title = form.cleaned_data["title"]
        told(
            request,
            lambda: conversation_rename(user=person(request), conversation=found, title=title),
        )
    else:
        messages.error(request, "A title has 1 to 200 characters.")
    return redirect("conversation", conversation_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def remove(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Name what will go, and delete the conversation when that is confirmed."""
    found = conversation_get(person(request), conversation_id)
    if request.method == "POST":
        told(
            request,
            lambda: conversation_delete(user=person(request), conversation=found),
            "The conversation is deleted.",
        )
        return redirect("home")
    context = {"place": "ask", "conversation": found, "count": found.messages.count()}
    return render(request, "chat/conversation_delete.html", context)
