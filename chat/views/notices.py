"""Notices and watches of one person."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat.models import Watch
from chat.services import notices as service
from chat.services import questions, watching
from documents.views.translate import person, told, translated

PAGE_SIZE = 20


@require_safe
@translated
def notices(request: HttpRequest) -> HttpResponse:
    """Show the person's notices and what they watch."""
    user = person(request)
    page = Paginator(service.notice_list(user), PAGE_SIZE).get_page(request.GET.get("page"))
    watches = Watch.objects.visible_to(user).prefetch_related("documents")
    context = {
        "place": "notices",
        "page": page,
        "notices": service.notices_readable(user, page),
        "watches": watches,
    }
    return render(request, "chat/notice_list.html", context)


@require_POST
@translated
def see(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one notice as seen."""
    notice = service.notice_get(person(request), notice_id)
    service.notices_see(user=person(request), notice=notice)
    return redirect("notices")


@require_POST
@translated
def see_all(request: HttpRequest) -> HttpResponse:
    """Mark all notices as seen."""
    service.notices_see(user=person(request))
    return redirect("notices")


@require_POST
@translated
def watch_stop(request: HttpRequest, watch_id: int) -> HttpResponse:
    """Stop watching."""
    watch = watching.watch_get(person(request), watch_id)
    told(request, lambda: watching.watch_stop(user=person(request), watch=watch), "Stopped.")
    return redirect("notices")


@require_POST
@translated
def question_watch(request: HttpRequest, question_id: int) -> HttpResponse:
    """Watch a saved question, or stop doing so."""
    user = person(request)
    found = questions.question_get(user, question_id)
    known = watching.watch_of_question(user, found)
    if known is not None:
        told(request, lambda: watching.watch_stop(user=user, watch=known), "Stopped watching.")
    else:
        told(
            request,
            lambda: watching.question_watch(user=user, question=found),
            "You will hear when the answer changes.",
        )
    return redirect("question", question_id=found.pk)
