"""All conversations of a person, one's own and shared ones, and finding among them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from chat.forms import FindForm
from chat.search.conversations import conversations_matching
from chat.selectors import conversation_list, conversations_shared
from chat.views.asking import ask, side_column
from documents.views.translate import person, translated

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@translated
def conversations(request: HttpRequest) -> HttpResponse:
    """Show all conversations, or where the words of a search stand; a POST asks in a new one."""
    if request.method == "POST":
        return ask(request, None)
    target = request.htmx.target if request.htmx else ""  # type: ignore[attr-defined]
    if target == "conversations":
        context = side_column(person(request)) | {"current_id": request.GET.get("current", "")}
        return render(request, "chat/_conversation_list.html", context)
    template = "chat/_conversation_table.html" if target else "chat/conversation_list.html"
    return render(request, template, {"place": "ask"} | _listed(request))


def _listed(request: HttpRequest) -> dict[str, Any]:
    user, form = person(request), FindForm(request.GET)
    search = form.cleaned_data["search"] if form.is_valid() else request.GET["search"][:200]
    is_shared = request.GET.get("shared") == "1"
    if search:
        found = conversations_matching(user, search)
        rows: Any = [{"conversation": row, "match": match} for row, match in found.items()]
    else:
        rows = conversations_shared(user) if is_shared else conversation_list(user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = [r if search else {"conversation": r} for r in page.object_list]
    kept = {"search": search} if search else {"shared": "1"} if is_shared else {}
    return {
        "form": form,
        "search": search,
        "page": page,
        "query": f"{urlencode(kept)}&" if kept else "",
        "is_shared": is_shared,
        "has_shared": is_shared or conversations_shared(user).exists(),
        "reader": user,
    }
