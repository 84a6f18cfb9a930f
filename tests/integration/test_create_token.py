"""The command that makes a token."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from ragsite.accounts.models import APIToken
from ragsite.accounts.services import token_find

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol(db: None) -> User:
    return User.objects.create_user("carol", password="a long enough pass phrase")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_token_alone_is_printed(carol: User) -> None:
    printed = run("carol")
    found = token_find(printed.removesuffix("\n"))
    assert found is not None
    assert found.user == carol


def test_name_scope_and_days_are_kept(carol: User) -> None:
    run("carol", "--name", "backup job", "--scope", "read", "--days", "7")
    token = APIToken.objects.get()
    assert (token.name, token.scope) == ("backup job", "read")
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in {6, 7}


def test_a_token_without_days_does_not_expire(carol: User) -> None:
    run("carol")
    assert APIToken.objects.get().expires_at is None


def test_an_unknown_user_is_told(carol: User) -> None:
    with pytest.raises(CommandError, match="There is no user 'dave'") as told:
        run("dave")
    assert told.value.returncode == 1


def test_a_disabled_user_gets_no_token(carol: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="disabled"):
        run("carol")
    assert not APIToken.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "100000"])
def test_days_out_of_bounds_are_a_usage_error(carol: User, days: str) -> None:
    with pytest.raises(CommandError) as told:
        run("carol", f"--days={days}")
    assert told.value.returncode == 2
    assert not APIToken.objects.exists()


def test_an_unknown_scope_is_a_usage_error(carol: User) -> None:
    with pytest.raises(CommandError, match="admin"):
        run("carol", "--scope", "admin")
