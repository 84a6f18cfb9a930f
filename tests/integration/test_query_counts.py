"""How many queries each route of the API costs: a budget, and the same for many rows as for few."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Conversation, Message
from documents.models import Document, DocumentVersion, Membership
from documents.types import Role, Status
from ragsite.accounts.services import token_create
from tests.integration.factories import READ, Api, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

#: Queries of each route, its authentication among them. Make one smaller freely; one
#: that grows needs a reason in the change that makes it grow.
BUDGET_FILE = Path(__file__).with_name("query_counts.json")
BUDGET: dict[str, int] = json.loads(BUDGET_FILE.read_text())
MANY = 12


def _queries(api: Api, route: str) -> int:
    method, path = route.split(" ", 1)
    body = {"q": "wren", "question": "How many eggs does the wren lay?"}
    with CaptureQueriesContext(connection) as captured:
        response = api.send(method, path, body if method == "POST" else None)
    assert response.status_code == 200, response.content
    return len(captured)


def _grow(api: Api, document: dict[str, Any], answer: dict[str, Any]) -> None:
    """Add rows of every kind."""
    collection = document["collection"]["id"]
    conversation = Conversation.objects.get(pk=answer["conversation_id"])
    for number in range(MANY):
        member = person(f"member{number}")
        Membership.objects.create(collection_id=collection, user=member, role=Role.VIEWER)
        token_create(user=api.user, name=f"t{number}", scope=READ)
        Conversation.objects.create(user=api.user, title=f"Conversation {number}")
        Message.objects.create(conversation=conversation, question=f"Question {number}?")
        _version(document["id"], number + 2)
        row = Document.objects.create(collection_id=collection, title=f"Document {number}")
        row.newest_version = row.current_version = _version(row.pk, 1)
        row.save()


def _version(document_id: Any, number: int) -> DocumentVersion:
    version: DocumentVersion = DocumentVersion.objects.create(
        document_id=document_id, number=number, filename="x.txt", media_type="text/plain",
        size=1, sha256="0" * 64, original="00/x", status=Status.READY,
    )  # fmt: skip
    return version


def test_no_route_costs_more_than_its_budget_or_grows_with_the_rows(ada: Api) -> None:
    document = ada.ready()
    answer = ada.ask("How many eggs does the wren lay?").json()
    ids = {
        "document": document["id"],
        "collection": document["collection"]["slug"],
        "conversation": answer["conversation_id"],
        "message": answer["id"],
    }
    routes = {route: route.format(**ids) for route in BUDGET}
    few = {route: _queries(ada, path) for route, path in routes.items()}
    _grow(ada, document, answer)
    _queries(ada, routes["GET /api/search?q=wren"])  # titles are read once after a change
    many = {route: _queries(ada, path) for route, path in routes.items()}
    assert {route: n for route, n in few.items() if n > BUDGET[route]} == {}
    assert {route: n for route, n in many.items() if n > few[route]} == {}
