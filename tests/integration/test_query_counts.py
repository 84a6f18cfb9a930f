"""How many queries each route of the API costs: a budget, and the same for many rows as for few."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Conversation, Message, Notice, QuestionSet, SavedQuestion, Watch
from chat.services.comparing import comparison_create
from chat.services.conversations import feedback_set
from chat.services.questions import cited, judgement_set, question_save, set_create
from chat.services.watching import message_watch, question_watch
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
    cache.clear()  # what was worked out before costs less
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
        Message.objects.create(
            conversation=conversation, question=f"Question {number}?", state="complete"
        )
        _version(document["id"], number + 2)
        _grow_quality(api, answer, number)
        row = Document.objects.create(collection_id=collection, title=f"Document {number}")
        row.newest_version = row.current_version = _version(row.pk, 1)
        row.save()


def _quality(api: Api, answer: dict[str, Any]) -> dict[str, Any]:
    """Rate and watch an answer, ask for a comparison, and return the ids of what there is then."""
    message = Message.objects.get(pk=answer["id"])
    feedback_set(user=api.user, message=message, rating=1)
    question = SavedQuestion.objects.get()
    watch = message_watch(user=api.user, message=message)
    saved = question.question_set
    comparison = comparison_create(user=api.user, question_set=saved, dense_weight=0.9)
    _notice(api, watch, 1000)
    return {
        "set": saved.pk,
        "question": question.pk,
        "comparison": comparison.pk,
        "watch": watch.pk,
    }


def _notice(api: Api, watch: Watch, serial: int) -> None:
    Notice.objects.create(
        user=api.user, kind="answer_changed", text="Eggs", watch=watch, serial=serial,
        before=watch.answer, after=watch.answer,
    )  # fmt: skip


def _grow_quality(api: Api, answer: dict[str, Any], number: int) -> None:
    saved = QuestionSet.objects.order_by("pk")[0]
    set_create(user=api.user, collection=saved.collection, name=f"Set {number}")
    question = question_save(user=api.user, question_set=saved, text=f"Question {number}?")
    message = Message.objects.get(pk=answer["id"])
    for asked in (saved.questions.order_by("pk")[0], question):
        passage = replace(cited(api.user, message)[0][1], quote=f"Quote {number}")
        judgement_set(user=api.user, question=asked, passage=passage, grade=1)
    saved.comparisons.update(state="failed")  # so that another one may be asked for
    comparison_create(user=api.user, question_set=saved, threshold=0.5 + number / 100)
    watch = question_watch(user=api.user, question=question)
    watch.answer = Watch.objects.exclude(answer={})[0].answer
    _notice(api, watch, number)


def _version(document_id: Any, number: int) -> DocumentVersion:
    version: DocumentVersion = DocumentVersion.objects.create(
        document_id=document_id, number=number, filename="x.txt", media_type="text/plain",
        size=1, sha256="0" * 64, original="00/x", status=Status.READY,
    )  # fmt: skip
    return version


def test_no_route_costs_more_than_its_budget_or_grows_with_the_rows(ada: Api) -> None:
    document = ada.ready()
    answer = ada.ask("How many eggs does the wren lay?").json()
    ids = _quality(ada, answer) | {
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
