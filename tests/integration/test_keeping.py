"""What is done every night: forget in time, merge the index, give room back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics import services
from analytics.models import Durations, RequestLog
from analytics.types import Kind, Measurement, RequestRecord
from documents.index import upkeep
from documents.index.renewing import copy_window
from documents.index.sqlite import SqliteIndex
from documents.ingest import lease as leases
from documents.ingest import renewal
from documents.ingest.reconciling.run import reconcile
from documents.models import Chunk, Document, DocumentVersion, EmbeddingSpace
from documents.types import Status
from ragsite.accounts.models import UserSession
from ragsite.ops import keeping
from tests.integration.factories import Api, work

pytestmark = pytest.mark.django_db

#: A word whose beginning no other word has, so that the index stores it whole.
CANARY = "zqxjcanary"


def _record(days: int) -> RequestRecord:
    return RequestRecord(timezone.now() - timedelta(days=days), "x", "GET", "/a", 200, 5.0, 0, 0)


def test_everything_past_its_time_is_forgotten_however_much_it_is(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REQUEST_LOG_DAYS, settings.METRICS_DAYS = 30, 365
    monkeypatch.setattr(services, "FORGOTTEN_AT_ONCE", 10)
    services.write([_record(40)] * 25 + [_record(1)])
    assert keeping.keep()["facts_forgotten"] == 25
    assert RequestLog.objects.count() == 1


def test_a_write_of_forgetting_is_short(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REQUEST_LOG_DAYS, settings.METRICS_DAYS = 30, 365
    monkeypatch.setattr(services, "FORGOTTEN_AT_ONCE", 10)
    services.write([_record(40)] * 25)
    assert [services.forget() for _ in range(4)] == [10, 10, 5, 0]


def test_every_hour_of_the_days_that_are_over_is_thinned(settings: Any) -> None:
    settings.METRICS_DAYS = 365
    start = (timezone.now() - timedelta(days=5)).replace(minute=0, second=0, microsecond=0)
    minutes = [start + timedelta(minutes=7 * n) for n in range(40)]
    services.write([Measurement(at, Kind.SEARCH, "hybrid", "found", 5.0) for at in minutes])
    keeping.keep()
    rows = Durations.objects.all()
    assert {(row.minute.minute, row.is_hour) for row in rows} == {(0, True)}
    assert (len(rows), sum(row.count for row in rows)) == (5, 40)
    assert keeping.keep()["hours_thinned"] == 0


def test_sessions_that_have_ended_are_removed() -> None:
    now = timezone.now()
    for name, days in (("old", -1), ("new", 1)):
        UserSession.objects.create(
            session_key=name, session_data="", expire_date=now + timedelta(days=days)
        )
    keeping.keep()
    assert [row.pk for row in UserSession.objects.all()] == ["new"]


def test_what_fails_does_not_keep_the_rest_from_being_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise OSError("no")

    work_list = (("broken", broken), *keeping._WORK)
    monkeypatch.setattr(keeping, "_WORK", work_list)
    assert "log" in keeping.keep()
    assert "broken could not be done" in caplog.text


# --- words ------------------------------------------------------------------------


def _holds_canary() -> bool:
    """Whether the full-text index still has the word in its own tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM chunk_keywords_data WHERE instr(block, cast(%s AS blob)) > 0",
            [CANARY[:5]],
        )
        return bool(cursor.fetchone()[0])


def _indexed_and_deleted(ada: Api) -> None:
    """Leave the words of a deleted document in the index, beside others that stay."""
    for number in range(12):
        ada.upload((f"{number}.txt", f"Nest number {number} in the ivy, with eggs.".encode()))
    document = ada.ready("canary.txt", f"A secret called {CANARY}.".encode())
    assert _holds_canary()
    ada.delete(f"/api/documents/{document['id']}")
    work()


@pytest.mark.django_db(transaction=True)
def test_deleted_words_leave_the_file_by_night(ada: Api) -> None:
    _indexed_and_deleted(ada)
    assert _holds_canary()
    assert upkeep.holds_deleted_words(connection)
    assert keeping.keep()["words_merged"] >= 1
    assert not _holds_canary()
    assert not upkeep.holds_deleted_words(connection)
    assert len(ada.found("nest")) > 5


@pytest.mark.django_db(transaction=True)
def test_without_deletions_the_index_is_not_touched(ada: Api) -> None:
    ada.ready()
    assert upkeep.drop_deleted_words(connection) == 0


@pytest.mark.django_db(transaction=True)
def test_each_step_of_merging_is_a_transaction_of_its_own(ada: Api) -> None:
    _indexed_and_deleted(ada)
    with CaptureQueriesContext(connection) as captured:
        upkeep.drop_deleted_words(connection)
    assert not [query for query in captured if query["sql"].startswith("BEGIN")]


def _score(ada: Api) -> float:
    """The BM25 score of what the words of a query bring first."""
    given = {"q": "eggs of the wren", "mode": "keyword", "explain": "true"}
    return float(ada.get("/api/search", **given).json()["trace"]["candidates"][0]["keyword"])


def _many_long_ones(ada: Api) -> list[str]:
    """Upload documents that make what is there shorter than most, and its words commoner."""
    ids = []
    for number in range(6):
        text = f"Number {number}: eggs of another bird, " + "told at length and breadth, " * 40
        ids.append(ada.ready(f"{number}.txt", text.encode())["id"])
    return ids


def _totals() -> tuple[list[int], list[int]]:
    """Return what FTS5 counts, and what it would count in an index made anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT block FROM chunk_keywords_data WHERE id = 1")
        counted = upkeep._numbers(cursor.fetchone()[0])
        cursor.execute("SELECT sz FROM chunk_keywords_docsize")
        sizes = [upkeep._numbers(row[0]) for row in cursor.fetchall()]
    return counted, [len(sizes), *(sum(column) for column in zip(*sizes, strict=True))]


@pytest.mark.django_db(transaction=True)
def test_by_night_the_ranking_is_that_of_an_index_without_what_was_deleted(ada: Api) -> None:
    ada.ready()
    alone = _score(ada)
    for document in _many_long_ones(ada):
        ada.delete(f"/api/documents/{document}")
    work()
    assert _score(ada) != pytest.approx(alone)
    assert keeping.keep()["words_recounted"] >= 6
    assert _score(ada) == pytest.approx(alone)


@pytest.mark.django_db(transaction=True)
def test_what_others_add_while_words_are_counted_stays_counted(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    ada.delete(f"/api/documents/{ada.ready('x.txt', b'Eggs of another bird.')['id']}")
    work()
    surplus = upkeep._surplus

    def slow(given: Any) -> list[int]:
        found = surplus(given)
        ada.ready("late.txt", b"Eggs that came late, while it was being counted.")
        return found

    monkeypatch.setattr(upkeep, "_surplus", slow)
    assert upkeep.recount_words(connection) == 1
    counted, there = _totals()
    assert counted == there


@pytest.mark.django_db(transaction=True)
def test_a_write_between_reading_and_correcting_is_not_lost(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    ada.delete(f"/api/documents/{ada.ready('x.txt', b'Eggs of another bird.')['id']}")
    late, varint = iter([b"Eggs that came late.", b""]), upkeep._varint

    def slow(number: int) -> bytes:
        if text := next(late, b""):
            ada.ready("late.txt", text)
        return varint(number)

    monkeypatch.setattr(upkeep, "_varint", slow)
    upkeep.recount_words(connection)
    counted, there = _totals()
    assert counted == there


@pytest.mark.django_db(transaction=True)
def test_where_nothing_was_deleted_no_count_is_written(ada: Api) -> None:
    assert upkeep.recount_words(connection) == 0
    ada.ready()
    with CaptureQueriesContext(connection) as captured:
        assert upkeep.recount_words(connection) == 0
    assert not [query for query in captured if "UPDATE" in query["sql"]]


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2**40 + 3, 2**56 - 1])
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    assert upkeep._numbers(upkeep._varint(number) + upkeep._varint(5)) == [number, 5]


@pytest.mark.django_db(transaction=True)
def test_the_write_ahead_log_is_given_back(ada: Api) -> None:
    ada.ready()
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    assert log.stat().st_size > 0
    keeping.keep()
    assert log.stat().st_size == 0


# --- vectors ----------------------------------------------------------------------


def _table() -> str:
    return str(EmbeddingSpace.objects.get().table)


def _dead_ratio() -> float:
    space = EmbeddingSpace.objects.get()
    index = SqliteIndex(connection, vector_table=space.table, dimensions=space.dimensions)
    return index.dead_ratio()


def test_a_table_that_is_well_filled_stays(ada: Api) -> None:
    ada.ready()
    assert not renewal.renew_vectors()


def test_a_table_with_holes_is_written_anew_and_answers(ada: Api) -> None:
    document, old = ada.ready(), _table()
    assert renewal.renew_vectors(most_dead=-1.0)
    assert _table() == f"{old}_new"
    assert ada.found("eggs", mode="semantic")[0]["document"]["id"] == document["id"]
    assert reconcile().mended == {"vector_tables": 1}  # the old table
    assert renewal.renew_vectors(most_dead=-1.0)
    assert _table() == old


def test_while_a_worker_reads_the_table_stays(ada: Api) -> None:
    ada.ready()
    ada.upload(("b.txt", b"Another one."))
    assert leases.claim("me") is not None
    before = _table()
    assert not renewal.renew_vectors(most_dead=-1.0)
    assert _table() == before
    assert reconcile(dry_run=True).mended == {}


def test_what_is_deleted_while_it_is_copied_does_not_come_back(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, real = ada.ready(), copy_window

    def overtaken(*args: Any) -> None:
        real(*args)
        if Document.objects.exists():
            ada.delete(f"/api/documents/{document['id']}")
            work()

    monkeypatch.setattr(renewal, "copy_window", overtaken)
    renewal.renew_vectors(most_dead=-1.0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_table()}_rowids")
        assert cursor.fetchone()[0] == 0


def test_many_chunks_are_copied_in_windows(ada: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "BATCH", 2)
    ada.ready(data=b"The wren nests in the ivy of the north wall. " * 200)
    chunks = Chunk.objects.count()
    assert chunks > 6
    assert renewal.renew_vectors(most_dead=-1.0)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {_table()}_rowids")
        assert cursor.fetchone()[0] == chunks
    assert reconcile().mended == {"vector_tables": 1}


def test_holes_are_what_makes_a_table_due(ada: Api) -> None:
    ada.ready()
    assert _dead_ratio() <= renewal.MOST_DEAD
    assert keeping.keep()["vectors_renewed"] == 0


def test_work_goes_on_after_a_night(ada: Api) -> None:
    ada.ready()
    keeping.keep()
    ada.upload(("b.txt", b"The heron stands at the weir."))
    assert work() == 1
    assert DocumentVersion.objects.filter(status=Status.READY).count() == 2
    assert ada.found("heron weir")
