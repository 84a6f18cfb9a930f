"""Which documents are looked at, by whom and how, and which by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from analytics import services
from analytics.accesses import accessed, activity, unused
from analytics.models import Use
from analytics.recording import recorder
from analytics.types import UseRecord
from chat.models import Citation, Conversation, Message
from documents.models import Document
from tests.integration.factories import Api, person, work
from tests.integration.pages import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any) -> Iterator[None]:
    settings.METRICS_DAYS = 30
    settings.RECORD_IN_BACKGROUND = False
    recorder._waiting.clear()
    yield
    recorder._waiting.clear()


@pytest.fixture
def wren(ada: Api) -> str:
    """The id of a document that is ready, with nothing noted so far."""
    document = str(ada.ready()["id"])
    recorder._waiting.clear()
    return document


def week() -> Any:
    return timezone.now() - timedelta(days=7)


def noted() -> tuple[int, int, int]:
    """Write what was noted and return how often something was viewed, opened, downloaded."""
    recorder.flush()
    row = Use.objects.get()
    return row.viewed, row.opened, row.downloaded


def test_each_door_of_the_api_is_noted_as_what_it_is(ada: Api, wren: str) -> None:
    ada.get(f"/api/documents/{wren}")
    ada.content(wren)
    ada.content(wren)
    ada.get(f"/api/documents/{wren}/versions/1/download")
    assert noted() == (0, 2, 1)  # programs ask again and again how far a document is


def test_each_page_is_noted_as_what_it_is(ada: Api, wren: str) -> None:
    pages = browser(ada.user)
    for path in ("", "versions/1/", "versions/1/download/"):
        assert pages.get(f"/documents/{wren}/{path}").status_code == 200, path
    assert noted() == (1, 1, 1)


def test_what_somebody_may_not_see_is_not_noted(bob: Api, wren: str) -> None:
    bob.get(f"/api/documents/{wren}")
    bob.get(f"/api/documents/{wren}/versions/1/download")
    assert not [fact for fact in recorder._waiting if isinstance(fact, UseRecord)]


def test_two_batches_of_a_day_are_one_row(ada: Api, wren: str) -> None:
    for _ in range(2):
        ada.content(wren)
        recorder.flush()
    assert noted() == (0, 2, 0)


def test_a_document_deleted_before_the_batch_leaves_nothing(ada: Api, wren: str) -> None:
    ada.content(wren)
    ada.delete(f"/api/documents/{wren}")
    recorder.flush()
    assert Use.objects.count() == 0


def test_a_deletion_takes_the_counts_with_it(ada: Api, wren: str) -> None:
    ada.content(wren)
    recorder.flush()
    ada.delete(f"/api/documents/{wren}")
    work()
    assert Use.objects.count() == 0


def test_documents_are_listed_by_how_often_they_were_looked_at(ada: Api, wren: str) -> None:
    other = ada.ready("otter.txt", b"The otter of Low Mill eats trout.")["id"]
    for _ in range(3):
        ada.content(other)
    browser(ada.user).get(f"/documents/{wren}/")
    recorder.flush()
    found = accessed(week())
    assert [row["title"] for row in found] == ["otter", "wren"]
    assert found[0]["opened"] == 3
    assert {row["readers"] for row in found} == {1}


def test_what_was_opened_or_cited_is_not_unused(ada: Api, wren: str) -> None:
    opened = ada.ready("otter.txt", b"The otter of Low Mill eats trout.")["id"]
    cited = ada.ready("owl.txt", b"The owl of the barn hunts mice.")["id"]
    ada.content(opened)
    conversation = Conversation.objects.create(user=ada.user, title="x")
    message = Message.objects.create(conversation=conversation, question="x?")
    Citation.objects.create(
        message=message, n=1, document_id=cited, title="owl", version=1, start=0, end=3, quote="x"
    )
    recorder.flush()
    assert unused() == {"count": 1, "oldest": [{"id": wren, "title": "wren"}]}


def test_a_look_at_what_it_is_is_no_use(ada: Api, wren: str) -> None:
    browser(ada.user).get(f"/documents/{wren}/")
    recorder.flush()
    assert unused()["count"] == 1


def test_everybodys_days_are_told(ada: Api, bob: Api, wren: str) -> None:
    ada.content(wren)
    recorder.flush()
    conversation = Conversation.objects.create(user=bob.user, title="x")
    Message.objects.create(conversation=conversation, question="x?")
    today = timezone.now().date()
    assert activity(week()) == [
        {"day": today, "username": "ada", "questions": 0, "opened": 1, "uploads": 1},
        {"day": today, "username": "bob", "questions": 1, "opened": 0, "uploads": 0},
    ]


def test_the_counts_outlive_an_account(bob: Api, wren: str) -> None:
    record = UseRecord(timezone.now().date(), Document.objects.get().pk, bob.user.pk, "opened")
    services.write([record])
    bob.user.delete()
    assert activity(week())[-1]["username"] == "ada"
    assert "(deleted)" in {row["username"] for row in activity(week())}


def test_uploads_are_told_by_day_with_their_size(ada: Api, wren: str) -> None:
    boss = Api(person("boss", is_staff=True))
    (day,) = boss.get("/api/analytics").json()["by_day"]
    assert (day["uploads"], day["uploads_failed"]) == (1, 0)
    assert day["uploaded_bytes"] > 100


@pytest.mark.parametrize("name", ["documents_by_access", "activity"])
def test_each_list_is_given_as_a_table(ada: Api, wren: str, name: str) -> None:
    ada.content(wren)
    recorder.flush()
    boss = Api(person("boss", is_staff=True))
    lines = boss.get("/api/analytics/table.csv", list=name).content.decode().splitlines()
    assert len(lines) == 2


def test_use_is_forgotten_in_time(wren: str, settings: Any) -> None:
    settings.METRICS_DAYS = 30
    day = timezone.now().date() - timedelta(days=40)
    services.write([UseRecord(day, Document.objects.get().pk, 1, "opened")])
    assert services.forget() == 1
    assert Use.objects.count() == 0
