"""The search page."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from documents.errors import ProductError
from documents.forms import SearchForm
from documents.search.hybrid import SearchResult
from documents.search.hybrid import search as search_anew
from documents.search.kept import search_kept
from documents.search.scope import Within
from documents.types import Mode
from documents.views.translate import person, translated

LIMIT = 20


def _found(request: HttpRequest, form: SearchForm) -> SearchResult | None:
    """Return what was found, or nothing where nothing was asked. Raises ``ProductError``."""
    if not (form.is_valid() and form.cleaned_data["q"]):
        return None
    collection = form.cleaned_data["collection"]
    explain = request.GET.get("explain") == "1"
    run = partial(search_anew, explain=True) if explain else search_kept
    return run(
        person(request),
        form.cleaned_data["q"],
        mode=Mode(form.cleaned_data["mode"] or Mode.HYBRID),
        limit=LIMIT,
        within=Within([collection.pk] if collection else (), as_of=form.cleaned_data["as_of"]),
    )


@require_safe
@translated
def search(request: HttpRequest) -> HttpResponse:
    """Show passages for a query; the query stands in the address."""
    form = SearchForm(person(request), request.GET)
    context = {"place": "search", "form": form, "query": request.GET.get("q", "").strip()}
    try:
        context["result"] = _found(request, form)
    except ProductError as error:
        context["problem"] = error.message
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "documents/_search_results.html" if htmx else "documents/search.html"
    return render(request, template, context)
