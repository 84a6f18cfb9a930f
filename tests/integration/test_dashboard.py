"""The dashboard: for administrators, with numbers that lead to their rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone as clock

from analytics import charts, services
from analytics.dashboard import points
from analytics.types import RequestRecord
from tests.integration.factories import person
from tests.integration.pages import browser, html_of, text_of

pytestmark = pytest.mark.django_db

PAGES = ("/dashboard", "/dashboard/requests", "/dashboard/use")


@pytest.fixture
def boss() -> Client:
    return browser(person("boss", is_staff=True))


def request(status: int = 200, ms: float = 5.0, minutes_ago: int = 0, **more: Any) -> None:
    at = clock.now() - timedelta(minutes=minutes_ago)
    given = {"route": "/api/search", "method": "GET"} | more
    services.write([RequestRecord(at, "an-id", status=status, ms=ms, request_bytes=0,
                                  response_bytes=9, **given)])  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_the_dashboard_is_for_administrators(boss: Client, page: str) -> None:
    assert boss.get(page).status_code == 200
    assert browser(person("eve")).get(page).status_code == 403
    assert Client().get(page).status_code == 302


def test_the_numbers_of_the_time_are_shown(boss: Client) -> None:
    for status in (200, 200, 404, 500):
        request(status)
    shown = text_of(boss.get("/dashboard?hours=1"))
    assert "4 0.1 a minute" in shown
    assert "1 failed (25 %)" in shown
    assert "GET /api/search" in shown


def test_the_page_asks_for_its_numbers_again(boss: Client) -> None:
    page = html_of(boss.get("/dashboard?hours=168"))
    assert 'hx-get="/dashboard?hours=168"' in page
    part = boss.get("/dashboard?hours=168", headers={"HX-Request": "true"})
    assert part.content.strip().startswith(b'<div id="dashboard"')


@pytest.mark.parametrize("hours", ["", "x", "5", "-1", "99999999999"])
def test_a_time_that_is_not_offered_is_a_day(boss: Client, hours: str) -> None:
    assert "hours=24" in html_of(boss.get(f"/dashboard?hours={hours}"))


def test_a_number_leads_to_its_rows(boss: Client) -> None:
    request(500, route="/api/chat", method="POST")
    request(200)
    shown = text_of(boss.get("/dashboard/requests?status=5xx"))
    assert "POST /api/chat" in shown
    assert "/api/search" not in shown


def test_the_rows_of_a_route_are_its_own(boss: Client) -> None:
    request(route="/api/chat", method="POST")
    request()
    shown = text_of(boss.get("/dashboard/requests", {"route": "POST /api/chat"}))
    assert "GET /api/search" not in shown


def test_many_rows_come_in_pages(boss: Client) -> None:
    for _ in range(51):
        request()
    page = html_of(boss.get("/dashboard/requests?hours=1&status=2xx"))
    assert "hours=1&amp;status=2xx&amp;route=&amp;page=2" in page


def test_an_unknown_status_does_not_exist(boss: Client) -> None:
    assert boss.get("/dashboard/requests?status=9xx").status_code == 404


def test_each_stretch_of_time_has_its_own_requests() -> None:
    request(200, minutes_ago=1)
    request(503, minutes_ago=30)
    found = [point for point in points(1) if point.count]
    assert [(point.well, point.server_errors) for point in found] == [(0, 1), (1, 0)]


def test_times_without_requests_are_there_too() -> None:
    assert len(points(1)) == 31
    assert {point.latency.p50 for point in points(1)} == {None}


TIMES = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(3)]


def test_bars_stand_on_each_other() -> None:
    drawn = charts.bars(TIMES, {"a": [1, 2, 3], "b": [1, 0, 2]})
    one, two = drawn.series
    assert (len(one.bars), len(two.bars)) == (3, 2)
    assert two.bars[0].y + two.bars[0].height == pytest.approx(one.bars[0].y)
    assert one.bars[2].height == pytest.approx(3 * one.bars[0].height, rel=0.01)


def test_a_line_leaves_a_gap_where_nothing_was() -> None:
    (series,) = charts.lines(TIMES, {"p50": [1.0, None, 3.0]}).series
    assert series.paths == ()
    assert len(series.dots) == 2


SCALES = [(0, 4), (1, 1), (3.2, 4), (7, 8), (99, 100), (101, 200)]


@pytest.mark.parametrize(("highest", "top"), SCALES)
def test_the_scale_ends_with_a_round_number(highest: float, top: float) -> None:
    drawn = charts.lines(TIMES, {"a": [highest, None, None]})
    assert float(drawn.guides[-1].text.replace(",", "")) == top


def test_nothing_can_be_drawn() -> None:
    assert charts.bars([], {"a": []}).times == ()
