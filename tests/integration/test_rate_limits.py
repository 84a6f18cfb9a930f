"""How often anybody may ask, through every door."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from ragsite import limits
from ragsite.addresses import client_network
from ragsite.limits import parsed
from tests.integration.factories import Api, assert_problem, person


@pytest.fixture(autouse=True)
def _counts() -> Iterator[None]:
    cache.clear()
    limits._alone._counts.clear()
    yield
    cache.clear()


@pytest.fixture
def rates(settings: Any) -> dict[str, str]:
    """The rates in force, none to begin with."""
    settings.RATE_LIMITS = {}
    found: dict[str, str] = settings.RATE_LIMITS
    return found


def test_a_rate_is_read() -> None:
    assert parsed("30/m") == (30, 60)
    assert parsed("100/5h") == (100, 18000)


@pytest.mark.parametrize("rate", ["", "0/m", "5", "5/x", "-1/m", "5/0m"])
def test_a_wrong_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the value is the message
        parsed(rate)


def test_a_user_is_stopped_at_the_limit_and_told_when_to_come_back(
    ada: Api, rates: dict[str, str]
) -> None:
    rates["requests"] = "3/h"
    statuses = [ada.get("/api/documents").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = ada.get("/api/documents")
    assert_problem(refused, 429, "too_many_requests")
    assert 0 < int(refused["Retry-After"]) <= 3600


def test_one_user_does_not_use_up_the_limit_of_another(
    ada: Api, bob: Api, rates: dict[str, str]
) -> None:
    rates["requests"] = "1/h"
    assert [ada.get("/api/documents").status_code for _ in range(2)] == [200, 429]
    assert bob.get("/api/documents").status_code == 200


def test_a_second_token_does_not_double_the_limit(rates: dict[str, str], db: None) -> None:
    owner = person("ada")
    rates["requests"] = "2/h"
    one, two = Api(owner), Api(owner)
    statuses = [api.get("/api/documents").status_code for api in (one, two, one, two)]
    assert statuses == [200, 200, 429, 429]


def test_a_made_up_token_counts_for_the_address(rates: dict[str, str], db: None) -> None:
    rates["anonymous"] = "2/h"
    statuses = [
        Client().get("/api/documents", headers={"Authorization": f"Bearer {n}"}).status_code
        for n in range(4)
    ]
    assert statuses == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("ask", "post", "/api/chat"),
        ("search", "get", "/api/search?q=x"),
        ("search", "post", "/api/search"),
        ("upload", "post", "/api/documents/upload"),
    ],
)
def test_each_door_has_its_own_limit(
    one_transaction: None, rates: dict[str, str], kind: str, method: str, path: str
) -> None:
    rates[kind] = "1/h"
    browser = Client()
    browser.force_login(person("ada"))
    first, second = (getattr(browser, method)(path) for _ in range(2))
    assert first.status_code != 429
    assert second.status_code == 429


def test_pages_and_api_share_a_limit(rates: dict[str, str], db: None) -> None:
    owner = person("ada")
    rates["search"] = "2/h"
    browser = Client()
    browser.force_login(owner)
    assert browser.get("/search/?q=wren").status_code == 200
    assert Api(owner).get("/api/search?q=wren").status_code == 200
    refused = browser.get("/search/?q=wren")
    assert refused.status_code == 429
    assert "Try again in" in refused.content.decode()


def test_guessing_a_password_is_bounded_by_account_from_anywhere(
    rates: dict[str, str], db: None
) -> None:
    rates["account"] = "3/h"
    statuses = [
        Client()
        .post("/login/", {"username": name, "password": "x"}, REMOTE_ADDR=f"198.51.100.{n}")
        .status_code
        for n, name in enumerate(["ada", "ADA", "ada ", "ada", "bob"])
    ]
    assert statuses == [200, 200, 200, 429, 200]


def test_guessing_passwords_is_bounded_by_address(rates: dict[str, str], db: None) -> None:
    rates["login"] = "2/h"
    statuses = [
        Client().post("/login/", {"username": f"u{n}", "password": "x"}).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_health_is_never_limited(rates: dict[str, str], db: None) -> None:
    rates["anonymous"] = "1/h"
    assert {Client().get("/api/health/live").status_code for _ in range(4)} == {200}


FORGED = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-For": "1.2.3.4, 5.6.7.8"},
    {"X-Real-IP": "203.0.113.9"},
    {"Forwarded": "for=203.0.113.9"},
    {"CF-Connecting-IP": "203.0.113.9"},
    {"X-Forwarded-For": "garbage"},
]


@pytest.mark.parametrize("headers", FORGED)
def test_a_forged_header_moves_nobody(headers: dict[str, str], settings: Any) -> None:
    settings.TRUSTED_PROXIES = 0
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="198.51.100.7")
    assert client_network(request) == "198.51.100.7"


@pytest.mark.parametrize("before", ["", "9.9.9.9, ", "9.9.9.9, 8.8.8.8, ", "rubbish, "])
def test_behind_a_proxy_only_its_own_word_counts(before: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    header = {"X-Forwarded-For": f"{before}203.0.113.5"}
    request = RequestFactory().get("/", headers=header, REMOTE_ADDR="10.0.0.1")
    assert client_network(request) == "203.0.113.5"


def test_two_clients_behind_a_proxy_are_two(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 2
    chains = ("203.0.113.5, 10.0.0.2", "203.0.113.6, 10.0.0.2")
    found = {
        client_network(RequestFactory().get("/", headers={"X-Forwarded-For": chain}))
        for chain in chains
    }
    assert found == {"203.0.113.5", "203.0.113.6"}


def test_an_ipv6_network_is_one_caller() -> None:
    found = {
        client_network(RequestFactory().get("/", REMOTE_ADDR=address))
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
    }
    assert found == {"2001:db8:1:2::"}


def test_an_address_mapped_into_ipv6_is_the_same_caller() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="::ffff:198.51.100.7")
    assert client_network(request) == "198.51.100.7"


def test_without_the_cache_a_stricter_limit_holds(
    ada: Api, rates: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("no cache")

    monkeypatch.setattr("ragsite.limits.get_usage", broken)
    rates["requests"] = "8/h"
    statuses = [ada.get("/api/documents").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_admitted_exactly(rates: dict[str, str]) -> None:
    request = RequestFactory().get("/api/documents", REMOTE_ADDR="198.51.100.7")
    request.api_token = None  # type: ignore[attr-defined]
    rates["anonymous"] = "10/h"
    admitted: list[bool] = []

    def ask() -> None:
        admitted.extend(limits.limit_reached(request) is None for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 10
