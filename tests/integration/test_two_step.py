"""The second step of the sign-in: codes of an app, recovery codes, and what they guard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from ragsite.accounts import two_step
from ragsite.accounts.models import RecoveryCode, TwoStep, UserSession
from ragsite.audit.models import AuditEntry
from tests.integration.factories import Api, assert_problem, person
from tests.integration.pages import browser, html_of, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a-heron-in-the-reeds"
#: A moment in the middle of a step of thirty seconds.
NOON = 1_800_000_015


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """The time, to be moved by a test."""
    found = {"now": float(NOON)}
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)  # what it costs is no matter here
    monkeypatch.setattr("time.time", lambda: found["now"])
    cache.clear()
    yield found
    cache.clear()


def _code(secret: str, at: float = NOON) -> str:
    return pyotp.TOTP(secret).generate_otp(int(at) // 30)


@pytest.fixture
def ada(clock: Any) -> Any:
    return person("ada", password=PASSWORD)


@pytest.fixture
def enrolled(ada: Any, clock: dict[str, float]) -> tuple[Any, str, list[str]]:
    """Ada with a second step that was set up a minute ago: who, secret, recovery codes."""
    clock["now"] -= 60
    row = two_step.begin(ada)
    codes = two_step.confirm(user=ada, code=_code(row.secret, clock["now"]))
    clock["now"] += 60
    return ada, row.secret, codes


def _first_step(client: Client, **query: str) -> Any:
    return client.post(reverse("login"), {"username": "ada", "password": PASSWORD, **query})


def _second_step(client: Client, code: str, **query: str) -> Any:
    return client.post(reverse("login_code"), {"code": code, **query})


def _is_in(client: Client) -> bool:
    return client.get(reverse("documents")).status_code == 200


# --- setting it up ------------------------------------------------------------------


def test_it_is_set_up_with_a_picture_and_a_first_code(ada: Any) -> None:
    client = browser(ada)
    page = html_of(client.get(reverse("two_step")))
    secret = TwoStep.objects.get().secret
    assert "<svg" in page
    assert secret in page
    shown = text_of(client.post(reverse("two_step"), {"code": _code(secret)}))
    codes = re.findall(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", shown)
    assert len(set(codes)) == 10
    assert two_step.is_on(ada)


def test_the_picture_brings_no_style_and_no_script(ada: Any) -> None:
    picture = two_step.picture(two_step.begin(ada))
    assert "style" not in picture
    assert "script" not in picture
    assert two_step.address_of(two_step.begin(ada)).startswith("otpauth://totp/ragsite:ada?")


def test_a_wrong_first_code_switches_nothing_on(ada: Any) -> None:
    client = browser(ada)
    client.get(reverse("two_step"))
    page = client.post(reverse("two_step"), {"code": "000000"})
    assert "not right" in text_of(page)
    assert not two_step.is_on(ada)


def test_until_it_is_confirmed_nobody_is_asked_for_it(ada: Any) -> None:
    two_step.begin(ada)
    client = Client()
    _first_step(client)
    assert _is_in(client)


def test_the_secret_is_not_shown_again(enrolled: Any) -> None:
    user, secret, _ = enrolled
    assert secret not in html_of(browser(user).get(reverse("two_step")))


def test_other_sessions_end_when_it_is_switched_on(ada: Any) -> None:
    other, client = browser(ada), browser(ada)
    client.get(reverse("two_step"))
    client.post(reverse("two_step"), {"code": _code(TwoStep.objects.get().secret)})
    assert (_is_in(client), _is_in(other)) == (True, False)


def test_recovery_codes_are_kept_as_digests(enrolled: Any) -> None:
    _, _, codes = enrolled
    kept = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert len(kept) == 10
    assert not kept & set(codes)


# --- signing in ---------------------------------------------------------------------


def test_the_password_alone_lets_nobody_in(enrolled: Any) -> None:
    client = Client()
    assert _first_step(client)["Location"] == reverse("login_code")
    assert not _is_in(client)
    assert client.get("/api/documents").status_code == 401
    assert not AuditEntry.objects.filter(action="sign_in").exists()


def test_the_code_of_the_app_lets_in(enrolled: Any) -> None:
    _, secret, _ = enrolled
    client = Client()
    _first_step(client)
    assert _second_step(client, _code(secret))["Location"] == reverse("home")
    assert _is_in(client)


def test_the_session_changes_with_each_step(enrolled: Any) -> None:
    _, secret, _ = enrolled
    client, seen = Client(), []
    client.get(reverse("login"))
    _first_step(client)
    seen.append(client.cookies["sessionid"].value)
    _second_step(client, _code(secret))
    seen.append(client.cookies["sessionid"].value)
    assert len(set(seen)) == 2


def test_the_page_that_was_wanted_is_shown_after_both_steps(enrolled: Any) -> None:
    _, secret, _ = enrolled
    client = Client()
    target = _first_step(client, next="/search/?q=wren")["Location"]
    assert target == f"{reverse('login_code')}?next=%2Fsearch%2F%3Fq%3Dwren"
    page = client.get(target)
    assert 'value="/search/?q=wren"' in html_of(page)
    done = _second_step(client, _code(secret), next="/search/?q=wren")
    assert done["Location"] == "/search/?q=wren"


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https:evil.example"])
def test_the_second_step_leads_to_no_other_host(enrolled: Any, target: str) -> None:
    _, secret, _ = enrolled
    client = Client()
    _first_step(client, next=target)
    assert _second_step(client, _code(secret), next=target)["Location"] == reverse("home")


@pytest.mark.parametrize("late", [-30, 0, 30])
def test_an_app_may_be_a_step_early_or_late(enrolled: Any, late: int) -> None:
    user, secret, _ = enrolled
    assert two_step.verify(user, _code(secret, NOON + late))


@pytest.mark.parametrize("late", [-60, 60, 3600])
def test_an_older_or_later_code_is_refused(enrolled: Any, late: int) -> None:
    user, secret, _ = enrolled
    assert not two_step.verify(user, _code(secret, NOON + late))


def test_a_code_works_once(enrolled: Any) -> None:
    user, secret, _ = enrolled
    assert two_step.verify(user, _code(secret))
    assert not two_step.verify(user, _code(secret))
    assert not two_step.verify(user, _code(secret, NOON - 30))


def test_a_code_may_be_typed_with_spaces(enrolled: Any) -> None:
    user, secret, _ = enrolled
    code = _code(secret)
    assert two_step.verify(user, f" {code[:3]} {code[3:]} ")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "\x00"])
def test_what_is_no_code_is_refused(enrolled: Any, code: str) -> None:
    assert not two_step.verify(enrolled[0], code)


def test_a_recovery_code_lets_in_once(enrolled: Any) -> None:
    _, _, codes = enrolled
    for expected in (True, False):
        client = Client()
        _first_step(client)
        _second_step(client, codes[0].upper())
        assert _is_in(client) is expected
    assert RecoveryCode.objects.count() == 9
    assert AuditEntry.objects.filter(action="two_step.recovery_code_used").count() == 1


def test_a_wrong_code_is_told_and_written(enrolled: Any) -> None:
    client = Client()
    _first_step(client)
    assert "not right" in text_of(_second_step(client, "000000"))
    entry = AuditEntry.objects.get(action="sign_in")
    assert (entry.outcome, entry.detail) == ("refused", {"step": "second"})


def test_without_the_first_step_there_is_no_second(enrolled: Any) -> None:
    _, secret, _ = enrolled
    response = _second_step(Client(), _code(secret))
    assert response["Location"].startswith(reverse("login"))


def test_the_second_step_does_not_wait_for_ever(enrolled: Any, clock: dict[str, float]) -> None:
    _, secret, _ = enrolled
    client = Client()
    _first_step(client)
    clock["now"] += 601
    _second_step(client, _code(secret, clock["now"]))
    assert not _is_in(client)


@pytest.mark.parametrize("change", ["password", "closed"])
def test_between_the_steps_the_account_may_change(enrolled: Any, change: str) -> None:
    user, secret, _ = enrolled
    client = Client()
    _first_step(client)
    if change == "closed":
        user.is_active = False
    else:
        user.set_password("another-heron-altogether")
    user.save()
    _second_step(client, _code(secret))
    assert not _is_in(client)


def test_codes_are_tried_as_rarely_as_passwords(enrolled: Any, settings: Any) -> None:
    settings.RATE_LIMITS = {"guess": "4/10m"}
    client = Client()
    _first_step(client)
    statuses = [_second_step(client, f"00000{n}").status_code for n in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    other = Client(REMOTE_ADDR="198.51.100.9")
    _first_step(other)
    assert _second_step(other, "000000").status_code == 200


def test_a_token_needs_no_second_step(enrolled: Any) -> None:
    assert Api(enrolled[0]).get("/api/documents").status_code == 200


def test_the_administration_is_reached_by_both_steps_only(enrolled: Any) -> None:
    user, secret, _ = enrolled
    user.is_staff = user.is_superuser = True
    user.save()
    client = Client()
    _first_step(client, next=reverse("admin:index"))
    assert client.get(reverse("admin:index")).status_code == 302
    _second_step(client, _code(secret))
    assert client.get(reverse("admin:index")).status_code == 200


# --- taking it away -----------------------------------------------------------------


def test_switching_it_off_needs_password_and_code(enrolled: Any) -> None:
    user, secret, _ = enrolled
    client = browser(user)
    for data in (
        {"password": PASSWORD, "code": "000000"},
        {"password": "wrong", "code": _code(secret)},
        {"password": PASSWORD},
        {"code": _code(secret)},
    ):
        client.post(reverse("two_step_off"), data)
        assert two_step.is_on(user), data
    client.post(reverse("two_step_off"), {"password": PASSWORD, "code": _code(secret)})
    assert not two_step.is_on(user)
    assert not RecoveryCode.objects.exists()


def test_new_recovery_codes_end_the_old_ones(enrolled: Any) -> None:
    user, secret, codes = enrolled
    data = {"password": PASSWORD, "code": _code(secret)}
    page = text_of(browser(user).post(reverse("recovery_codes"), data))
    new = re.findall(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", page)
    assert len(new) == 10
    assert not two_step.verify(user, codes[0])
    assert two_step.verify(user, new[0])


def test_an_administrator_switches_it_off_for_who_lost_the_phone(enrolled: Any) -> None:
    user, _, _ = enrolled
    root = person("root", is_staff=True, is_superuser=True)
    row = TwoStep.objects.get()
    page = browser(root).get(reverse("admin:accounts_twostep_change", args=[row.pk]))
    assert row.secret not in html_of(page)
    browser(root).post(reverse("admin:accounts_twostep_delete", args=[row.pk]), {"post": "yes"})
    assert not two_step.is_on(user)
    assert not RecoveryCode.objects.exists()
    entry = AuditEntry.objects.get(action="two_step.off")
    assert (entry.actor_name, entry.object_id) == ("root", str(user.pk))


# --- where it is required -----------------------------------------------------------


@pytest.mark.parametrize(("required", "is_staff", "stopped"), [
    ("off", True, False),
    ("staff", True, True),
    ("staff", False, False),
    ("all", False, True),
])  # fmt: skip
def test_who_must_have_it_sets_it_up_first(
    settings: Any, ada: Any, required: str, is_staff: bool, stopped: bool
) -> None:
    settings.TWO_STEP_REQUIRED = required
    ada.is_staff = is_staff
    ada.save()
    response = browser(ada).get(reverse("documents"))
    assert (response.status_code == 302) is stopped
    if stopped:
        assert response["Location"] == reverse("two_step")


def test_the_api_tells_it_to_a_session_and_lets_a_token_through(settings: Any, ada: Any) -> None:
    settings.TWO_STEP_REQUIRED = "all"
    assert_problem(browser(ada).get("/api/documents"), 403, "two_step_required")
    assert Api(ada).get("/api/documents").status_code == 200


def test_once_it_is_set_up_everything_opens(settings: Any, ada: Any) -> None:
    settings.TWO_STEP_REQUIRED = "all"
    client = browser(ada)
    client.get(reverse("two_step"))
    client.post(reverse("two_step"), {"code": _code(TwoStep.objects.get().secret)})
    assert _is_in(client)


def test_nobody_is_kept_from_leaving(settings: Any, ada: Any) -> None:
    settings.TWO_STEP_REQUIRED = "all"
    client = browser(ada)
    client.post(reverse("logout"))
    assert not UserSession.objects.filter(user_id=ada.pk).exists()


def test_what_anybody_may_see_stays_open(settings: Any, ada: Any) -> None:
    settings.TWO_STEP_REQUIRED = "all"
    assert Client().get(reverse("login")).status_code == 200
    assert Client().get("/api/health/live").status_code == 200
