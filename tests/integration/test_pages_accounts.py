"""Signing in and out, the first administrator, tokens, and collections with their members."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from documents.models import Collection, Membership
from documents.types import Role
from ragsite.accounts.models import APIToken
from ragsite.accounts.services import setup_link_renew, token_create, token_find
from tests.integration.factories import person, shelf
from tests.integration.pages import browser, html_of, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a-heron-in-the-reeds"


def _sign_in(username: str, password: str, client: Client | None = None, **query: str) -> Any:
    data = {"username": username, "password": password, **query}
    return (client or Client()).post(reverse("login"), data)


def test_signing_in_leads_home(db: None) -> None:
    person("ada", password=PASSWORD)
    assert _sign_in("ada", PASSWORD)["Location"] == reverse("home")


def test_a_wrong_name_a_wrong_password_and_a_closed_account_read_the_same(db: None) -> None:
    person("ada", password=PASSWORD)
    person("carol", password=PASSWORD, is_active=False)
    pages = [_sign_in(*pair) for pair in [("ada", "x"), ("zoe", "x"), ("carol", PASSWORD)]]
    told = {text_of(page) for page in pages}
    assert {page.status_code for page in pages} == {200}
    assert len(told) == 1


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)"]
)
def test_after_signing_in_nobody_is_sent_to_another_host(db: None, target: str) -> None:
    person("ada", password=PASSWORD)
    assert _sign_in("ada", PASSWORD, next=target)["Location"] == reverse("home")


def test_after_signing_in_the_page_that_was_wanted_is_shown(db: None) -> None:
    person("ada", password=PASSWORD)
    assert _sign_in("ada", PASSWORD, next="/search/?q=wren")["Location"] == "/search/?q=wren"


def test_the_session_changes_when_somebody_signs_in_and_ends_when_they_leave(db: None) -> None:
    person("ada", password=PASSWORD)
    client = Client()
    client.get(reverse("login"))
    _sign_in("ada", PASSWORD, client)
    cookie = client.cookies["sessionid"].value
    assert client.post(reverse("logout"))["Location"] == reverse("login")
    client.cookies["sessionid"] = cookie
    assert client.get(reverse("home")).status_code == 302


def test_a_part_of_a_page_is_never_replaced_by_the_sign_in(db: None) -> None:
    headers = {"HX-Request": "true"}
    page = Client().get(reverse("documents"), headers=headers, follow=True)
    assert (page["HX-Refresh"], page.content) == ("true", b"")


def test_a_link_cannot_sign_anybody_out(db: None) -> None:
    client = browser(person())
    assert client.get(reverse("logout")).status_code == 405
    assert client.get(reverse("home")).status_code == 200


# --- the first administrator --------------------------------------------------------


def _setup(secret: str, **changes: str) -> Any:
    data = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD} | changes
    return Client().post(reverse("setup", args=[secret]), data)


def test_the_set_up_link_makes_an_administrator_and_signs_them_in(db: None) -> None:
    secret = setup_link_renew() or ""
    client = Client()
    data = {"username": "ada", "password1": PASSWORD, "password2": PASSWORD}
    page = client.post(reverse("setup", args=[secret]), data, follow=True)
    assert page.redirect_chain == [(reverse("home"), 302)]
    assert get_user_model()._default_manager.get().is_superuser


def test_the_set_up_link_works_once(db: None) -> None:
    secret = setup_link_renew() or ""
    _setup(secret)
    assert Client().get(reverse("setup", args=[secret])).status_code == 404
    assert _setup(secret, username="eve").status_code == 404


def test_a_guessed_set_up_link_does_not_exist(db: None) -> None:
    setup_link_renew()
    assert Client().get(reverse("setup", args=["guess"])).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"password1": "short", "password2": "short"},
        {"password2": "another-one-altogether"},
        {"username": ""},
        {"password1": "password1234", "password2": "password1234"},
    ],
)
def test_a_weak_set_up_is_explained_and_makes_nobody(db: None, changes: dict[str, str]) -> None:
    response = _setup(setup_link_renew() or "", **changes)
    assert 'class="field-error"' in html_of(response)
    assert not get_user_model()._default_manager.exists()


# --- tokens -------------------------------------------------------------------------


def test_a_token_is_shown_once_and_works(db: None) -> None:
    user = person()
    client = browser(user)
    page = client.post(reverse("tokens"), {"name": "Import", "scope": "write", "days": "7"})
    found = re.search(r'class="secret">([^<]+)<', html_of(page))
    assert found
    secret = found[1]
    token = token_find(secret)
    assert token is not None
    assert (token.user, token.scope) == (user, "write")
    assert secret not in html_of(client.get(reverse("tokens")))


def test_a_token_without_an_end_may_be_made(db: None) -> None:
    browser(person()).post(reverse("tokens"), {"name": "x", "scope": "read", "days": ""})
    assert APIToken.objects.get().expires_at is None


@pytest.mark.parametrize("wrong", [{"days": "0"}, {"days": "99999"}, {"scope": "all"}])
def test_a_token_that_cannot_be_is_not_made(db: None, wrong: dict[str, str]) -> None:
    data = {"name": "x", "scope": "read", "days": "7"} | wrong
    browser(person()).post(reverse("tokens"), data)
    assert not APIToken.objects.exists()


def test_only_its_owner_revokes_a_token(db: None) -> None:
    ada, bob = person("ada"), person("bob")
    token, _ = token_create(user=ada, name="x", scope="read")
    url = reverse("token_revoke", args=[token.pk])
    assert browser(bob).post(url).status_code == 404
    browser(ada).post(url)
    assert not APIToken.objects.exists()


def test_the_administration_shows_a_token_without_what_could_be_misused(db: None) -> None:
    admin = person("root", is_staff=True, is_superuser=True)
    token, secret = token_create(user=admin, name="x", scope="read")
    page = html_of(browser(admin).get(reverse("admin:accounts_apitoken_change", args=[token.pk])))
    assert token.prefix in page
    assert token.digest not in page
    assert secret not in page


# --- collections --------------------------------------------------------------------


def test_a_collection_is_made_renamed_and_deleted(db: None) -> None:
    client = browser(person())
    client.post(reverse("collections"), {"name": "Letters"})
    collection = Collection.objects.get()
    client.post(reverse("collection_rename", args=[collection.pk]), {"name": "Old letters"})
    assert Collection.objects.get().name == "Old letters"
    client.post(reverse("collection_delete", args=[collection.pk]))
    assert not Collection.objects.exists()


def test_a_member_is_added_given_another_role_and_removed(db: None) -> None:
    ada, bob = person("ada"), person("bob")
    collection = shelf(ada)
    client = browser(ada)
    add = reverse("member_add", args=[collection.pk])
    client.post(add, {"username": "bob", "role": "viewer"})
    client.post(add, {"username": "bob", "role": "editor"})
    assert Membership.objects.get(user=bob).role == Role.EDITOR
    client.post(reverse("member_remove", args=[collection.pk, bob.pk]))
    assert not Membership.objects.filter(user=bob).exists()


def test_a_member_may_leave_and_no_longer_sees_the_collection(db: None) -> None:
    bob = person("bob")
    collection = shelf(person("ada"), bob=(bob, Role.VIEWER))
    page = browser(bob).post(reverse("member_remove", args=[collection.pk, bob.pk]), follow=True)
    assert page.redirect_chain == [(reverse("collections"), 302)]
    assert browser(bob).get(reverse("collection", args=[collection.pk])).status_code == 404


def test_the_last_owner_is_told_why_they_cannot_leave(db: None) -> None:
    ada = person("ada")
    collection = shelf(ada)
    url = reverse("member_remove", args=[collection.pk, ada.pk])
    assert "A collection needs an owner." in text_of(browser(ada).post(url, follow=True))


def test_a_viewer_cannot_make_themselves_an_owner(db: None) -> None:
    bob = person("bob")
    collection = shelf(person("ada"), bob=(bob, Role.VIEWER))
    data = {"username": "bob", "role": "owner"}
    browser(bob).post(reverse("member_add", args=[collection.pk]), data)
    assert Membership.objects.get(user=bob).role == Role.VIEWER
