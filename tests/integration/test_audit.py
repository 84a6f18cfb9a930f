"""Who did what to which object: written with the deed, never changed, read by who may."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from documents.models import Document
from documents.services.collections import collection_delete, member_remove, member_set
from documents.services.documents import document_upload
from ragsite.accounts.services import token_create, token_revoke
from ragsite.audit.models import AppendOnly, AuditEntry, described
from ragsite.audit.services import forget_old, record
from tests.integration.factories import READ, Api, person, shelf, work
from tests.integration.pages import Library, browser, library, text_of

pytestmark = pytest.mark.django_db

PASSWORD = "a-heron-in-the-reeds"


def _entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action))


def _only(action: str) -> AuditEntry:
    (entry,) = _entries(action)
    return entry


# --- what is written ----------------------------------------------------------------


def test_an_upload_over_the_api_is_written_with_token_address_and_request(ada: Api) -> None:
    response = ada.upload(("a.txt", b"Text."))
    entry = _only("document.uploaded")
    assert entry.object_id == response.json()["documents"][0]["id"]
    assert (entry.actor_id, entry.actor_name, entry.via) == (ada.user.pk, "ada", "token")
    assert entry.token_id == ada.user.api_tokens.get().pk
    assert (entry.address, entry.request_id) == ("127.0.0.1", response["X-Request-ID"])


def test_what_is_done_to_a_document_is_written(ada: Api) -> None:
    shelf(ada.user, "Other")
    document = ada.ready()
    path = f"/api/documents/{document['id']}"
    ada.add_version(document["id"], "b.txt", b"Other text.")
    ada.patch(path, {"title": "Renamed"})
    ada.patch(path, {"collection": "other"})
    ada.get(f"{path}/versions/1/download")
    ada.delete(path)
    names = AuditEntry.objects.filter(object_type="document").order_by("pk")
    assert list(names.values_list("action", flat=True)) == [
        "document.uploaded",
        "document.version_added",
        "document.renamed",
        "document.moved",
        "document.downloaded",
        "document.deleted",
    ]


def test_a_retry_is_written(ada: Api) -> None:
    document = ada.ready()
    Document.objects.get().versions.update(status="failed")
    ada.post(f"/api/documents/{document['id']}/retry")
    assert _only("document.retried").detail == {"version": 1}


def test_no_title_and_no_text_is_written(ada: Api) -> None:
    document = ada.ready("secret-plan.txt", b"The heron flies at dawn.", title="Secret plan")
    ada.patch(f"/api/documents/{document['id']}", {"title": "Another secret"})
    ada.delete(f"/api/documents/{document['id']}")
    written = str(list(AuditEntry.objects.values()))
    assert "ecret" not in written
    assert "heron" not in written


def test_a_download_from_a_page_names_the_browser(db: None) -> None:
    birds = library()
    browser(birds.viewer).get(birds.url("download", 1))
    entry = _only("document.downloaded")
    assert (entry.actor_name, entry.via, entry.token_id) == ("vera", "session", None)


def test_what_is_undone_is_not_written_either(ada: Api) -> None:
    def _broken() -> None:
        with transaction.atomic():
            document_upload(user=ada.user, data=b"Text.", filename="a.txt")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        _broken()
    assert not _entries("document.uploaded")


def test_without_the_log_nothing_is_done(ada: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError("no log")

    monkeypatch.setattr("ragsite.audit.receivers.record", broken)
    with pytest.raises(OSError, match="no log"):
        document_upload(user=ada.user, data=b"Text.", filename="a.txt")
    assert not Document.objects.exists()


def test_collections_and_their_members_are_written(db: None) -> None:
    ada, bob = person("ada"), person("bob")
    collection = shelf(ada)
    member_set(user=ada, collection=collection, member="bob", role="editor")
    member_remove(user=ada, collection=collection, member=bob)
    number = str(collection.pk)
    collection_delete(user=ada, collection=collection)
    found = AuditEntry.objects.filter(object_type="collection", object_id=number).order_by("pk")
    assert list(found.values_list("action", "detail")) == [
        ("collection.created", {}),
        ("collection.member_set", {"user": ada.pk, "role": "owner"}),
        ("collection.member_set", {"user": bob.pk, "role": "editor"}),
        ("collection.member_removed", {"user": bob.pk}),
        ("collection.member_removed", {"user": ada.pk}),
        ("collection.deleted", {}),
    ]


def test_tokens_are_written_when_made_and_revoked(db: None) -> None:
    ada = person("ada")
    token, _ = token_create(user=ada, name="x", scope=READ)
    token_revoke(user=ada, token_id=token.pk)
    assert _only("token.created").detail == {"user": ada.pk, "scope": "read"}
    assert _only("token.revoked").detail == {"user": ada.pk}


def test_sharing_exporting_and_deleting_a_conversation_are_written(
    ada: Api, one_transaction: None
) -> None:
    collection = ada.ready()["collection"]
    asked = ada.ask("How many eggs?").json()
    path = f"/api/conversations/{asked['conversation_id']}"
    ada.patch(path, {"shared_with": collection["slug"]})
    ada.patch(path, {"shared_with": None})
    ada.get(f"{path}/export.md")
    ada.get(f"{path}/export.json")
    ada.delete(path)
    found = AuditEntry.objects.filter(object_type="conversation").order_by("pk")
    assert list(found.values_list("action", "detail")) == [
        ("conversation.shared", {"collection": collection["id"]}),
        ("conversation.unshared", {}),
        ("conversation.exported", {}),
        ("conversation.exported", {}),
        ("conversation.deleted", {}),
    ]


def test_signing_in_and_out_is_written(db: None) -> None:
    ada = person("ada", password=PASSWORD)
    client = Client()
    client.post(reverse("login"), {"username": "ada", "password": PASSWORD})
    client.post(reverse("logout"))
    assert _only("sign_in").actor_id == ada.pk
    assert _only("sign_out").actor_name == "ada"


def test_a_failed_sign_in_names_the_account_but_not_what_was_typed(db: None) -> None:
    ada = person("ada", password=PASSWORD)
    for name in ("ada", PASSWORD):
        Client().post(reverse("login"), {"username": name, "password": "wrong"})
    entries = AuditEntry.objects.filter(action="sign_in").order_by("pk")
    assert list(entries.values_list("object_id", "outcome")) == [
        (str(ada.pk), "refused"),
        ("", "refused"),
    ]
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_changes_of_an_account_are_named_without_what_they_hold(db: None) -> None:
    ada = person("ada", email="old@example.org")
    ada.email, ada.is_staff, ada.is_active = "new@example.org", True, False
    ada.save()
    detail = _only("user.changed").detail
    assert detail == {
        "fields": ["email", "is_active", "is_staff"],
        "is_active": False,
        "is_staff": True,
    }


def test_a_new_password_is_written_but_not_a_renewed_hash(db: None) -> None:
    ada = person("ada", password=PASSWORD)
    ada.password = "pbkdf2_sha256$1$x$y"
    ada.save()
    assert not _entries("user.password_changed")
    ada.set_password("another-heron-altogether")
    ada.save()
    assert _only("user.password_changed").object_id == str(ada.pk)


def test_groups_and_rights_are_written(db: None) -> None:
    ada, group = person("ada"), Group.objects.create(name="Readers")
    ada.groups.add(group)
    detail = _only("user.rights_changed").detail
    assert detail == {"what": "user_groups", "add": [group.pk]}


def test_an_administrators_change_of_a_user_is_written_with_who_did_it(db: None) -> None:
    root, ada = person("root", is_staff=True, is_superuser=True), person("ada")
    url = reverse("admin:auth_user_change", args=[ada.pk])
    data = {"username": "ada", "is_active": "on", "is_staff": "on"} | {
        f"{field}_{part}": value
        for field in ("date_joined",)
        for part, value in (("0", "2026-01-01"), ("1", "00:00:00"))
    }
    response = browser(root).post(url, data)
    assert response.status_code == 302, text_of(response)
    entry = _only("user.changed")
    assert (entry.actor_name, entry.object_id) == ("root", str(ada.pk))


def _administered(root: Any, change: Any, document: Any) -> None:
    LogEntry.objects.log_actions(root.pk, [document], CHANGE, change, single_object=True)


def test_other_changes_on_the_admin_site_are_named_by_their_fields(ada: Api) -> None:
    root = person("root", is_staff=True, is_superuser=True)
    ada.ready(title="Secret plan")
    change = [{"changed": {"fields": ["Title", "Author"], "object": "Secret plan"}}]
    _administered(root, change, Document.objects.get())
    entry = _only("admin.changed")
    assert (entry.object_type, entry.detail) == ("document", {"fields": ["Author", "Title"]})


@pytest.mark.parametrize("change", ["", "Secret words", "[]", "{}", '["Secret"]'])
def test_a_change_that_is_told_in_another_form_gives_no_field(ada: Api, change: str) -> None:
    ada.ready()
    _administered(ada.user, change, Document.objects.get())
    assert _only("admin.changed").detail == {"fields": []}


def test_deleting_several_users_on_the_admin_site_writes_each(db: None) -> None:
    root = person("root", is_staff=True, is_superuser=True)
    gone = [person(name).pk for name in ("ada", "bob")]
    data = {"action": "delete_selected", "_selected_action": gone, "post": "yes"}
    browser(root).post(reverse("admin:auth_user_changelist"), data)
    assert {e.object_id for e in _entries("user.deleted")} == {str(pk) for pk in gone}


def test_an_entry_outlives_its_actor(ada: Api) -> None:
    ada.upload(("a.txt", b"Text."))
    Document.objects.update(created_by=None)
    ada.user.delete()
    entry = _only("document.uploaded")
    assert entry.actor_name == "ada"
    assert entry.actor_id is not None


def test_the_worker_writes_nothing(ada: Api) -> None:
    ada.upload(("a.txt", b"Text."))
    before = AuditEntry.objects.count()
    work()
    assert AuditEntry.objects.count() == before


def test_the_command_line_is_named_as_such(db: None, tmp_path: Path, no_broker: list[str]) -> None:
    person("ada")
    (tmp_path / "a.txt").write_text("Text.")
    call_command("ingest", str(tmp_path), owner="ada", stdout=io.StringIO())
    call_command("create_token", "ada", stdout=io.StringIO())
    assert (_only("document.uploaded").via, _only("token.created").via) == ("command", "command")


# --- what is kept -------------------------------------------------------------------


def test_an_entry_is_neither_changed_nor_deleted(db: None) -> None:
    entry = record("sign_in")
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            attempt()
    assert AuditEntry.objects.get().action == "sign_in"


def _aged(monkeypatch: pytest.MonkeyPatch, *days: int) -> None:
    now = timezone.now()
    for number in days:
        monkeypatch.setattr("django.utils.timezone.now", lambda n=number: now - timedelta(days=n))
        record(f"aged.{number}")
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


def test_only_age_takes_entries_away(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUDIT_DAYS = 30
    _aged(monkeypatch, 31, 29, 0)
    assert forget_old() == 1
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"aged.29", "aged.0"}


def test_without_a_retention_nothing_goes(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AUDIT_DAYS = 0
    _aged(monkeypatch, 4000)
    assert (forget_old(), AuditEntry.objects.count()) == (0, 1)


# --- reading it ---------------------------------------------------------------------


@pytest.fixture
def birds(db: None) -> Library:
    return library()


LIST = "admin:audit_auditentry_changelist"


def test_nobody_but_an_administrator_reads_the_log(birds: Library) -> None:
    statuses = birds.statuses(reverse(LIST)) | {}
    assert set(statuses.values()) <= {302, 403}
    staff = browser(person("staff", is_staff=True))
    assert staff.get(reverse(LIST)).status_code == 403
    assert staff.get(reverse("admin:audit_export")).status_code == 403


def test_a_title_is_shown_to_members_alone(birds: Library) -> None:
    root = person("root", is_staff=True, is_superuser=True)
    before = text_of(browser(root).get(reverse(LIST)))
    assert str(birds.document.pk) in before
    assert birds.document.title not in before
    member_set(user=birds.owner, collection=birds.collection, member="root", role="viewer")
    assert birds.document.title in text_of(browser(root).get(reverse(LIST)))


def test_the_log_is_filtered_and_cannot_be_changed(birds: Library) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    page = text_of(client.get(reverse(LIST), {"action__exact": "document.uploaded"}))
    assert "1 entry" in page
    entry = AuditEntry.objects.all()[0]
    for name in ("change", "delete"):
        url = reverse(f"admin:audit_auditentry_{name}", args=[entry.pk])
        assert client.post(url, {"action": "x", "post": "yes"}).status_code == 403
    assert client.get(reverse("admin:audit_auditentry_add")).status_code == 403


def test_more_entries_cost_no_more_queries(
    birds: Library, django_assert_max_num_queries: Any
) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    for _ in range(30):
        record("document.downloaded", about=("document", birds.document.pk))
    with django_assert_max_num_queries(14):
        client.get(reverse(LIST))


def test_what_is_filtered_can_be_had_as_a_table(birds: Library) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    response = client.get(reverse("admin:audit_export"), {"action__exact": "document.uploaded"})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [(r["action"], r["actor_name"]) for r in rows] == [("document.uploaded", "olga")]
    assert _only("audit.exported").actor_name == "root"


def test_a_name_that_a_spreadsheet_would_run_is_plain_text(db: None) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    record("x", user=person("=cmd|' /C calc'!A0"))
    text = client.get(reverse("admin:audit_export")).content.decode()
    assert "'=cmd" in text


def test_a_detail_is_told_in_one_line() -> None:
    assert described({"role": "viewer", "user": 3}) == "role viewer, user 3"
    assert described({"fields": ["email", "is_staff"]}) == "fields email is_staff"
