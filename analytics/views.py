"""The pages of those who look after the product."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import user_passes_test
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analytics import charts
from analytics.dashboard import RANGES, Point, dashboard, requests_list
from analytics.usage import usage

PAGE_SIZE = 50
#: The times one can look back over at how the library is used.
DAYS = (7, 30, 365)


def _is_administrator(user: Any) -> bool:
    if not user.is_staff:
        raise PermissionDenied
    return True


administrators = user_passes_test(_is_administrator)


def _hours(request: HttpRequest) -> int:
    """Return the time asked for; a day where nothing sensible is."""
    given = request.GET.get("hours", "")
    return int(given) if given.isascii() and given.isdigit() and int(given) in RANGES else 24


def _rates(found: list[Point]) -> charts.Chart:
    series = {
        "answered": [point.well for point in found],
        "refused (4xx)": [point.client_errors for point in found],
        "failed (5xx)": [point.server_errors for point in found],
    }
    return charts.bars([point.at for point in found], series)


def _latencies(found: list[Point]) -> charts.Chart:
    series = {
        "half within": [point.latency.p50 for point in found],
        "95 % within": [point.latency.p95 for point in found],
        "99 % within": [point.latency.p99 for point in found],
    }
    return charts.lines([point.at for point in found], series, "ms")


@require_safe
@administrators
def overview(request: HttpRequest) -> HttpResponse:
    """Show how everything does; the numbers alone are asked for again every few seconds."""
    found = dashboard(_hours(request))
    drawn = {"requests": _rates(found["points"]), "latency": _latencies(found["points"])}
    context = found | {"place": "dashboard", "ranges": RANGES, "charts": drawn}
    htmx = request.htmx  # type: ignore[attr-defined]
    template = "analytics/_dashboard.html" if htmx else "analytics/dashboard.html"
    return render(request, template, context)


@require_safe
@administrators
def use(request: HttpRequest) -> HttpResponse:
    """Show how the library is used: what is asked, and which documents are looked at."""
    given = request.GET.get("days", "")
    days = int(given) if given in {str(each) for each in DAYS} else DAYS[0]
    context = {"place": "dashboard", "ranges": DAYS, "days": days, "use": usage(days)}
    return render(request, "analytics/usage.html", context)


@require_safe
@administrators
def requests(request: HttpRequest) -> HttpResponse:
    """Show the requests behind a number."""
    status = request.GET.get("status", "")
    if status not in {"", "2xx", "3xx", "4xx", "5xx"}:
        raise Http404
    hours = _hours(request)
    route = request.GET.get("route", "")[:300]
    rows = requests_list(status=status, route=route, hours=hours)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "place": "dashboard",
        "page": page,
        "hours": hours,
        "status": status,
        "route": route,
        "query": urlencode({"hours": hours, "status": status, "route": route}) + "&",
    }
    return render(request, "analytics/request_list.html", context)
