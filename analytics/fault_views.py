"""The pages of errors and alerts, for administrators."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from analytics.alerts.channels import MAX_ATTEMPTS
from analytics.alerts.watching import overview, rows_shown
from analytics.error_groups import STATES, group_resolve, groups_list
from analytics.models import AlertNotice, ErrorGroup
from analytics.views import PAGE_SIZE, administrators

#: The largest id that the database can hold; a larger one names nothing.
_LARGEST = 2**63 - 1
#: Notices listed.
_LISTED = 20


def _group(pk: int) -> ErrorGroup:
    if pk > _LARGEST:
        raise Http404
    return get_object_or_404(ErrorGroup, pk=pk)


@require_safe
@administrators
def errors(request: HttpRequest) -> HttpResponse:
    """List the faults of the product, the latest first."""
    state = request.GET.get("state", "open")
    if state not in STATES:
        raise Http404
    where = request.GET.get("where", "")[:200]
    rows = groups_list(state=state, where=where)
    context: dict[str, Any] = {
        "place": "dashboard",
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "state": state,
        "states": STATES,
        "where": where,
        "query": urlencode({"state": state, "where": where}) + "&",
    }
    return render(request, "analytics/error_list.html", context)


@require_safe
@administrators
def error(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one fault with its way through the code."""
    context = {"place": "dashboard", "error": _group(pk)}
    return render(request, "analytics/error_detail.html", context)


@require_POST
@administrators
def error_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a fault is mended, or that it is not."""
    row = _group(pk)
    resolved = request.POST.get("is_mended") == "yes"
    group_resolve(row, resolved=resolved)
    said = "Resolved. It opens again should it come back." if resolved else "Open again."
    messages.success(request, said)
    return redirect("dashboard_error", pk=row.pk)


@require_safe
@administrators
def alerts(request: HttpRequest) -> HttpResponse:
    """Show everything that is watched, and what was told of it."""
    context = {
        "place": "dashboard",
        "rows": rows_shown(),
        "alerts": overview(),
        "notices": AlertNotice.objects.all()[:_LISTED],
        "max_attempts": MAX_ATTEMPTS,
    }
    return render(request, "analytics/alert_list.html", context)
