"""Errors are seen wherever they happen, once each, and put together by what they are."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from celery import shared_task
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import error_groups
from analytics.models import ErrorGroup
from analytics.recording import recorder
from analytics.types import ErrorRecord
from ragsite import urls as product
from tests.integration.factories import Api, assert_problem, person
from tests.integration.pages import browser, text_of

pytestmark = pytest.mark.django_db

CANARY = "canary-of-a-person"
START = datetime(2026, 1, 1, tzinfo=UTC)
logger = logging.getLogger("documents.made_up")


def broken(value: str) -> None:
    kept = value.upper()
    raise ValueError(f"this is wrong: {kept}")


def page(request: HttpRequest) -> HttpResponse:
    broken(request.GET.get("q", CANARY))
    raise AssertionError


async def streaming(request: HttpRequest) -> HttpResponse:
    broken(CANARY)
    raise AssertionError


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation(CANARY)


class View(APIView):
    schema = None

    def get(self, request: Request) -> Response:
        broken(CANARY)
        raise AssertionError


urlpatterns = [
    path("broken/page", page),
    path("api/broken/view", View.as_view()),
    path("api/broken/async", streaming),
    path("api/broken/suspicious", suspicious),
    *product.urlpatterns,
]
handler400, handler500 = product.handler400, product.handler500


@pytest.fixture
def routes(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def quiet() -> Client:
    client = browser(person("ann"))
    client.raise_request_exception = False
    return client


def groups() -> list[ErrorGroup]:
    recorder.flush()
    return list(ErrorGroup.objects.all())


def group() -> ErrorGroup:
    (found,) = groups()
    return found


# --- from where ---------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/broken/page", "/api/broken/view"])
def test_what_a_view_raises_is_noted_once(routes: None, quiet: Client, address: str) -> None:
    response = quiet.get(address, headers={"X-Request-ID": "the-request-id"})
    assert response.status_code == 500
    found = group()
    assert (found.count, found.kind) == (1, "ValueError")
    assert found.where == f"GET {address}"
    assert found.last_request_id == "the-request-id" == response["X-Request-ID"]


def test_what_an_async_view_raises_is_noted(routes: None) -> None:
    client = AsyncClient(raise_request_exception=False)
    client.force_login(person("ann"))
    assert async_to_sync(client.get)("/api/broken/async").status_code == 500
    found = group()
    assert found.where == "GET /api/broken/async"
    assert found.last_request_id


def test_what_a_task_raises_is_noted() -> None:
    @shared_task(name="tests.broken")
    def task(value: str) -> None:
        broken(value)

    task.apply(args=(CANARY,), throw=False)
    found = group()
    assert (found.count, found.where) == (1, "tests.broken")
    assert len(found.last_request_id) == 32
    assert CANARY not in found.trace


def test_what_is_caught_and_logged_is_noted() -> None:
    try:
        broken(CANARY)
    except ValueError:
        logger.exception("version %s: unexpected error", 7)
    assert group().where == "documents.made_up"


def test_an_error_that_is_told_of_twice_counts_once() -> None:
    try:
        broken(CANARY)
    except ValueError:
        logger.exception("here")
        logger.exception("and here")
    assert group().count == 1


def test_a_line_without_an_exception_is_no_group() -> None:
    logger.error("something is off")
    assert groups() == []


def test_a_callers_own_fault_is_no_group(routes: None, quiet: Client) -> None:
    assert quiet.get("/api/broken/suspicious").status_code == 400
    assert groups() == []


def test_an_answer_that_says_no_is_no_group(ada: Api) -> None:
    assert_problem(ada.get("/api/documents/nothing"), 404)
    assert groups() == []


def test_the_error_page_names_its_request_and_nothing_of_the_inside(
    routes: None, quiet: Client, settings: Any
) -> None:
    response = quiet.get("/broken/page", headers={"X-Request-ID": "the-request-id"})
    shown = text_of(response)
    assert "request the-request-id" in shown
    for inside in (CANARY, "ValueError", "Traceback", settings.SECRET_KEY, "kept", "DEBUG"):
        assert inside not in response.content.decode()


def test_no_header_and_no_parameter_shows_the_inside(routes: None, quiet: Client) -> None:
    headers = {"X-Debug": "1", "X-Django-Debug": "true"}
    response = quiet.get("/api/broken/view?debug=1&DEBUG=true", headers=headers)
    assert_problem(response, 500)
    assert "ValueError" not in response.content.decode()


# --- what is kept -------------------------------------------------------------------


def test_a_group_holds_no_value_of_anybody(routes: None, quiet: Client) -> None:
    quiet.get("/broken/page", {"q": CANARY})
    found = group()
    kept = " ".join(str(value) for value in vars(found).values())
    assert CANARY not in kept
    assert CANARY.upper() not in kept
    assert "in broken" in found.trace
    assert 'raise ValueError(f"this is wrong: {kept}")' in found.trace


def record(minutes: int = 0, fingerprint: str = "f" * 32, **more: str) -> ErrorRecord:
    at = START + timedelta(minutes=minutes)
    given = {"kind": "ValueError", "title": "t", "said": "", "trace": "x", "where": "GET /x",
             "request_id": f"r{minutes}", "release": "0.1.0"} | more  # fmt: skip
    return ErrorRecord(at=at, fingerprint=fingerprint, **given)


def test_the_same_fault_is_counted() -> None:
    error_groups.add([record(3), record(1), record(2)])
    error_groups.add([record(4, release="0.2.0")])
    found = ErrorGroup.objects.get()
    assert found.count == 4
    assert (found.first_seen, found.last_seen) == (record(1).at, record(4).at)
    assert (found.first_release, found.last_release) == ("0.1.0", "0.2.0")
    assert found.last_request_id == "r4"


def test_what_comes_late_does_not_become_the_last() -> None:
    error_groups.add([record(5)])
    error_groups.add([record(2)])
    found = ErrorGroup.objects.get()
    assert (found.count, found.last_request_id) == (2, "r5")


def test_a_resolved_fault_that_comes_back_is_open_again() -> None:
    error_groups.add([record(1)])
    error_groups.group_resolve(ErrorGroup.objects.get(), resolved=True)
    ErrorGroup.objects.update(resolved_at=record(2).at)
    error_groups.add([record(3)])
    found = ErrorGroup.objects.get()
    assert (found.resolved_at, found.reopened_at) == (None, record(3).at)


def test_what_happened_before_it_was_resolved_does_not_open_it() -> None:
    error_groups.add([record(1)])
    ErrorGroup.objects.update(resolved_at=record(9).at)
    error_groups.add([record(8)])
    assert ErrorGroup.objects.get().resolved_at is not None


def test_old_resolved_faults_are_forgotten_and_open_ones_are_not(settings: Any) -> None:
    settings.METRICS_DAYS = 30
    error_groups.add([record(1), record(1, "a" * 32)])
    ErrorGroup.objects.filter(fingerprint="a" * 32).update(resolved_at=START)
    assert error_groups.groups_forget(START + timedelta(days=29)) == 0
    assert error_groups.groups_forget(START + timedelta(days=32)) == 1
    assert ErrorGroup.objects.get().fingerprint == "f" * 32


# --- the pages ----------------------------------------------------------------------


@pytest.fixture
def boss() -> Client:
    return browser(person("boss", is_staff=True))


PAGES = ("/dashboard/errors", "/dashboard/errors/1", "/dashboard/alerts")


@pytest.mark.parametrize("address", PAGES)
def test_errors_and_alerts_are_for_administrators(boss: Client, address: str) -> None:
    error_groups.add([record()])
    address = address.replace("1", str(ErrorGroup.objects.get().pk))
    assert boss.get(address).status_code == 200
    assert browser(person("eve")).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_only_administrators_resolve(boss: Client) -> None:
    error_groups.add([record()])
    address = f"/dashboard/errors/{ErrorGroup.objects.get().pk}/resolve"
    assert browser(person("eve")).post(address, {"is_mended": "yes"}).status_code == 403
    assert boss.get(address).status_code == 405
    assert groups()[0].resolved_at is None


def test_a_fault_is_resolved_and_opened_again(boss: Client) -> None:
    error_groups.add([record()])
    address = f"/dashboard/errors/{ErrorGroup.objects.get().pk}/resolve"
    shown = boss.post(address, {"is_mended": "yes"}, follow=True)
    assert "resolved" in text_of(shown)
    assert "There are none." in text_of(boss.get("/dashboard/errors"))
    boss.post(address, {"is_mended": "no"})
    assert groups()[0].resolved_at is None


def test_the_list_is_filtered_by_state_and_place(boss: Client) -> None:
    error_groups.add([record(title="one"), record(1, "a" * 32, title="two", where="a.task")])
    ErrorGroup.objects.filter(title="one").update(resolved_at=START)
    cases = {"": "two", "?state=resolved": "one", "?state=all&where=a.task": "two"}
    for query, title in cases.items():
        shown = text_of(boss.get(f"/dashboard/errors{query}"))
        assert (f"{title} " in shown, shown.count(" times ")) == (True, 0)
    assert "one" not in text_of(boss.get("/dashboard/errors")).split("Times")[1]


@pytest.mark.parametrize("address", ["/dashboard/errors?state=x", f"/dashboard/errors/{10**30}"])
def test_what_does_not_exist_is_not_found(boss: Client, address: str) -> None:
    assert boss.get(address).status_code == 404


def test_a_trace_cannot_bring_markup(boss: Client) -> None:
    error_groups.add([record(trace="<script>alert(1)</script>", title="<b>t")])
    body = boss.get(f"/dashboard/errors/{ErrorGroup.objects.get().pk}").content.decode()
    assert "<script>alert" not in body
    assert "<b>t" not in body


def test_the_dashboard_leads_to_open_errors(boss: Client) -> None:
    error_groups.add([record()])
    assert "1 open error" in text_of(boss.get("/dashboard"))
