"""A person takes along all that is theirs, and is erased without a trace of their words."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from analytics.models import RequestLog, Use
from chat.models import Conversation
from documents.errors import Conflict, InvalidInput, StorageFailed
from documents.models import Collection, Document, DocumentVersion, Membership
from documents.types import Role
from ragsite.accounts.models import APIToken, UserSession
from ragsite.audit.models import AuditEntry
from ragsite.ops.keeping import keep
from ragsite.people import erase
from ragsite.people.erase import user_erase
from ragsite.people.export import user_export
from tests.integration.factories import WREN, Api, person, shelf
from tests.integration.pages import browser, text_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker"),
]

WORD = "zqxquillfeather"
SECRET = f"The {WORD} was seen by the {WORD} keeper. It lays seven eggs in April.".encode()
QUESTION = f"How many eggs does the {WORD} lay?"


@pytest.fixture
def quill() -> Api:
    """A person of whom every kind of thing is kept, with the same word in all of it."""
    user = person(WORD, email=f"{WORD}@example.org", first_name=WORD)
    api = Api(user)
    document = api.ready(f"{WORD}.txt", SECRET)
    answer = api.ask(QUESTION).json()
    api.post(f"/api/messages/{answer['id']}/feedback", {"rating": 1, "comment": WORD})
    api.post("/api/watches", {"message_id": answer["id"]})
    api.post("/api/tokens", {"name": WORD})
    browser(user)
    day = timezone.now().date()
    Use.objects.create(day=day, document_id=document["id"], reader=user.pk, viewed=2)
    RequestLog.objects.create(
        at=timezone.now(), request_id="r", method="GET", route="/", status=200, ms=1.0,
        request_bytes=0, response_bytes=0, user=user, token_id=1,
    )  # fmt: skip
    return api


def log(by: Any, subject: Any) -> None:
    """Have the admin site's own log tell of something."""
    kind = ContentType.objects.get_for_model(type(subject))
    LogEntry.objects.create(
        user=by, content_type=kind, object_id=str(subject.pk), object_repr=str(subject),
        action_flag=CHANGE,
    )  # fmt: skip


def everything() -> bytes:
    """Return all that stands in any table, those behind the index included."""
    found = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                found.write(b"\0".join(c if isinstance(c, bytes) else str(c).encode() for c in row))
    return found.getvalue().lower()


def taken(user: Any, folder: Path) -> dict[str, Any]:
    """Export a person; return the content of each file by name."""
    user_export(user, folder / "mine.zip")
    with zipfile.ZipFile(folder / "mine.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- to take along ---------------------------------------------------------------------


def test_an_export_holds_every_kind_of_thing(quill: Api, tmp_path: Path) -> None:
    found = taken(quill.user, tmp_path)
    tables = {name: json.loads(data) for name, data in found.items() if name.endswith(".json")}
    assert {name for name, rows in tables.items() if not rows} <= {
        "notices.json",
        "judgements.json",
    }
    assert tables["profile.json"][0]["email"] == f"{WORD}@example.org"
    (answered,) = tables["conversations.json"][0]["messages"]
    assert answered["question"] == QUESTION
    assert "seven eggs" in answered["citations"][0]["quote"]
    assert {row["name"] for row in tables["tokens.json"]} == {"tests", WORD}
    (original,) = [data for name, data in found.items() if name.startswith("originals/")]
    assert original == SECRET


def test_an_export_holds_no_secret(quill: Api, tmp_path: Path) -> None:
    User.objects.filter(pk=quill.user.pk).update(password="argon2$hash")
    quill.user.refresh_from_db()
    found = b"".join(taken(quill.user, tmp_path).values())
    digests = APIToken.objects.values_list("digest", flat=True)
    keys = UserSession.objects.values_list("session_key", flat=True)
    secrets = ["argon2", quill.headers["Authorization"].split()[1], *digests, *keys]
    assert [secret for secret in secrets if secret.encode() in found] == []


def test_an_export_holds_nothing_of_anybody_else(quill: Api, bob: Api, tmp_path: Path) -> None:
    shared = shelf(quill.user, "Shared", bob=(bob.user, Role.EDITOR))
    bob.ready("bobs.txt", b"The heron of Bob waits by the weir.", collection=shared.slug)
    bob.ready("private.txt", b"Bob hides his heron.")
    bob.ask("Where does the heron of Bob wait?")
    found = b"".join(taken(quill.user, tmp_path).values())
    assert b"heron" not in found
    assert b"bob" not in found.lower()


def test_originals_that_lie_with_others_are_listed_alone(
    ada: Api, bob: Api, tmp_path: Path
) -> None:
    shared = shelf(bob.user, "Of Bob", ada=(ada.user, Role.EDITOR))
    ada.ready(collection=shared.slug)
    found = taken(ada.user, tmp_path)
    assert json.loads(found["uploads.json"])[0]["filename"] == "wren.txt"
    assert not [name for name in found if name.startswith("originals/")]


def test_who_was_closed_has_the_same_claim(quill: Api, tmp_path: Path) -> None:
    User.objects.update(is_active=False)
    found = taken(User.objects.get(), tmp_path)
    (answered,) = json.loads(found["conversations.json"])[0]["messages"]
    assert "seven eggs" in answered["citations"][0]["quote"]
    assert not User.objects.get().is_active


def test_an_export_is_for_its_owner_alone_and_written_down(quill: Api, tmp_path: Path) -> None:
    taken(quill.user, tmp_path)
    assert (tmp_path / "mine.zip").stat().st_mode & 0o077 == 0
    assert AuditEntry.objects.get(action="user.exported").object_id == str(quill.user.pk)


def test_an_export_that_fails_leaves_no_file(quill: Api, tmp_path: Path) -> None:
    for path in django_settings.ORIGINALS_DIR.rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(StorageFailed):
        user_export(quill.user, tmp_path / "mine.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_file(
    quill: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine.zip"
    call_command("export_user", WORD, to=str(target))
    assert "1 originals" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_user", WORD, to=str(target))
    with pytest.raises(CommandError, match="no user 'nobody'"):
        call_command("export_user", "nobody", to=str(tmp_path / "x.zip"))


# --- to be erased ----------------------------------------------------------------------


def test_of_who_is_erased_no_word_stays(quill: Api) -> None:
    root = person("root")
    log(root, quill.user)
    log(root, Conversation.objects.get())
    assert WORD.encode() in everything()
    counts = user_erase(quill.user)
    assert counts == {"collections": 1, "documents": 1, "inherited": 0, "conversations": 1}
    keep()
    assert WORD.encode() not in everything()
    assert not [path for path in django_settings.ORIGINALS_DIR.rglob("*") if path.is_file()]


def test_every_way_in_is_gone(quill: Api) -> None:
    user_erase(quill.user)
    assert quill.get("/api/documents").status_code == 401
    assert not APIToken.objects.exists()
    assert not UserSession.objects.exists()
    assert not User.objects.exists()


def test_what_is_counted_and_written_down_stays_without_a_name(quill: Api) -> None:
    pk = quill.user.pk
    Document.objects.update(collection=shelf(person("bob"), "Of Bob"))
    user_erase(quill.user)
    assert RequestLog.objects.filter(user=None, token_id=None).count() == 1
    use = Use.objects.get()
    assert (use.viewed, use.reader != pk) == (2, True)
    uploaded = AuditEntry.objects.get(action="document.uploaded")
    assert (uploaded.actor_id, uploaded.actor_name, uploaded.address) == (None, "(erased)", "")
    assert not AuditEntry.objects.filter(actor_id=pk).exists()
    assert AuditEntry.objects.get(action="user.erased").detail["conversations"] == 1


def test_what_others_uploaded_and_asked_stays(quill: Api, bob: Api) -> None:
    shared = shelf(bob.user, "Of Bob", quill=(quill.user, Role.EDITOR))
    theirs = bob.ready(collection=shared.slug)
    given = quill.ready("given.txt", b"The heron waits by the weir.", collection=shared.slug)
    bob.ask("How many eggs does the wren lay?")
    user_erase(quill.user)
    assert bob.content(theirs["id"]) == WREN.decode()
    assert bob.found("heron by the weir")[0]["document"]["id"] == given["id"]
    assert DocumentVersion.objects.get(document=given["id"]).uploaded_by is None
    assert Conversation.objects.get().user == bob.user


def test_a_collection_that_others_would_lose_stands_against_it(quill: Api, bob: Api) -> None:
    shelf(quill.user, "Herons", bob=(bob.user, Role.VIEWER))
    with pytest.raises(Conflict, match="Others are members of “Herons”"):
        user_erase(quill.user)
    assert User.objects.get(pk=quill.user.pk).is_active
    assert APIToken.objects.filter(user=quill.user).exists()


def test_an_heir_owns_what_others_would_lose(quill: Api, bob: Api) -> None:
    default = Collection.objects.get(default_of=quill.user)
    Membership.objects.create(collection=default, user=bob.user, role=Role.VIEWER)
    assert user_erase(quill.user, heir=bob.user)["inherited"] == 1
    assert Membership.objects.get().role == Role.OWNER
    kept = Collection.objects.get()
    assert (kept.name, kept.slug, kept.default_of) == ("Documents", "documents", None)
    assert Document.objects.count() == 1


def test_an_heir_is_somebody_else_whose_account_is_open(quill: Api) -> None:
    for heir in (quill.user, person("closed", is_active=False)):
        with pytest.raises(InvalidInput, match="another person"):
            user_erase(quill.user, heir=heir)


def test_the_last_administrator_is_not_erased() -> None:
    root = person("root", is_superuser=True)
    with pytest.raises(Conflict, match="last administrator"):
        user_erase(root)
    person("second", is_superuser=True)
    assert user_erase(root)["documents"] == 0


def test_an_erasure_that_was_interrupted_is_completed(
    quill: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(user: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(erase, "_conversations", die)
        with pytest.raises(KeyboardInterrupt):
            user_erase(quill.user)
    assert quill.get("/api/documents").status_code == 401
    user_erase(User.objects.get())
    keep()
    assert WORD.encode() not in everything()


def test_the_command_asks_for_the_name_again(
    quill: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "somebody")
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_user", WORD)
    monkeypatch.setattr("builtins.input", lambda _: WORD)
    call_command("erase_user", WORD)
    assert "1 documents" in capsys.readouterr().out
    assert not User.objects.exists()


def test_the_command_tells_what_stands_against_it(quill: Api, bob: Api) -> None:
    shelf(quill.user, "Herons", bob=(bob.user, Role.VIEWER))
    with pytest.raises(CommandError, match="Others are members"):
        call_command("erase_user", WORD, yes=True)
    call_command("erase_user", WORD, yes=True, heir="bob")
    assert User.objects.get() == bob.user


# --- on the admin site -----------------------------------------------------------------


def test_deleting_on_the_admin_site_erases(quill: Api) -> None:
    root = browser(person("root", is_staff=True, is_superuser=True))
    address = reverse("admin:auth_user_delete", args=[quill.user.pk])
    assert root.get(address).status_code == 200
    root.post(address, {"post": "yes"})
    assert not Document.objects.exists()
    assert AuditEntry.objects.filter(action="user.erased").exists()


def test_the_admin_site_tells_what_stands_against_it(quill: Api, bob: Api) -> None:
    shelf(quill.user, "Herons", bob=(bob.user, Role.VIEWER))
    root = browser(person("root", is_staff=True, is_superuser=True))
    address = reverse("admin:auth_user_delete", args=[quill.user.pk])
    assert "Others are members of “Herons”" in text_of(root.get(address))
    root.post(address, {"post": "yes"})
    assert User.objects.filter(pk=quill.user.pk, is_active=True).exists()


def test_several_are_erased_together(quill: Api, bob: Api) -> None:
    root = browser(person("root", is_staff=True, is_superuser=True))
    chosen = {"action": "delete_selected", "_selected_action": [quill.user.pk, bob.user.pk]}
    root.post(reverse("admin:auth_user_changelist"), {**chosen, "post": "yes"})
    assert User.objects.get().username == "root"
    assert not Document.objects.exists()
