"""The library as it was: search, chat and commands answer from what was current then."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from chat.models import Message
from documents.ingest import lease as leases
from documents.ingest import pipeline
from documents.models import Document, DocumentVersion
from documents.search.scope import Within, as_of_read, scope_for
from documents.types import Status
from tests.integration.factories import Api, assert_problem, work
from tests.integration.versions import QUESTION, READY, add, ready_at, text, wren_of_three
from tests.samples import scanned_pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

#: A day of each version's month, and what it says of the eggs.
DAYS = [("2026-01-20", 1, "seven"), ("2026-02-20", 2, "nine"), ("2026-03-20", 3, "eleven")]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    return wren_of_three(ada)


def _versions(api: Api, **query: Any) -> set[int]:
    return {hit["version"] for hit in api.found("eggs in April", **query)}


def _scope(api: Api, as_of: str) -> set[int]:
    """The numbers of the versions that may answer."""
    scope = scope_for(api.user, Within(as_of=as_of_read(as_of)))
    rows = DocumentVersion.objects.filter(pk__in=scope.versions or ())
    return set(rows.values_list("number", flat=True))


# --- search ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
@pytest.mark.parametrize(("day", "version", "eggs"), DAYS)
def test_a_search_finds_what_was_current_that_day(
    ada: Api, wren: dict[str, Any], day: str, version: int, eggs: str, mode: str
) -> None:
    (hit, *_) = ada.found("eggs in April", as_of=day, mode=mode)
    assert (hit["version"], hit["current_version"]) == (version, 3)
    assert f"{eggs} eggs" in hit["text"]


def test_a_search_in_a_body_may_be_of_a_day_too(ada: Api, wren: dict[str, Any]) -> None:
    body = {"q": "eggs", "as_of": "2026-01-20"}
    found = ada.post("/api/search", body).json()
    assert {hit["version"] for hit in found["results"]} == {1}
    assert found["as_of"] == "2026-01-20"


def test_a_search_of_the_present_says_so(ada: Api, wren: dict[str, Any]) -> None:
    found = ada.get("/api/search", q="eggs", as_of="").json()
    assert found["as_of"] is None
    assert [hit["version"] for hit in found["results"]] == [3]


def test_a_version_begins_and_ends_at_the_very_moment(ada: Api, wren: dict[str, Any]) -> None:
    second = ready_at(wren, 2)
    before = (READY[1] - timedelta(microseconds=1)).isoformat()
    assert _versions(ada, as_of=second) == {2}
    assert _versions(ada, as_of=before) == {1}


def test_before_it_was_there_a_document_gives_nothing(ada: Api, wren: dict[str, Any]) -> None:
    assert ada.found("eggs", as_of="2026-01-09") == []
    assert ada.found("eggs", as_of="2026-01-09", document=wren["id"]) == []


@pytest.mark.parametrize("future", ["2999-01-01", "2999-01-01T00:00Z"])
def test_the_future_is_answered_from_the_present(
    ada: Api, wren: dict[str, Any], future: str
) -> None:
    assert _versions(ada, as_of=future) == {3}


@pytest.mark.parametrize("number", ["1", "v2", "version 3"])
def test_a_number_is_a_version_of_the_document(ada: Api, wren: dict[str, Any], number: str) -> None:
    assert _versions(ada, document=wren["id"], as_of=number) == {int(number[-1])}


def test_a_number_without_a_document_is_explained(ada: Api, wren: dict[str, Any]) -> None:
    problem = assert_problem(ada.get("/api/search", q="eggs", as_of="2"), 400, "invalid")
    assert "exactly one document" in problem["detail"]


def test_a_version_that_is_not_there_is_not_found_in_words(ada: Api, wren: dict[str, Any]) -> None:
    response = ada.get("/api/search", q="eggs", as_of="9", document=wren["id"])
    assert assert_problem(response, 404)["detail"] == "The document has no version 9."


@pytest.mark.parametrize("wrong", ["soon", "2026-02-30", "0", "x" * 5000])
def test_what_is_no_time_is_explained(ada: Api, wren: dict[str, Any], wrong: str) -> None:
    assert_problem(ada.get("/api/search", q="eggs", as_of=wrong), 400)
    assert_problem(ada.post("/api/search", {"q": "eggs", "as_of": wrong}), 400)


def test_a_document_that_never_changed_answers_beside_one_that_did(
    ada: Api, wren: dict[str, Any]
) -> None:
    heron = ada.ready("heron.txt", b"The heron lays five eggs in March.")
    DocumentVersion.objects.filter(document_id=heron["id"]).update(ready_at=READY[0])
    found = {(h["document"]["title"], h["version"]) for h in ada.found("eggs", as_of="2026-02-20")}
    assert found == {("wren", 2), ("heron", 1)}


# --- what never answers ---------------------------------------------------------------


def test_a_version_that_was_overtaken_before_it_was_ready_never_was_current(ada: Api) -> None:
    document = ada.ready(data=text(1))
    for number in (2, 3):
        ada.add_version(document["id"], f"v{number}.txt", text(number))
    second, third = (leases.claim(leases.worker_register().pk) for _ in range(2))
    assert second
    assert third
    pipeline.process(third)
    between = timezone.now()
    pipeline.process(second)
    late = DocumentVersion.objects.get(number=2).ready_at
    assert late
    for moment in (between, late, late + timedelta(seconds=1), timezone.now()):
        assert _scope(ada, moment.isoformat()) == {3}


def test_a_clock_that_went_back_makes_no_two_versions_current_at_once(ada: Api) -> None:
    document = ada.ready(data=text(1))
    ahead = timezone.now() + timedelta(hours=1)
    DocumentVersion.objects.update(ready_at=ahead)
    add(ada, document, 2)
    first, second = DocumentVersion.objects.order_by("number")
    assert first.ready_at == first.superseded_at == second.ready_at == ahead


def test_nothing_but_the_last_ready_version_answers_while_the_next_is_read_and_after_it_fails(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = ada.ready(data=text(1))
    add(ada, document, 2)
    ada.add_version(document["id"], "scan.pdf", scanned_pdf_bytes())
    now = timezone.now().isoformat()
    assert _answers(ada, now) == {2}
    seen: list[set[int]] = []
    extract = pipeline._extract

    def watched(*args: Any) -> Any:
        seen.append(_answers(ada, now))
        return extract(*args)

    monkeypatch.setattr(pipeline, "_extract", watched)
    work()
    assert ada.document(document["id"])["status"] == "failed"
    assert [*seen, _answers(ada, timezone.now().isoformat())] == [{2}, {2}]


def _answers(api: Api, now: str) -> set[int]:
    """The versions that search and chat answer from, asked of the present in two ways."""
    found = _versions(api) | _versions(api, as_of=now)
    for more in ({}, {"as_of": now}):
        found |= {c["version"] for c in api.ask(QUESTION, **more).json()["citations"]}
    return found


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PROCESSING, Status.FAILED])
def test_a_version_that_is_not_ready_cannot_be_named(
    ada: Api, wren: dict[str, Any], status: Status
) -> None:
    DocumentVersion.objects.filter(number=3).update(status=status, ready_at=None)
    response = ada.get("/api/search", q="eggs", as_of="3", document=wren["id"])
    assert "is not ready" in assert_problem(response, 404)["detail"]
    assert _versions(ada, as_of="2026-03-20") == set()


def test_a_retired_or_deleted_document_stays_out_of_sight_at_any_time(
    ada: Api, wren: dict[str, Any]
) -> None:
    Document.objects.update(retired_at=timezone.now())
    assert _versions(ada, as_of="2026-02-20") == set()
    ada_again = ada.get("/api/search", q="eggs", as_of="1", document=wren["id"])
    assert_problem(ada_again, 404, "not_found")


def test_a_stranger_finds_nothing_at_any_time(ada: Api, bob: Api, wren: dict[str, Any]) -> None:
    assert _versions(bob, as_of="2026-02-20") == set()
    for as_of in ("1", "2026-02-20"):
        theirs = bob.get("/api/search", q="eggs", as_of=as_of, document=wren["id"])
        assert assert_problem(theirs, 404)["detail"].startswith("There is no such document")


def test_a_chunk_of_another_version_is_left_out_whatever_the_index_says(
    ada: Api, wren: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = "documents.index.sqlite._condition"
    monkeypatch.setattr(index, lambda scope, prefix: (f"{prefix}collection_id > %s", ["0"]))
    assert _versions(ada, as_of="2026-02-20") == {2}


# --- chat -----------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "version", "eggs"), DAYS)
def test_an_answer_rests_on_what_was_current_that_day(
    ada: Api, wren: dict[str, Any], day: str, version: int, eggs: str
) -> None:
    answer = ada.ask(QUESTION, as_of=day).json()
    assert f"{eggs} eggs" in answer["answer"]
    assert {c["version"] for c in answer["citations"]} == {version}
    assert answer["as_of"] == day


def test_an_answer_may_be_of_a_version(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION, documents=[wren["id"]], as_of=2).json()
    assert "nine eggs" in answer["answer"]
    assert answer["as_of"] == "2"


def test_a_streamed_answer_may_be_of_a_day(ada: Api, wren: dict[str, Any]) -> None:
    events = ada.stream(QUESTION, as_of="2026-01-20")
    assert {source["version"] for source in events[0].data["sources"]} == {1}
    assert events[-1].data["as_of"] == "2026-01-20"


def test_an_answer_of_the_present_was_asked_of_no_time(ada: Api, wren: dict[str, Any]) -> None:
    for nothing in ({}, {"as_of": None}, {"as_of": ""}):
        answer = ada.ask(QUESTION, **nothing).json()
        assert answer["as_of"] is None
        assert "eleven eggs" in answer["answer"]


def test_before_anything_was_there_a_question_is_refused(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION, as_of="2025-12-31").json()
    assert (answer["refused"], answer["citations"]) == (True, [])


def test_a_message_keeps_when_it_was_asked_of(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(QUESTION, as_of="2026-02-20").json()
    again = ada.get(f"/api/messages/{answer['id']}").json()
    assert again["as_of"] == "2026-02-20"
    assert Message.objects.get().scope["as_of"] == {
        "asked": "2026-02-20",
        "moment": "2026-02-20T23:59:59.999999+00:00",
        "version": None,
    }


@pytest.mark.parametrize(
    ("as_of", "status"), [("soon", 400), ("2", 400), (True, 400), ([1], 400), ("9", 400)]
)
def test_a_time_that_is_none_keeps_no_question(
    ada: Api, wren: dict[str, Any], as_of: Any, status: int
) -> None:
    assert_problem(ada.ask(QUESTION, as_of=as_of), status)
    assert not Message.objects.exists()


# --- commands -------------------------------------------------------------------------


def _run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.parametrize(("day", "version", "eggs"), DAYS)
def test_the_commands_answer_as_of_a_day(
    ada: Api, wren: dict[str, Any], day: str, version: int, eggs: str
) -> None:
    found = json.loads(_run("search", "eggs in April", "--as-of", day, "--json"))
    assert {hit["version"] for hit in found["results"]} == {version}
    assert f"{eggs} eggs" in _run("ask", QUESTION, "--as-of", day)


def test_the_commands_take_a_version_of_one_document(ada: Api, wren: dict[str, Any]) -> None:
    named = ("--document", wren["id"], "--as-of", "v2")
    assert "wren, version 2 (now 3)" in _run("search", "eggs", *named)
    assert "nine eggs" in _run("ask", QUESTION, *named)


@pytest.mark.parametrize("command", ["search", "ask"])
@pytest.mark.parametrize(
    "arguments",
    [["--as-of", "soon"], ["--as-of", "2"], ["--document", "x"], ["--as-of", "2026-02-30"]],
)
def test_the_commands_refuse_with_a_sentence(
    ada: Api, wren: dict[str, Any], command: str, arguments: list[str]
) -> None:
    with pytest.raises(CommandError) as caught:
        _run(command, QUESTION, *arguments)
    assert str(caught.value).endswith(".")
