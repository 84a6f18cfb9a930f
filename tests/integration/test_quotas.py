"""What users may have and use: counted exactly, refused with a sentence, shown to them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from documents.errors import QuotaReached, StorageQuotaReached
from documents.models import DocumentVersion
from documents.services.documents import document_delete, document_upload
from ragsite.quotas import services
from ragsite.quotas.models import DailyUse, QuotaOverride
from ragsite.quotas.services import Accounts, limits_of, quotas_of, seconds_left
from tests.integration.factories import Api, assert_problem, person
from tests.integration.pages import browser, text_of
from tests.integration.serving import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def quotas(settings: Any) -> dict[str, int]:
    """The quotas in force, none to begin with."""
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, 0)
    found: dict[str, int] = settings.QUOTAS
    return found


def _upload(user: Any, n: int, size: int = 100) -> Any:
    data = f"Text number {n}. ".encode().ljust(size, b".")
    return document_upload(user=user, data=data, filename=f"{n}.txt")


def _originals() -> list[Path]:
    return [p for p in Path(django_settings.ORIGINALS_DIR).rglob("*") if p.is_file()]


def test_without_a_quota_everything_is_let_in_and_counted(quotas: dict[str, int]) -> None:
    user = person()
    for n in range(3):
        _upload(user, n)
    row = DailyUse.objects.get(user=user)
    assert (row.files, row.bytes) == (3, 300)


def test_one_file_more_than_a_day_allows_is_refused(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = 2
    user = person()
    _upload(user, 1)
    _upload(user, 2)
    with pytest.raises(QuotaReached, match="You may add 2 files a day"):
        _upload(user, 3)
    assert DailyUse.objects.get(user=user).files == 2


def test_bytes_of_a_day_are_bounded(quotas: dict[str, int]) -> None:
    quotas["bytes_a_day"] = 250
    user = person()
    _upload(user, 1)
    _upload(user, 2)
    with pytest.raises(QuotaReached, match="250"):
        _upload(user, 3)
    _upload(user, 4, size=50)


def test_deleting_makes_room_for_what_is_stored_but_not_in_the_day(quotas: dict[str, int]) -> None:
    quotas["stored_files"] = 1
    user = person()
    first = _upload(user, 1).document
    with pytest.raises(StorageQuotaReached, match="Delete something first"):
        _upload(user, 2)
    document_delete(user=user, document=first)
    _upload(user, 2)
    assert DailyUse.objects.get(user=user).files == 2


def test_bytes_that_are_stored_are_bounded(quotas: dict[str, int]) -> None:
    quotas["stored_bytes"] = 150
    user = person()
    _upload(user, 1)
    with pytest.raises(StorageQuotaReached):
        _upload(user, 2)


def test_a_new_version_counts_like_a_file(quotas: dict[str, int], ada: Api) -> None:
    quotas["files_a_day"] = 1
    document = ada.upload(("a.txt", b"One.")).json()["documents"][0]
    refused = ada.add_version(document["id"], "a.txt", b"Two.")
    assert_problem(refused, 429, "quota_reached")
    assert DocumentVersion.objects.count() == 1


def test_the_same_bytes_again_are_not_counted(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = 1
    user = person()
    _upload(user, 1)
    assert _upload(user, 1).duplicate


def test_nothing_of_a_refused_file_stays_on_the_disk(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = 1
    user = person()
    _upload(user, 1)
    before = _originals()
    with pytest.raises(QuotaReached):
        _upload(user, 2)
    assert _originals() == before


def test_what_another_document_uses_stays_when_a_file_is_refused(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = 1
    ada, bob = person("ada"), person("bob")
    _upload(ada, 1)
    kept = _originals()
    _upload(bob, 7)
    with pytest.raises(QuotaReached):
        _upload(bob, 1)  # the bytes that Ada has
    assert set(kept) <= set(_originals())


def test_the_answer_tells_the_quota_and_when_the_day_ends(quotas: dict[str, int], ada: Api) -> None:
    quotas["files_a_day"] = 1
    ada.upload(("a.txt", b"One."))
    refused = ada.upload(("b.txt", b"Two."))
    body = assert_problem(refused, 429, "quota_reached")
    assert body["rejected"][0]["filename"] == "b.txt"
    assert abs(int(refused["Retry-After"]) - seconds_left()) <= 2


def test_what_is_stored_too_much_is_413_without_an_end(quotas: dict[str, int], ada: Api) -> None:
    quotas["stored_files"] = 1
    ada.upload(("a.txt", b"One."))
    refused = ada.upload(("b.txt", b"Two."))
    assert_problem(refused, 413, "storage_quota_reached")
    assert not refused.has_header("Retry-After")


def test_of_several_files_those_that_fit_are_taken_in(quotas: dict[str, int], ada: Api) -> None:
    quotas["files_a_day"] = 2
    response = ada.upload(*[(f"{n}.txt", f"Text {n}.".encode()) for n in range(4)])
    assert response.status_code == 202
    assert len(response.json()["documents"]) == 2
    assert {r["code"] for r in response.json()["rejected"]} == {"quota_reached"}


def test_a_page_tells_which_file_was_refused(quotas: dict[str, int]) -> None:
    quotas["stored_files"] = 1
    user = person()
    _upload(user, 1)
    files = {"files": SimpleUploadedFile("b.txt", b"Two.")}
    page = browser(user).post(reverse("document_upload"), files, follow=True)
    assert "b.txt: You have 1 file here" in text_of(page)


@pytest.mark.django_db(transaction=True)
def test_twenty_uploads_at_once_never_pass_the_quota(
    quotas: dict[str, int], no_broker: list[str]
) -> None:
    quotas["stored_files"], quotas["bytes_a_day"] = 7, 100_000
    user, outcomes = person(), []
    document_upload(user=user, data=b"The first.", filename="first.txt")

    def upload(n: int) -> None:
        try:
            _upload(user, n)
            outcomes.append("in")
        except QuotaReached as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] * 6 + ["storage_quota_reached"] * 14
    assert DocumentVersion.objects.count() == 7


# --- questions and tokens -----------------------------------------------------------


def test_one_question_more_than_a_day_allows_is_refused(
    quotas: dict[str, int], ada: Api, one_transaction: None
) -> None:
    quotas["questions_a_day"] = 1
    assert ada.ask("How many eggs?").status_code == 200
    refused = ada.ask("How many nests?")
    body = assert_problem(refused, 429, "quota_reached")
    assert "You may ask 1 question a day" in body["detail"]
    assert int(refused["Retry-After"]) > 0


def test_a_stream_is_refused_like_an_answer(
    quotas: dict[str, int], ada: Api, one_transaction: None
) -> None:
    quotas["questions_a_day"] = 1
    assert ada.ask("How many eggs?").status_code == 200
    refused = ada.post("/api/chat", {"question": "Nests?", "stream": True})
    assert_problem(refused, 429, "quota_reached")


def test_the_page_keeps_a_question_that_is_refused(
    quotas: dict[str, int], one_transaction: None
) -> None:
    quotas["questions_a_day"] = 1
    client = browser(person())
    client.post(reverse("conversations"), {"question": "How many eggs?"})
    page = client.post(reverse("conversations"), {"question": "How many nests?"})
    assert page.status_code == 429
    assert "How many nests?" in page.content.decode()
    assert "You may ask 1 question a day" in text_of(page)
    assert int(page["Retry-After"]) > 0


def test_tokens_are_reserved_only_as_far_as_they_last(quotas: dict[str, int]) -> None:
    quotas["tokens_a_day"] = 1000
    user, ledger = person(), Accounts()
    ledger.reserve(user.pk, 900)
    with pytest.raises(QuotaReached):
        ledger.reserve(user.pk, 101)
    ledger.settle(user.pk, -500)
    ledger.reserve(user.pk, 600)
    assert DailyUse.objects.get(user=user).tokens == 1000


def test_what_was_used_beyond_the_reserve_stops_the_next_call(quotas: dict[str, int]) -> None:
    quotas["tokens_a_day"] = 1000
    user, ledger = person(), Accounts()
    ledger.reserve(user.pk, 100)
    ledger.settle(user.pk, 5000)
    with pytest.raises(QuotaReached):
        ledger.reserve(user.pk, 1)


def test_settling_after_midnight_takes_nothing_away_from_the_new_day(
    quotas: dict[str, int],
) -> None:
    user, ledger = person(), Accounts()
    ledger.settle(user.pk, -500)
    assert DailyUse.objects.get(user=user).tokens == 0


def test_settling_for_a_user_who_is_gone_does_nothing(quotas: dict[str, int]) -> None:
    Accounts().settle(999_999, 10)
    assert not DailyUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_questions_at_once_are_admitted_exactly(quotas: dict[str, int]) -> None:
    quotas["questions_a_day"] = 5
    user, admitted = person(), []

    def ask() -> None:
        for _ in range(3):
            try:
                Accounts().question(user.pk)
                admitted.append(1)
            except QuotaReached:
                pass
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 5


def test_the_next_day_begins_anew(quotas: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    quotas["questions_a_day"] = 1
    user, tomorrow = person(), timezone.now() + timedelta(days=1)
    Accounts().question(user.pk)
    monkeypatch.setattr("django.utils.timezone.now", lambda: tomorrow)
    Accounts().question(user.pk)
    assert DailyUse.objects.count() == 2


# --- one user's own -----------------------------------------------------------------


def test_a_user_may_have_another_quota_than_the_settings(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = quotas["questions_a_day"] = 5
    user, other = person("ada"), person("bob")
    QuotaOverride.objects.create(user=user, files_a_day=9, questions_a_day=0)
    assert limits_of(user.pk) | {} == limits_of(other.pk) | {
        "files_a_day": 9,
        "questions_a_day": None,
    }


def test_an_administrator_sets_a_quota(quotas: dict[str, int]) -> None:
    user, admin = person("ada"), person("root", is_staff=True, is_superuser=True)
    url = reverse("admin:quotas_quotaoverride_add")
    assert "Empty: as in the settings." in text_of(browser(admin).get(url))
    browser(admin).post(url, {"user": user.pk, "tokens_a_day": 100})
    assert limits_of(user.pk)["tokens_a_day"] == 100


def test_what_is_used_and_left_is_told(quotas: dict[str, int]) -> None:
    quotas["files_a_day"] = 3
    user = person()
    _upload(user, 1)
    found = {q.name: q for q in quotas_of(user)}
    assert (found["files_a_day"].used, found["files_a_day"].left) == (1, 2)
    assert found["stored_bytes"].left is None


def test_people_see_their_own_quotas(quotas: dict[str, int]) -> None:
    quotas["stored_bytes"], quotas["files_a_day"] = 5 * 2**20, 1
    user = person()
    _upload(user, 1)
    text = text_of(browser(user).get(reverse("account")))
    assert "Files added today 1 1 nothing" in text
    assert "5.0 MB" in text.replace("\xa0", " ")


# --- the command line ---------------------------------------------------------------


def test_what_an_operator_brings_is_let_in_and_counts_as_stored(
    quotas: dict[str, int], tmp_path: Path, no_broker: list[str], capsys: Any
) -> None:
    quotas["stored_files"] = 1
    user = person("ada")
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(f"Text number {n}.")
    call_command("ingest", str(tmp_path), owner="ada")
    assert DocumentVersion.objects.count() == 3
    with pytest.raises(StorageQuotaReached):
        _upload(user, 9)


def test_counts_of_days_long_past_are_forgotten(quotas: dict[str, int]) -> None:
    user, today = person(), timezone.now().date()
    for days in (0, 39, 41, 400):
        DailyUse.objects.create(user=user, day=today - timedelta(days=days))
    assert services.forget_old() == 2


#: Spends ten times of each as fast as it can, once it is let; says how often it was let through.
_SPENDER = """
import sys, django
django.setup()
from django.contrib.auth.models import User
from documents.errors import QuotaReached
from ragsite.quotas.services import Accounts, upload_count
user, kinds = User.objects.get(), [
    lambda: Accounts().reserve(user.pk, 7),
    lambda: Accounts().question(user.pk),
    lambda: upload_count(user, 1),
]
print("ready", flush=True)
sys.stdin.readline()
passed = [0] * len(kinds)
for n in range(30):
    try:
        kinds[n % 3]()
        passed[n % 3] += 1
    except QuotaReached:
        pass
print(*passed, flush=True)
"""


def _spent_by_processes(number: int, **limits: str) -> list[list[int]]:
    """Let so many processes spend at once; return how often each was let through, by kind."""
    environment = os.environ | limits | {
        "DJANGO_SETTINGS_MODULE": "ragsite.settings",
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
    }  # fmt: skip
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _SPENDER], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(number)
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [[*map(int, process.communicate(timeout=60)[0].split())] for process in running]


@pytest.mark.django_db(transaction=True)
def test_processes_together_are_let_through_exactly_as_often_as_a_day_allows() -> None:
    user = person()
    limits = {"TOKENS": "100", "QUESTIONS": "11", "FILES": "13"}
    named = {f"QUOTA_{kind}_A_DAY": limit for kind, limit in limits.items()}
    passed = zip(*_spent_by_processes(3, **named), strict=True)
    assert [sum(kind) for kind in passed] == [14, 11, 13]
    row = DailyUse.objects.get(user=user)
    assert (row.tokens, row.questions, row.files) == (14 * 7, 11, 13)
