"""What is done with a whole conversation."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.api.exports import conversation_json_file, conversation_markdown_file
from chat.forms import RenameForm, ShareForm
from chat.selectors import conversation_get, conversation_read
from chat.services.conversations import (
    conversation_delete,
    conversation_rename,
    conversation_share,
)
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
    context = {"place": "ask", "conversation": found, "count": found.messages.newest().count()}
    return render(request, "chat/conversation_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def share(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Say what sharing shows to whom, and share when that is confirmed."""
    user = person(request)
    found = conversation_get(user, conversation_id)
    if request.method != "POST":
        form = ShareForm(user, initial={"collection": found.shared_with_id})
        context = {"place": "ask", "conversation": found, "form": form}
        return render(request, "chat/conversation_share.html", context)
    form = ShareForm(user, request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such collection, or you may not see it.")
        return redirect("conversation_share", conversation_id=found.pk)
    collection = form.cleaned_data["collection"]
    told(
        request,
        lambda: conversation_share(
            user=user, conversation=found, collection=collection.pk if collection else None
        ),
        f"The members of {collection} can read this now." if collection else "Only you read this.",
    )
    return redirect("conversation", conversation_id=found.pk)


@require_safe
@translated
def export_markdown(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Return a conversation as a Markdown file."""
    user = person(request)
    return conversation_markdown_file(request, conversation_read(user, conversation_id), user)


@require_safe
@translated
def export_json(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Return a conversation as a JSON file, in the shape of the API."""
    user = person(request)
    return conversation_json_file(conversation_read(user, conversation_id), user)
