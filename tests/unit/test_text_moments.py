"""What people write for "as it was then"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from documents.errors import InvalidInput
from documents.text.moments import as_of_from
from documents.types import AsOf

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")


def _moment(text: str, zone: ZoneInfo | None = None) -> datetime:
    found = as_of_from(text, zone=zone or ZoneInfo("UTC"), now=NOW)
    assert found is not None
    assert found.moment is not None
    return found.moment


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_asked_is_the_present(text: str) -> None:
    assert as_of_from(text, zone=UTC, now=NOW) is None


def test_a_date_is_the_end_of_that_day() -> None:
    assert _moment("2026-05-31") == datetime(2026, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_date_ends_in_the_zone_of_the_server() -> None:
    assert _moment("2026-05-31", VIENNA) == datetime(2026, 5, 31, 21, 59, 59, 999999, tzinfo=UTC)


def test_the_night_of_a_change_of_clocks_has_an_end_too() -> None:
    assert _moment("2026-03-29", VIENNA) - _moment("2026-03-28", VIENNA) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2026-05-31T14:00", 12, 0),
        ("2026-05-31 14:00", 12, 0),
        ("2026-05-31T14:00:00", 12, 0),
        ("2026-05-31T14:00Z", 14, 0),
        ("2026-05-31t14:00z", 14, 0),
        ("2026-05-31T14:00+05:30", 8, 30),
        ("2026-05-31T14:00-0200", 16, 0),
    ],
)
def test_a_time_is_in_its_own_zone_or_the_servers(text: str, hour: int, minute: int) -> None:
    assert _moment(text, VIENNA) == datetime(2026, 5, 31, hour, minute, tzinfo=UTC)


def test_a_plus_that_an_address_made_a_space_is_a_plus() -> None:
    assert _moment("2026-05-31T14:00:00 02:00") == datetime(2026, 5, 31, 12, tzinfo=UTC)


def test_fractions_of_a_second_count() -> None:
    assert _moment("2026-05-31T14:00:00.000001Z").microsecond == 1


@pytest.mark.parametrize("text", ["2026-06-15", "2030-01-01", "9999-12-31", "2026-06-15T12:00:01Z"])
def test_what_is_still_to_come_means_now(text: str) -> None:
    assert _moment(text) == NOW


@pytest.mark.parametrize("text", ["2", "v2", "V2", "version 2", "Version  2", " 2 "])
def test_a_number_is_a_version(text: str) -> None:
    assert as_of_from(text, zone=UTC, now=NOW) == AsOf(version=2)


def test_what_was_written_is_kept() -> None:
    found = as_of_from(" 2026-05-31 ", zone=UTC, now=NOW)
    assert found is not None
    assert found.asked == "2026-05-31"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "2026-05-31T25:00",
        "2026-05-31T14",
        "2026-05-31T14:00+99:00",
        "31.05.2026",
        "0000-01-01",
        "2026-W10-1",
        "-1",
        "1.5",
        "0",
        "v0",
        "2147483648",
        "9" * 5000,
        "²",
        "١",
        "version",
        f"version{' ' * 60}2",
        "2026-05-31; DROP TABLE x",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        as_of_from(text, zone=UTC, now=NOW)
    assert caught.value.message.endswith(".")
    assert len(caught.value.message) < 300


def test_a_day_before_the_calendar_begins_elsewhere_is_refused() -> None:
    with pytest.raises(InvalidInput):
        as_of_from("0001-01-01T00:00+14:00", zone=UTC, now=NOW)
