"""Where alerts go and when they fire: read from the environment, refused when wrong."""

from __future__ import annotations

import pytest

from ragsite import env
from ragsite.env import ConfigurationError

KNOWN = ("disk_free", "backup_age")


def thresholds(monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, float | None]:
    monkeypatch.setenv("ALERT_THRESHOLDS", value)
    return env.thresholds("ALERT_THRESHOLDS", KNOWN)


def test_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert thresholds(monkeypatch, "") == {}


def test_numbers_and_off_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = thresholds(monkeypatch, "disk_free=5000000000, backup_age = off")
    assert found == {"disk_free": 5e9, "backup_age": None}


WRONG = ["disk=1", "disk_free", "disk_free=", "disk_free=-1", "disk_free=a lot", "disk_free=nan",
         "disk_free=1e999", "=3"]  # fmt: skip


@pytest.mark.parametrize("value", WRONG)
def test_anything_else_is_refused_with_the_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(ConfigurationError, match="ALERT_THRESHOLDS must be pairs"):
        thresholds(monkeypatch, value)


def test_the_address_of_a_webhook_keeps_its_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_WEBHOOK", "https://hooks.example.org/x/")
    assert env.url("ALERT_WEBHOOK", trim=False) == "https://hooks.example.org/x/"
    assert env.url("ALERT_WEBHOOK") == "https://hooks.example.org/x"
