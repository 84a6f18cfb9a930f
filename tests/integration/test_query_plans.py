"""No page and no read of the API goes through a whole table that grows, unless for a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.api_usage import LISTS
from chat import tasks as chat_tasks
from chat.models import Message, SavedQuestion
from chat.services.comparing import comparison_create
from chat.services.conversations import feedback_set
from chat.services.watching import message_watch
from documents.ingest import drain
from documents.ingest import lease as leases
from tests.integration.factories import Api
from tests.integration.pages import browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

#: Tables whose rows no person adds one by one by hand, or that grow with people and time.
GROWS: Final = {
    model._meta.db_table
    for model in apps.get_models()
    if model._meta.app_label
    in {"documents", "chat", "analytics", "sessions", "accounts", "audit", "quotas"}
} - {
    # A row for each embedding model, each worker, each night, each thing watched: a handful.
    "analytics_alert",
    "documents_embeddingspace",
    "documents_worker",
    "documents_reconciliation",
    # Asked for by hand, each of them an hour's work for the machine.
    "chat_comparison",
} | {"chunk_scope"}

#: Indexes of a few rows of a table, as those that wait: reading one whole costs little.
PARTIAL: Final = {
    index.name
    for model in apps.get_models()
    for index in model._meta.indexes
    if index.condition is not None
}

#: What may be read whole, with the reason: (a part of the route, table).
ALLOWED: Final[dict[tuple[str, str], str]] = {
    ("/search", "chunk_scope"): "one count along the narrowest index: what terms weigh rests on it",
    ("/questions/", "chunk_scope"): "the same count, for the search on the page",
    ("/api/analytics", "documents_document"): "what was never used is told from all there are",
    ("/dashboard", "documents_document"): "how many are in each state is told of all there are",
    ("/metrics", "documents_document"): "a count along an index, for administrators",
    ("/api/health/deep", "documents_chunk"): "a count along an index, when an administrator asks",
    ("work", "documents_document"): "renamed ones are looked for once the queue is empty",
}

READS: Final = [
    route.removeprefix("GET ")
    for route in json.loads(Path(__file__).with_name("query_counts.json").read_text())
    if route.startswith("GET ")
]
PAGES: Final = [
    "/",
    "/documents/",
    "/documents/?search=wren&status=ready",
    "/documents/?page=2",
    "/documents/progress/",
    "/documents/{document}/",
    "/documents/{document}/delete/",
    "/documents/{document}/diff/?from=1&to=1",
    "/documents/{document}/versions/1/",
    "/search/?q=wren",
    "/collections/",
    "/collections/{collection_id}/",
    "/chat/",
    "/chat/?search=wren",
    "/chat/{conversation}/",
    "/questions/",
    "/questions/{set}/",
    "/notices/",
    "/tokens/",
]
STAFF: Final = [
    "/dashboard",
    "/dashboard/use",
    "/dashboard/requests",
    "/dashboard/requests?status=5xx&hours=720",
    "/dashboard/requests?route=GET+/api/search",
    "/metrics",
    "/api/metrics",
    "/api/analytics?days=30",
    "/api/health/deep",
    *(f"/api/analytics/table.csv?list={name}" for name in LISTS),
]


def scans(sql: str) -> list[tuple[str, str]]:
    """Return the tables that a statement reads whole, each with the line of the plan.

    Walking along an index is fine where it stops at a limit.
    """
    names = dict(re.findall(r'"?\b(\w+)"? (?:AS )?"?([TUVW]\d+|\b[a-z])\b"?(?= |$|,|\))', sql))
    alias = {short: table for table, short in names.items()}
    found = []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        for *_, line in cursor.fetchall():
            if not (scan := re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line)):
                continue
            table = alias.get(scan[1], scan[1])
            if table in GROWS and not (stops(sql, scan[2]) or scan[2] in PARTIAL):
                found.append((table, line))
    return found


def stops(sql: str, index: str | None) -> bool:
    """Whether a walk along an index, or by id without a condition, stops at a limit."""
    return " LIMIT " in sql and (index is not None or " WHERE " not in sql)


def look(client: Client, path: str) -> list[str]:
    """Read a page and return what of it goes through a whole table without a reason."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path, headers={"Accept": "*/*"})
    assert response.status_code == 200, (path, response.status_code, response.content[:300])
    return faults(path, captured)


def faults(what: str, captured: Any) -> list[str]:
    statements = {query["sql"] for query in captured if query["sql"].startswith(("SELECT", "WITH"))}
    return [
        f"{what}: {line}: {sql[:400]}"
        for sql in sorted(statements)
        for table, line in scans(sql)
        if not any(part in what and table == name for part, name in ALLOWED)
    ]


def none(found: list[str]) -> None:
    """Fail with every fault in full."""
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.fixture
def places(ada: Api) -> dict[str, Any]:
    """A little of everything, and the ids to read it by."""
    document = ada.ready()
    answer = ada.ask("How many eggs does the wren lay?").json()
    message = Message.objects.get(pk=answer["id"])
    feedback_set(user=ada.user, message=message, rating=1)
    question = SavedQuestion.objects.get()
    watch = message_watch(user=ada.user, message=message)
    comparison = comparison_create(
        user=ada.user, question_set=question.question_set, dense_weight=0.9
    )
    return {
        "document": document["id"],
        "collection": document["collection"]["slug"],
        "collection_id": document["collection"]["id"],
        "conversation": answer["conversation_id"],
        "message": answer["id"],
        "set": question.question_set_id,
        "question": question.pk,
        "watch": watch.pk,
        "comparison": comparison.pk,
    }


def test_no_read_of_the_api_goes_through_a_whole_table(ada: Api, places: dict[str, Any]) -> None:
    paths = [route.format(**places) for route in READS]
    none([fault for path in paths for fault in look(ada.client, path)])


def test_no_page_goes_through_a_whole_table(ada: Api, places: dict[str, Any]) -> None:
    client = browser(ada.user)
    paths = [page.format(**places) for page in PAGES]
    none([fault for path in paths for fault in look(client, path)])


def test_no_page_of_an_administrator_goes_through_a_whole_table(
    ada: Api, places: dict[str, Any]
) -> None:
    ada.user.is_staff = True
    ada.user.save()
    client = browser(ada.user)
    none([fault for path in STAFF for fault in look(client, path)])


def test_the_work_of_every_minute_goes_through_no_whole_table(
    ada: Api, places: dict[str, Any]
) -> None:
    ada.upload(("b.txt", b"Another one."))
    with CaptureQueriesContext(connection) as captured:
        drain.sweep()
        chat_tasks.sweep()
        leases.claim("me")
        drain.drain("me", limit=1)
    none(faults("work", captured))


def test_a_scan_is_seen() -> None:
    assert scans('SELECT "text" FROM "documents_chunk" WHERE "text" = \'x\'')
    assert not scans('SELECT "text" FROM "documents_chunk" WHERE "id" = 1')


def test_a_scan_behind_an_alias_is_seen() -> None:
    assert scans('SELECT T3."text" FROM "documents_chunk" T3 WHERE T3."text" = \'x\'')


def test_a_walk_along_an_index_needs_a_limit() -> None:
    ordered = 'SELECT "at", "ms" FROM "analytics_requestlog" ORDER BY "at" DESC'
    assert scans(ordered)
    assert not scans(f"{ordered} LIMIT 10")


def test_every_exception_has_a_reason() -> None:
    assert all(len(reason) > 20 for reason in ALLOWED.values())
