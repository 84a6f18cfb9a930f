"""Under an answer: its question saved into a set, its sources judged, the answer watched."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat.answer.judging import question_key
from chat.models import Message, SavedQuestion
from chat.quality_forms import JudgeForm, SaveForm
from chat.selectors import message_get
from chat.services import questions, watching
from chat.views.answers import place_of
from chat.views.questions import first_error
from documents.views.translate import person, told, translated

#: A fragment that is swapped in tells what went wrong; on a page, its head does.
_TELLS = {"tells": True}


def _context(user: User, message: Message, form: SaveForm | None = None) -> dict[str, Any]:
    homes = questions.cited_collections(user, message)
    saved = SavedQuestion.objects.visible_to(user).filter(
        key=question_key(questions.asked_text(message))
    )
    return {
        "place": "ask",
        "message": message,
        "homes": homes,
        "save_form": form or SaveForm(user, homes, auto_id=f"save-{message.pk}-%s"),
        "saved": saved.select_related("question_set__collection"),
        "watch": watching.watch_of_message(user, message),
    }


@require_safe
@translated
def keep(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show what can be done with an answer: save its question, watch it."""
    message = message_get(person(request), message_id)
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "chat/_save_question.html" if htmx else "chat/message_keep.html"
    return render(request, template, _context(person(request), message))


@require_POST
@translated
def save(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Put the question into a set, a new one if need be."""
    user = person(request)
    message = message_get(user, message_id)
    form = SaveForm(user, questions.cited_collections(user, message), request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("keep", message_id=message.pk)
    given = form.cleaned_data

    def put() -> None:
        chosen = given["question_set"] or questions.set_create(
            user=user, collection=given["collection"], name=given["name"]
        )
        questions.message_save(user=user, message=message, question_set=chosen)

    told(request, put, "" if request.htmx else "The question is saved.")  # type: ignore[attr-defined]
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "chat/_save_question.html", _context(user, message) | _TELLS)
    return redirect("keep", message_id=message.pk)


@require_POST
@translated
def judge(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Keep what the asker says of one source of an answer."""
    user, form = person(request), JudgeForm(request.POST)
    message = message_get(user, message_id)
    if not form.is_valid():
        messages.error(request, "A source is right or wrong; nothing else was understood.")
        return redirect(place_of(message))
    n, grade = form.cleaned_data["n"], form.cleaned_data["grade"]
    done = told(
        request,
        lambda: questions.passage_judge(user=user, message=message, n=n, grade=grade),
    )
    if request.htmx:  # type: ignore[attr-defined]
        context = {"message": message, "n": n, "grade": grade if done else None}
        return render(request, "chat/_judge.html", context | _TELLS)
    return redirect(place_of(message))


@require_POST
@translated
def watch(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Watch an answer, or stop doing so."""
    user = person(request)
    message = message_get(user, message_id)
    known = watching.watch_of_message(user, message)
    if known is not None:
        told(request, lambda: watching.watch_stop(user=user, watch=known))
    else:
        told(request, lambda: watching.message_watch(user=user, message=message))
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "chat/_watch.html", _context(user, message) | _TELLS)
    return redirect("keep", message_id=message.pk)
