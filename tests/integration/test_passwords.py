"""Passwords: changed by their owner, replaced by letter, and what ends with them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from ragsite.accounts import mailing, two_step
from ragsite.accounts.models import TwoStep, UserSession
from ragsite.accounts.services import sessions_end
from ragsite.accounts.sessions import SessionStore
from ragsite.audit.models import AuditEntry
from tests.integration.factories import Api, person
from tests.integration.pages import browser, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a-heron-in-the-reeds"
NEW = "an-otter-by-the-weir"


@pytest.fixture(autouse=True)
def _counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)  # what it costs is no matter here
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada(db: None) -> Any:
    return person("ada", password=PASSWORD, email="ada@example.org")


def _change(client: Client, **changes: str) -> Any:
    data = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW} | changes
    return client.post(reverse("password"), data)


def _is_in(client: Client) -> bool:
    return client.get(reverse("documents")).status_code == 200


def _can_sign_in(password: str) -> bool:
    client = Client()
    client.post(reverse("login"), {"username": "ada", "password": password})
    return _is_in(client)


# --- changing it --------------------------------------------------------------------


def test_a_password_is_changed_by_its_owner(ada: Any) -> None:
    assert _change(browser(ada))["Location"] == reverse("account")
    assert (_can_sign_in(NEW), _can_sign_in(PASSWORD)) == (True, False)
    assert AuditEntry.objects.get(action="user.password_changed").actor_name == "ada"


def test_a_changed_password_ends_every_other_session(ada: Any) -> None:
    other, client = browser(ada), browser(ada)
    _change(client)
    assert (_is_in(client), _is_in(other)) == (True, False)
    assert UserSession.objects.filter(user_id=ada.pk).count() == 1


def test_a_tokens_life_does_not_depend_on_the_password(ada: Any) -> None:
    api = Api(ada)
    _change(browser(ada))
    assert api.get("/api/documents").status_code == 200


@pytest.mark.parametrize("changes", [
    {"old_password": "wrong"},
    {"new_password2": "another-one-altogether"},
    {"new_password1": "short", "new_password2": "short"},
    {"new_password1": "password1234", "new_password2": "password1234"},
    {"new_password1": "ada@example.org", "new_password2": "ada@example.org"},
    {"new_password1": "382947562947", "new_password2": "382947562947"},
])  # fmt: skip
def test_a_password_that_will_not_do_is_explained(ada: Any, changes: dict[str, str]) -> None:
    page = _change(browser(ada), **changes)
    assert page.status_code == 200
    assert 'class="field-error"' in page.content.decode()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_passwords_are_kept_as_argon2id(ada: Any) -> None:
    assert ada.password.startswith("argon2$argon2id$")


# --- sessions -----------------------------------------------------------------------


def test_somebody_signs_out_everywhere_else(ada: Any) -> None:
    others, client = [browser(ada), browser(ada)], browser(ada)
    assert "2 others" in text_of(client.get(reverse("account")))
    page = client.post(reverse("sessions_end"), follow=True)
    assert "2 other browsers are signed out." in text_of(page)
    assert [_is_in(c) for c in (client, *others)] == [True, False, False]
    assert AuditEntry.objects.get(action="sessions.ended").detail == {"number": 2}


def test_sessions_of_others_go_on(ada: Any) -> None:
    bob = browser(person("bob"))
    sessions_end(ada)
    assert _is_in(bob)


def test_an_ended_session_is_not_brought_back_by_its_own_request(ada: Any) -> None:
    client = browser(ada)
    sessions_end(ada)
    assert not _is_in(client)
    assert not UserSession.objects.filter(user_id=ada.pk).exists()


def test_a_session_without_a_user_belongs_to_nobody(db: None) -> None:
    client = Client()
    session = client.session
    session["x"] = 1
    session.save()
    assert UserSession.objects.get().user_id is None


# --- a forgotten password -----------------------------------------------------------


@pytest.fixture
def letters(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The letters that were sent, at once."""
    settings.EMAIL_URL, settings.PUBLIC_URL = "smtp://localhost", "https://library.example.org"
    monkeypatch.setattr(mailing, "later", lambda work: work())
    return mail.outbox


def _ask(address: str, **more: Any) -> Any:
    return Client().post(reverse("password_reset"), {"email": address}, **more)


def _link(letters: list[Any]) -> str:
    found = re.search(r"https://library\.example\.org(/\S+)", letters[-1].body)
    assert found
    return found[1]


def _choose(link: str, client: Client | None = None) -> Any:
    client = client or Client()
    form = client.get(link)
    data = {"new_password1": NEW, "new_password2": NEW}
    return client.post(form["Location"], data) if form.status_code == 302 else form


def test_a_letter_brings_a_link_to_choose_a_new_password(ada: Any, letters: list[Any]) -> None:
    _ask("ada@example.org")
    assert letters[0].to == ["ada@example.org"]
    assert _choose(_link(letters))["Location"] == reverse("login")
    assert _can_sign_in(NEW)


def test_a_link_works_once(ada: Any, letters: list[Any]) -> None:
    _ask("ada@example.org")
    _choose(_link(letters))
    assert _choose(_link(letters)).status_code == 404


@pytest.mark.parametrize("change", ["password", "email", "closed"])
def test_a_link_ends_with_what_it_was_made_for(ada: Any, letters: list[Any], change: str) -> None:
    _ask("ada@example.org")
    if change == "password":
        ada.set_password("another-one-altogether")
    elif change == "email":
        ada.email = "new@example.org"
    else:
        ada.set_unusable_password()
    ada.save()
    assert _choose(_link(letters)).status_code == 404


def test_a_link_ends_after_an_hour(
    ada: Any, letters: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _ask("ada@example.org")
    later = datetime.now() + timedelta(seconds=3601)  # noqa: DTZ005  # as Django counts
    generator = "django.contrib.auth.tokens.PasswordResetTokenGenerator._now"
    monkeypatch.setattr(generator, lambda self: later)
    assert _choose(_link(letters)).status_code == 404


def test_a_link_of_another_user_changes_nothing(ada: Any, letters: list[Any]) -> None:
    person("bob", password=PASSWORD, email="bob@example.org")
    _ask("ada@example.org")
    mine = _link(letters)
    _ask("bob@example.org")
    theirs = _link(letters)
    mixed = "/".join([*mine.split("/")[:4], theirs.split("/")[4], ""])
    assert _choose(mixed).status_code == 404


@pytest.mark.parametrize("token", ["null", "x", "set-password", "a-b", "%00"])
def test_a_made_up_link_does_not_exist(ada: Any, letters: list[Any], token: str) -> None:
    uid = urlsafe_base64_encode(str(ada.pk).encode())
    for url in (f"/password/reset/{uid}/{token}/", f"/password/reset/zz/{token}/"):
        assert Client().get(url).status_code == 404
        assert Client().post(url, {"new_password1": NEW}).status_code == 404
    assert _can_sign_in(PASSWORD)


def test_the_answer_does_not_tell_whether_there_is_such_an_account(
    ada: Any, letters: list[Any]
) -> None:
    person("carol", email="carol@example.org", is_active=False)
    pages = [_ask(a) for a in ("ada@example.org", "carol@example.org", "zoe@example.org")]
    assert len({page.content for page in pages}) == 1
    assert {page.status_code for page in pages} == {200}
    assert len(letters) == 1


def test_the_link_leads_to_the_host_of_the_settings(
    ada: Any, letters: list[Any], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    _ask("ada@example.org", headers={"host": "other.example", "X-Forwarded-Host": "evil.example"})
    assert "other.example" not in letters[0].body
    assert "evil" not in letters[0].body
    assert _link(letters)


def test_the_token_is_neither_in_the_page_nor_in_its_address(ada: Any, letters: list[Any]) -> None:
    _ask("ada@example.org")
    link, client = _link(letters), Client()
    token = link.split("/")[4]
    form = client.get(link)
    assert token not in form["Location"]
    assert token not in client.get(form["Location"]).content.decode()


def test_a_replaced_password_ends_every_session_and_keeps_the_second_step(
    ada: Any, letters: list[Any]
) -> None:
    old = browser(ada)
    row = two_step.begin(ada)
    TwoStep.objects.filter(pk=row.pk).update(confirmed_at="2026-01-01T00:00Z")
    _ask("ada@example.org")
    client = Client()
    _choose(_link(letters), client)
    assert not _is_in(old)
    response = client.post(reverse("login"), {"username": "ada", "password": NEW})
    assert response["Location"] == reverse("login_code")


def test_without_mail_nobody_is_offered_a_letter(db: None, settings: Any) -> None:
    settings.EMAIL_URL = ""
    assert Client().get(reverse("password_reset")).status_code == 404
    assert "forgotten" not in text_of(Client().get(reverse("login")))


def test_with_mail_the_sign_in_offers_it(letters: list[Any], db: None) -> None:
    assert "Password forgotten?" in text_of(Client().get(reverse("login")))


def test_letters_are_bounded_like_passwords(ada: Any, letters: list[Any], settings: Any) -> None:
    settings.RATE_LIMITS = {"guess": "2/10m"}
    assert [_ask("ada@example.org").status_code for _ in range(3)] == [200, 200, 429]


def test_a_letter_that_cannot_be_sent_is_logged_and_told_to_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def now(target: Any, **kwargs: Any) -> Any:
        class Thread:
            start = staticmethod(target)

        return Thread()

    def broken() -> None:
        raise OSError("no server")

    monkeypatch.setattr("ragsite.accounts.mailing.threading.Thread", now)
    monkeypatch.setattr("ragsite.accounts.mailing.connections.close_all", lambda: None)
    mailing.later(broken)
    assert "a letter could not be sent" in caplog.text


# --- guessing -----------------------------------------------------------------------


GUESSES = {"login": "40/m", "account": "50/10m", "guess": "10/10m"}


@pytest.fixture
def guarded(ada: Any, settings: Any) -> Any:
    settings.RATE_LIMITS = dict(GUESSES)
    return ada


def _try(password: str, address: str = "198.51.100.1", name: str = "ada", path: str = "") -> Any:
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(path or reverse("login"), data)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check no password: only how often it is tried is looked at."""
    monkeypatch.setattr("django.contrib.auth.views.LoginView.form_valid", _ok)
    monkeypatch.setattr(
        "django.contrib.auth.backends.ModelBackend.authenticate", lambda *a, **k: None
    )


def _ok(self: Any, form: Any) -> Any:
    raise AssertionError("nobody is let in")


def test_the_eleventh_guess_is_refused_with_when_to_come_back(guarded: Any, quick: None) -> None:
    statuses = [_try("wrong").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert 0 < int(_try("wrong")["Retry-After"]) <= 600


def test_during_the_block_the_right_password_is_refused_alike(guarded: Any) -> None:
    guarded.set_password(PASSWORD)
    for _ in range(10):
        _try("wrong", name="ada")
    wrong, right = _try("wrong"), _try(PASSWORD)
    assert (wrong.status_code, right.status_code) == (429, 429)
    assert re.sub(r"\d+", "", text_of(wrong)) == re.sub(r"\d+", "", text_of(right))


def test_a_guess_from_one_place_does_not_keep_the_owner_out_elsewhere(guarded: Any) -> None:
    for _ in range(12):
        _try("wrong", "198.51.100.66")
    assert _try(PASSWORD, "198.51.100.1").status_code == 302


def test_guesses_from_many_places_are_bounded_together(guarded: Any, quick: None) -> None:
    statuses = [_try("wrong", f"198.51.100.{n}").status_code for n in range(51)]
    assert statuses == [200] * 50 + [429]


def test_one_place_cannot_try_many_accounts(guarded: Any, quick: None) -> None:
    statuses = [_try("wrong", name=f"user{n}").status_code for n in range(41)]
    assert statuses == [200] * 40 + [429]


def test_a_session_goes_on_while_its_account_is_blocked(guarded: Any, quick: None) -> None:
    client = browser(guarded)
    for _ in range(12):
        _try("wrong")
    assert _is_in(client)


def test_the_block_ends(guarded: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(11):
        _try("wrong")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 1200)
    assert _try(PASSWORD).status_code == 302


def test_the_administrations_own_address_counts_as_well(guarded: Any, quick: None) -> None:
    statuses = [_try("wrong", path="/admin/login/").status_code for _ in range(11)]
    assert statuses[-1] == 429
    assert _try("wrong").status_code == 429


def test_who_is_signed_in_guesses_no_password_either(guarded: Any) -> None:
    client = browser(guarded)
    statuses = [_change(client, old_password="wrong").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


# --- who has an account cannot be told ------------------------------------------------


def test_every_name_costs_one_hash(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    person("carol", password=PASSWORD, is_active=False)
    person("dora").set_unusable_password()
    hashed: list[str] = []
    real = Argon2PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    monkeypatch.setattr(
        Argon2PasswordHasher, "verify", lambda self, password, encoded: hashed.append(password)
    )
    counts = []
    for name in ("ada", "carol", "zoe"):
        hashed.clear()
        _try("wrong", name=name)
        counts.append(len(hashed))
    assert counts == [1, 1, 1]


def test_the_answers_to_every_name_have_the_same_headers(ada: Any) -> None:
    person("carol", password=PASSWORD, is_active=False)
    kept = {"Content-Security-Policy", "Cache-Control", "Vary", "Content-Type"}
    found = [
        {k: v for k, v in _try("wrong", name=name).headers.items() if k in kept}
        | {"names": sorted(_try("wrong", name=name).headers)}
        for name in ("ada", "carol", "zoe")
    ]
    assert found[0] == found[1] == found[2]


def test_the_administration_has_no_page_of_its_own_for_it(db: None) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:password_change"))["Location"] == reverse("password")


def test_sessions_that_have_run_out_are_not_counted_and_are_forgotten(ada: Any) -> None:
    client, old = browser(ada), browser(ada)
    key = old.cookies["sessionid"].value
    UserSession.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert "In this browser only." in text_of(client.get(reverse("account")))
    SessionStore.clear_expired()
    assert not UserSession.objects.filter(pk=key).exists()
    assert _is_in(client)
