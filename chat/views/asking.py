"""Asking, and reading a conversation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat.forms import AskForm, RenameForm
from chat.models import Conversation, Message
from chat.selectors import (
    conversation_get,
    conversation_list,
    conversation_read,
    conversations_shared,
    message_get,
    message_read,
)
from chat.services.answering import answer_now
from chat.services.asking import question_again, question_ask
from chat.turns import TURNS_SHOWN, newest_of, page_end, turns
from chat.views.answers import exchanges, place_of
from documents.errors import InvalidInput, NotFound, ProductError
from documents.models import Document
from documents.samples import QUESTIONS, sample_collection
from documents.search.scope import Within
from documents.selectors import document_get
from documents.types import Status
from documents.views.translate import person, translated

#: Conversations that the side column shows, one's own and those of others.
SHOWN = 40
SHOWN_SHARED = 10


def _page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context that every page with a conversation needs."""
    conversation = context.get("conversation")
    return {
        **side_column(person(request)),
        "can_ask": True,
        "current_id": conversation.pk if conversation else None,
        "post_to": reverse("conversation", args=[conversation.pk])
        if conversation
        else reverse("conversations"),
    } | context


def side_column(user: User) -> dict[str, Any]:
    """Return what the column with the conversations shows."""
    return {
        "place": "ask",
        "conversations": list(conversation_list(user)[:SHOWN]),
        "shared": list(conversations_shared(user)[:SHOWN_SHARED]),
    }


def _asked_document(request: HttpRequest) -> Document | None:
    """Return the document that the address narrows the question to."""
    wanted = request.GET.get("document")
    return document_get(person(request), wanted) if wanted else None


def _welcome(user: User) -> dict[str, Any]:
    """Return what a page without a conversation says: what to do first, or what to ask."""
    visible = Document.objects.visible_to(user)
    counts = {
        "documents": visible.count(),
        "ready": visible.filter(current_version__isnull=False).count(),
        "waiting": visible.filter(
            newest_version__status__in=(Status.QUEUED, Status.PROCESSING)
        ).count(),
    }
    has_samples = counts["ready"] and sample_collection(user) is not None
    return counts | {"suggestions": QUESTIONS if has_samples else ()}


@require_safe
@translated
def home(request: HttpRequest) -> HttpResponse:
    """Show an empty page to ask on; a new installation says what to do first."""
    document = _asked_document(request)
    initial = {
        "question": request.GET.get("q", "")[:2000],
        "documents": [document.pk] if document else [],
        "as_of": request.GET.get("as_of", "")[:40],
    }
    context = {"form": AskForm(person(request), initial=initial), "document": document}
    return render(request, "chat/home.html", _page(request, context | _welcome(person(request))))


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Show a conversation; a POST asks its next question."""
    user = person(request)
    if request.method == "POST":
        return ask(request, conversation_get(user, conversation_id))
    found = conversation_read(user, conversation_id)
    form = AskForm(user, initial=_last_scope(found))
    before = _page_border(request, found)
    return render(
        request, "chat/conversation.html", _page(request, _shown(request, found, form, before))
    )


def _page_border(request: HttpRequest, found: Conversation) -> Message | None:
    """Return the message before which the page ends, as the address names it."""
    wanted = request.GET.get("before")
    if not wanted:
        return None
    border = message_read(person(request), wanted)
    if border.conversation_id != found.pk:
        raise NotFound
    return border


def _shown(
    request: HttpRequest, found: Conversation, form: AskForm, before: Message | None = None
) -> dict[str, Any]:
    rows = turns(found, before=before, limit=TURNS_SHOWN + 1)
    is_own = found.user_id == person(request).pk
    return {
        "conversation": found,
        "exchanges": exchanges(rows[-TURNS_SHOWN:], person(request)),
        "has_earlier": len(rows) > TURNS_SHOWN,
        "is_last_page": before is None,
        "is_own": is_own,
        "can_ask": is_own and before is None,
        "form": form,
        "rename_form": RenameForm(initial={"title": found.title}),
    }


def _last_scope(found: Conversation) -> dict[str, Any]:
    """Return where the last question was asked: the next one begins there."""
    newest = found.messages.order_by("-created_at").values_list("scope", flat=True)
    scope = newest.first() or {}
    return {
        "collections": scope.get("collections", []),
        "documents": scope.get("documents", []),
        "as_of": (scope.get("as_of") or {}).get("asked", ""),
    }


def ask(request: HttpRequest, found: Conversation | None) -> HttpResponse:
    """Answer a question that a form sent, whole; pages with script stream it instead."""
    form = AskForm(person(request), request.POST)
    if not form.is_valid():
        problem = InvalidInput(_first_error(form.errors.get_json_data()))
        return _asked_again(request, found, form, problem)
    try:
        message = question_ask(
            user=person(request),
            question=form.cleaned_data["question"],
            conversation_id=found.pk if found else None,
            within=Within(
                collections=[row.pk for row in form.cleaned_data["collections"]],
                documents=[row.pk for row in form.cleaned_data["documents"]],
                as_of=form.cleaned_data["as_of"],
            ),
        )
    except ProductError as error:  # a version that is not there keeps the question, as a limit does
        return _asked_again(request, found, form, error)
    answer_now(message)
    return redirect(place_of(message))


@require_POST
@translated
def again(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Ask a question again, perhaps in other words; the answer takes the old one's place."""
    old = message_get(person(request), message_id)
    words = request.POST.get("question")
    try:
        message = question_again(user=person(request), replaces=old.pk, question=words)
    except ProductError as error:
        return _not_asked(request, old, words or "", error)
    answer_now(message)
    return redirect(place_of(message))


def _not_asked(
    request: HttpRequest, old: Message, words: str, problem: ProductError
) -> HttpResponse:
    """Show the page with the message again, its question open with the words kept."""
    messages.error(request, problem.message)
    found, end = old.conversation, page_end(old)
    border = message_get(person(request), end) if end else None
    form = AskForm(person(request), initial=_last_scope(found))
    context = _shown(request, found, form, border)
    context["kept"] = {"message_id": newest_of(old).pk, "question": words}
    return _page_of(request, "chat/conversation.html", context, problem)


def _page_of(
    request: HttpRequest, template: str, context: dict[str, Any], problem: ProductError
) -> HttpResponse:
    """Return a page that tells of a problem, with its status and when to come back."""
    response = render(request, template, _page(request, context), status=problem.status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _first_error(errors: dict[str, Sequence[dict[str, str]]]) -> str:
    if "question" in errors:
        return "Please type a question."
    if "as_of" in errors:
        return errors["as_of"][0]["message"]
    return "What the question was narrowed to is no longer there. Choose again."


def _asked_again(
    request: HttpRequest, found: Conversation | None, form: AskForm, problem: ProductError
) -> HttpResponse:
    """Show the page again with the question kept, and say what was wrong with it."""
    messages.error(request, problem.message)
    if found is None:
        template, context = "chat/home.html", {"form": form} | _welcome(person(request))
    else:
        template, context = "chat/conversation.html", _shown(request, found, form)
    return _page_of(request, template, context, problem)
