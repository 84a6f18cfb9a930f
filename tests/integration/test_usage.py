"""How the library is used, told to administrators."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from analytics.api_usage import table
from chat.models import Conversation, Feedback, Message
from documents.models import Document
from tests.integration.factories import Api, assert_problem, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Api:
    return Api(person("boss", is_staff=True))


def asked(user: Any, question: str, **fields: Any) -> Message:
    conversation = Conversation.objects.create(user=user, title=question[:200])
    given = {"answer": "x", "state": "complete", "confidence": 0.9} | fields
    return Message.objects.create(conversation=conversation, question=question, **given)


def usage(api: Api, **query: Any) -> dict[str, Any]:
    response = api.get("/api/analytics", **query)
    assert response.status_code == 200, response.content
    return dict(response.json())


def test_usage_is_for_administrators(ada: Api) -> None:
    assert ada.get("/api/analytics").status_code == 403
    assert Client().get("/api/analytics").status_code == 401


def test_an_unused_library_has_nothing_to_tell(boss: Api) -> None:
    found = usage(boss)
    assert found["totals"]["questions"] == 0
    assert found["by_day"] == found["popular_questions"] == found["users"] == []


def test_popular_questions_are_counted_together(ada: Api, boss: Api) -> None:
    for question in ("How long is the warranty?", "how long is the warranty", "Who counts nests?"):
        asked(ada.user, question)
    found = usage(boss)
    assert [row["count"] for row in found["popular_questions"]] == [2, 1]
    assert found["totals"]["questions"] == 3
    assert found["by_day"][0]["questions"] == 3
    assert found["users"][0]["username"] == "ada"


def test_what_was_refused_doubtful_or_disliked_is_unanswered(ada: Api, boss: Api) -> None:
    asked(ada.user, "Where is the anchor?", refused=True, confidence=0.0)
    asked(ada.user, "Which tide is high?", confidence=0.2)
    disliked = asked(ada.user, "What does the ferry cost?")
    Feedback.objects.create(message=disliked, rating=-1, comment="wrong year")
    asked(ada.user, "Who counts the nests?")
    found = usage(boss)
    assert {row["question"] for row in found["unanswered_questions"]} == {
        "Where is the anchor?",
        "Which tide is high?",
        "What does the ferry cost?",
    }
    assert found["feedback"]["comments"] == [{"rating": -1, "comment": "wrong year"}]


def test_without_leave_no_question_is_shown(ada: Api, boss: Api, settings: Any) -> None:
    settings.ANALYTICS_QUESTIONS = False
    message = asked(ada.user, "A private matter", refused=True)
    Feedback.objects.create(message=message, rating=-1, comment="secret")
    body = boss.get("/api/analytics").content.decode()
    assert "private matter" not in body
    assert "secret" not in body
    assert usage(boss)["totals"]["refusals"] == 1


def test_documents_are_told_by_citations(ada: Api, boss: Api, one_transaction: None) -> None:
    ada.ready()
    ada.ready("otter.txt", b"The otter of Low Mill eats trout. It sleeps by the weir.")
    assert ada.ask("How many eggs does the wren lay?").json()["citations"]
    found = usage(boss)
    assert found["documents_by_citations"][0]["title"] == "wren"
    assert found["documents_never_cited"]["count"] == Document.objects.count() - 1
    assert found["totals"]["uploads"] == 2


def test_what_is_long_ago_is_left_out(ada: Api, boss: Api) -> None:
    message = asked(ada.user, "Long ago?")
    Message.objects.filter(pk=message.pk).update(created_at="2020-01-01T00:00:00Z")
    assert usage(boss, days=30)["totals"]["questions"] == 0


@pytest.mark.parametrize("days", [0, -1, 9999, "x"])
def test_a_wrong_number_of_days_is_refused(boss: Api, days: object) -> None:
    assert_problem(boss.get("/api/analytics", days=days), 400)


def test_a_list_is_given_as_a_table(ada: Api, boss: Api) -> None:
    asked(ada.user, 'What is "x", please?')
    response = boss.get("/api/analytics/table.csv", list="popular_questions")
    assert response["Content-Disposition"] == 'attachment; filename="popular_questions.csv"'
    (row,) = csv.DictReader(io.StringIO(response.content.decode()))
    assert row["question"] == 'What is "x", please?'


def test_an_unknown_list_is_refused(boss: Api) -> None:
    assert_problem(boss.get("/api/analytics/table.csv", list="secrets"), 400)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(table([{"question": text}])))
    assert row["question"] == f"'{text}"
