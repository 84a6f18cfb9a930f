"""The pages about one's own account: for whom they are, and what may be sent to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ragsite.accounts.models import UserSession
from tests.integration.factories import Api, person
from tests.integration.pages import browser, html_of, text_of

pytestmark = pytest.mark.django_db

PAGES = ("account", "password", "two_step")
DEEDS = ("sessions_end", "two_step_off", "recovery_codes")


@pytest.mark.parametrize("name", [*PAGES, *DEEDS])
def test_nobody_is_led_to_the_sign_in(db: None, name: str) -> None:
    for answer in (Client().get(reverse(name)), Client().post(reverse(name))):
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{reverse('login')}?next=")


@pytest.mark.parametrize("name", DEEDS)
def test_reading_does_nothing(db: None, name: str) -> None:
    assert browser(person()).get(reverse(name)).status_code == 405


@pytest.mark.parametrize("name", ["password", "two_step", *DEEDS])
def test_nothing_is_done_without_the_token_of_the_form(db: None, name: str) -> None:
    client = browser(person(), csrf=True)
    assert client.post(reverse(name), {"code": "123456"}).status_code == 403


def test_the_token_of_somebody_elses_form_is_refused(db: None) -> None:
    ada, bob = browser(person("ada"), csrf=True), browser(person("bob"), csrf=True)
    for client in (ada, bob):
        client.get(reverse("account"))
    theirs = bob.cookies["csrftoken"].value
    refused = ada.post(reverse("sessions_end"), {"csrfmiddlewaretoken": theirs})
    assert refused.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_nothing_is_done_from_another_site(db: None, origin: str) -> None:
    client = browser(person(), csrf=True)
    client.get(reverse("account"))
    data = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    for name in ("password", "two_step", *DEEDS):
        sent = client.post(reverse(name), data, headers={"Origin": origin})
        assert sent.status_code == 403, name


def test_a_token_beside_a_cookie_is_what_counts(db: None) -> None:
    ada, bob = person("ada"), Api(person("bob"))
    client = browser(ada)
    response = client.get("/api/tokens", headers=bob.headers)
    assert [row["name"] for row in response.json()["results"]] == ["tests"]


def test_a_session_changes_nothing_over_the_api_without_a_token_of_the_form(db: None) -> None:
    client = browser(person(), csrf=True)
    assert client.post("/api/tokens", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https:evil.example"])
def test_leaving_leads_to_no_other_host(db: None, target: str) -> None:
    answer = browser(person()).post(reverse("logout"), {"next": target})
    assert "evil" not in answer["Location"]


def test_after_leaving_the_old_page_is_not_kept(db: None) -> None:
    client = browser(person())
    page = client.get(reverse("account"))
    assert page["Cache-Control"] == "no-store"
    client.post(reverse("logout"))
    assert client.get(reverse("account")).status_code == 302


def test_the_menu_leads_to_the_account(db: None) -> None:
    assert f'href="{reverse("account")}"' in html_of(browser(person()).get(reverse("documents")))


def test_the_page_names_its_reader_alone(db: None) -> None:
    person("bob", email="bob@example.org")
    page = text_of(browser(person("ada", email="ada@example.org")).get(reverse("account")))
    assert "ada@example.org" in page
    assert "bob" not in page


def test_the_page_keeps_to_its_budget_of_queries(
    db: None, django_assert_max_num_queries: Any
) -> None:
    user = person()
    for _ in range(5):
        browser(user)
    client = browser(user)
    assert UserSession.objects.filter(user_id=user.pk).count() == 6
    with django_assert_max_num_queries(8):
        client.get(reverse("account"))


FORBIDDEN = {
    "id": 1, "user": 1, "user_id": 1, "owner": 1, "is_staff": True, "is_superuser": True,
    "digest": "x", "prefix": "x", "last_used_at": "2026-01-01T00:00:00Z", "token": "x",
    "created_at": "2026-01-01T00:00:00Z", "quota": 1,
}  # fmt: skip


def test_what_a_caller_may_not_set_is_ignored(ada: Api, bob: Api) -> None:
    given = FORBIDDEN | {"name": "mine", "scope": "read", "user": bob.user.pk}
    made = ada.post("/api/tokens", given)
    assert made.status_code == 201
    row = ada.user.api_tokens.get(pk=made.json()["id"])
    assert (row.prefix, row.last_used_at) == (made.json()["token"][:8], None)
    assert bob.user.api_tokens.count() == 1
    ada.user.refresh_from_db()
    assert not ada.user.is_staff
