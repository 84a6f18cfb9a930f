"""What was revoked since a backup was made stays revoked when it is restored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from ragsite.accounts.models import APIToken, RecoveryCode, TwoStep, UserSession
from ragsite.accounts.services import token_create
from ragsite.audit.models import AuditEntry
from ragsite.ops.backup import copies
from ragsite.ops.backup.archive import backup_write
from ragsite.ops.backup.revocations import Revoked, revoke, standing
from tests.integration.factories import WRITE, person
from tests.integration.pages import browser
from tests.integration.test_backup import manage

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A database apart from Django's: the one a backup holds."""

    path: Path

    def value(self, query: str, *given: Any) -> Any:
        with copies.opened(self.path) as database:
            return database.execute(query, given).fetchone()[0]

    def user(self, user: Any) -> tuple[Any, ...]:
        query = "SELECT is_active, is_staff, is_superuser, password FROM auth_user WHERE id = ?"
        with copies.opened(self.path) as database:
            row: tuple[Any, ...] = database.execute(query, [user.pk]).fetchone()
        return row


def token(user: Any) -> APIToken:
    return token_create(user=user, name="t", scope=WRITE)[0]


def then(folder: Path) -> Place:
    """Return the database as it is now, as a backup holds it."""
    path = folder / "backup.db"
    copies.copy_database(path)
    return Place(path)


def now(folder: Path) -> Any:
    """Return how things stand now."""
    path = folder / "now.db"
    copies.copy_database(path)
    return standing(path)


def test_a_token_that_was_revoked_since_stays_revoked(tmp_path: Path) -> None:
    ada = person()
    kept, gone = token(ada), token(ada)
    backup = then(tmp_path)
    gone.delete()
    token(ada)
    assert revoke(backup.path, now(tmp_path)) == Revoked(True, tokens=1, tokens_left=1)
    assert backup.value("SELECT digest FROM accounts_apitoken") == kept.digest


def test_sessions_end(tmp_path: Path) -> None:
    browser(person())
    backup = then(tmp_path)
    assert UserSession.objects.count() == 1
    revoke(backup.path, None)
    assert backup.value("SELECT count(*) FROM accounts_usersession") == 0


def test_a_password_that_was_changed_since_is_the_new_one(tmp_path: Path) -> None:
    ada = person(password="the first password")
    backup = then(tmp_path)
    ada.set_password("the second password")
    ada.save()
    assert revoke(backup.path, now(tmp_path)).passwords == 1
    assert backup.user(ada)[3] == ada.password


def test_who_was_closed_or_demoted_since_stays_so(tmp_path: Path) -> None:
    closed, demoted, same = person("closed"), person("demoted", is_staff=True), person("same")
    backup = then(tmp_path)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    User.objects.filter(pk=demoted.pk).update(is_staff=False)
    assert revoke(backup.path, now(tmp_path)).accounts == 2
    found = [backup.user(user)[:3] for user in (closed, demoted, same)]
    assert found == [(0, 0, 0), (1, 0, 0), (1, 0, 0)]


def test_rights_that_were_given_since_are_not_given_back(tmp_path: Path) -> None:
    ada = person(is_active=False)
    backup = then(tmp_path)
    User.objects.update(is_active=True, is_superuser=True)
    assert revoke(backup.path, now(tmp_path)).accounts == 0
    assert backup.user(ada)[:3] == (0, 0, 0)


def test_who_was_deleted_since_is_closed(tmp_path: Path) -> None:
    person("ada")
    bob = person("bob")
    token(bob)
    backup = then(tmp_path)
    User.objects.get(pk=bob.pk).delete()
    revoked = revoke(backup.path, now(tmp_path))
    assert (revoked.accounts, revoked.tokens) == (1, 1)
    assert backup.user(bob)[0] == 0


def test_the_second_step_is_that_of_now(tmp_path: Path) -> None:
    ada = person()
    RecoveryCode.objects.create(user=ada, digest="spent since")
    backup = then(tmp_path)
    RecoveryCode.objects.all().delete()
    TwoStep.objects.create(user=ada, secret="MADESINCE", last_step=7)
    revoke(backup.path, now(tmp_path))
    assert backup.value("SELECT secret FROM accounts_twostep") == "MADESINCE"
    assert backup.value("SELECT count(*) FROM accounts_recoverycode") == 0


def test_of_another_installation_nothing_follows(tmp_path: Path) -> None:
    ada = person(password="a good password")
    token(ada)
    backup = then(tmp_path)
    User.objects.all().delete()
    person("somebody else")
    assert revoke(backup.path, now(tmp_path)) == Revoked(tokens_left=1)
    assert backup.user(ada)[0] == 1


def test_all_tokens_may_be_revoked(tmp_path: Path) -> None:
    token(person())
    backup = then(tmp_path)
    assert revoke(backup.path, None, all_tokens=True) == Revoked()


@pytest.mark.parametrize("content", [None, b"", b"damaged" * 999])
def test_a_database_that_cannot_be_read_tells_nothing(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "x.db"
    if content is not None:
        path.write_bytes(content)
    assert standing(path) is None


def test_a_database_of_the_first_release_has_no_sessions_of_its_own(tmp_path: Path) -> None:
    person()
    backup = then(tmp_path)
    with copies.opened(backup.path) as database:
        for table in ("accounts_usersession", "accounts_twostep", "accounts_recoverycode"):
            database.execute(f"DROP TABLE {table}")
    assert revoke(backup.path, now(tmp_path)).is_known


# --- the commands ----------------------------------------------------------------------


def test_the_command_says_what_it_took_back_and_writes_it_down(tmp_path: Path) -> None:
    ada = person()
    gone = token(ada)
    token(ada)
    first = backup_write(tmp_path / "first")
    gone.delete()
    second = backup_write(tmp_path / "second")
    data = tmp_path / "data"
    empty = manage(data, "restore", str(second))
    assert "1 API token of the backup can be used" in empty.stdout, empty.stderr
    assert "manage.py revoke_tokens --all" in empty.stdout
    forced = manage(data, "restore", str(first), "--force")
    assert "What was ended here since then stays ended: 1 API token revoked" in forced.stdout
    asked = (
        "from ragsite.audit.models import AuditEntry as A;"
        "print(A.objects.get(action='backup.restored').detail['tokens'])"
    )
    assert manage(data, "shell", "-c", asked).stdout.split()[-1] == "1"


def test_revoking_all_while_restoring_says_that_none_is_valid(tmp_path: Path) -> None:
    token(person())
    backup = backup_write(tmp_path / "backups")
    done = manage(tmp_path / "data", "restore", str(backup), "--revoke-tokens")
    assert "No API token is valid." in done.stdout, done.stderr


def test_tokens_are_revoked_by_name_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    ada, bob = person("ada"), person("bob")
    token(ada)
    kept = token(bob)
    call_command("revoke_tokens", "ada")
    assert capsys.readouterr().out == "1 API token revoked.\n"
    assert APIToken.objects.get() == kept
    call_command("revoke_tokens", "--all")
    assert not APIToken.objects.exists()
    assert AuditEntry.objects.filter(action="token.revoked").count() == 2


@pytest.mark.parametrize(("words", "said"), [
    ([], "Name users, or say --all"),
    (["ada", "--all"], "Name users, or say --all"),
    (["ada", "nobody"], "There is no user 'nobody'"),
])  # fmt: skip
def test_it_is_said_whose_tokens_are_meant(words: list[str], said: str) -> None:
    token(person("ada"))
    with pytest.raises(CommandError, match=said):
        call_command("revoke_tokens", *words)
    assert APIToken.objects.count() == 1
