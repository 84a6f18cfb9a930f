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
from django.views.decorators.http import require_http_methods, require_safe

from chat.forms import AskForm, RenameForm
from chat.models import Conversation, Message
from chat.selectors import (
    answers_of,
    conversation_get,
    conversation_list,
)
from chat.services.answering import answer_now
from chat.services.asking import question_ask
from chat.views.answers import exchange, place_of
from documents.errors import InvalidInput, NotFound, ProductError
from documents.models import Document
from documents.samples import QUESTIONS, sample_collection
from documents.search.scope import Within
from documents.selectors import document_get
from documents.types import Status
from documents.views.translate import person, translated

#: Conversations that the side column shows.
SHOWN = 40


def _page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context that every page with a conversation needs."""
    conversation = context.get("conversation")
    return {
        "place": "ask",
        "conversations": list(conversation_list(person(request))[:SHOWN]),
        "current_id": conversation.pk if conversation else None,
        "post_to": reverse("conversation", args=[conversation.pk])
        if conversation
        else reverse("conversations"),
    } | context


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
def conversations(request: HttpRequest) -> HttpResponse:
    """Show all conversations; a POST asks the first question of a new one."""
    if request.method == "POST":
        return _ask(request, None)
    htmx = request.htmx  # type: ignore[attr-defined]
    rows = conversation_list(person(request))
    context = {"place": "ask", "conversations": rows[:SHOWN] if htmx else rows}
    if htmx:
        context["current_id"] = request.GET.get("current", "")
        return render(request, "chat/_conversation_list.html", context)
    return render(request, "chat/conversation_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Show a conversation; a POST asks its next question."""
    found = conversation_get(person(request), conversation_id)
    if request.method == "POST":
        return _ask(request, found)
    form = AskForm(person(request), initial=_last_scope(found))
    return render(request, "chat/conversation.html", _page(request, _shown(request, found, form)))


def _rows(found: Conversation) -> list[Message]:
    return list(found.messages.select_related("feedback"))


def _shown(request: HttpRequest, found: Conversation, form: AskForm) -> dict[str, Any]:
    rows = _rows(found)
    answers = answers_of(rows, person(request))
    return {
        "conversation": found,
        "exchanges": [exchange(*pair) for pair in zip(rows, answers, strict=True)],
        "form": form,
        "rename_form": RenameForm(initial={"title": found.title}),
    }


def _last_scope(found: Conversation) -> dict[str, Any]:
    """Return where the last question was asked: the next one begins there."""
    last = found.messages.order_by("-created_at").first()
    scope = last.scope if last else {}
    return {
        "collections": scope.get("collections", []),
        "documents": scope.get("documents", []),
        "as_of": (scope.get("as_of") or {}).get("asked", ""),
    }


def _ask(request: HttpRequest, found: Conversation | None) -> HttpResponse:
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
    except (InvalidInput, NotFound) as error:  # a version that is not there keeps the question
        return _asked_again(request, found, form, error)
    answer_now(message)
    return redirect(place_of(message))


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
        context = {"form": form} | _welcome(person(request))
        return render(request, "chat/home.html", _page(request, context), status=problem.status)
    context = _shown(request, found, form)
    return render(request, "chat/conversation.html", _page(request, context), status=problem.status)
