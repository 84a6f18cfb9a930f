"""What a refusal says and offers, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.llm.scripted import ScriptedModel
from chat.models import Message
from chat.selectors import answers_of
from chat.traces import UNREADABLE
from documents.models import Collection, Membership
from tests.integration.factories import Api, shelf, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
UseModel = Callable[[Any], Any]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document that says how many eggs."""
    return ada.ready()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseModel:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


@pytest.fixture
def refused(ada: Api, wren: dict[str, Any], settings: LazySettings) -> dict[str, Any]:
    """A question that the threshold refuses although something is near."""
    settings.SIMILARITY_THRESHOLD = 0.99
    answer: dict[str, Any] = ada.ask(EGGS).json()
    assert answer["refused"]
    return answer


def again(api: Api, answer: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"/api/messages/{answer['id']}").json()
    return body


def test_a_refusal_by_the_threshold_offers_what_is_near_and_cites_nothing(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    (near,) = refused["near"]
    assert "seven eggs" in near["text"]
    assert (near["document_id"], near["title"]) == (wren["id"], wren["title"])
    assert (refused["citations"], refused["sentences"]) == ([], [])


def test_the_line_that_is_near_is_the_text_at_its_place(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    (near,) = refused["near"]
    content = ada.content(wren["id"], near["version"])
    assert content[near["start"] : near["end"]] == near["text"]
    assert f"start={near['start']}&end={near['end']}" in near["url"]


def test_a_refusal_by_the_model_offers_what_is_near(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["NO_ANSWER The passages do not say it."]))
    answer = ada.ask(EGGS).json()
    assert answer["refused"]
    assert answer["near"][0]["document_id"] == wren["id"]


def test_a_refusal_tells_what_was_searched_and_when(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    searched = refused["searched"]
    collection = wren["collection"]
    assert searched["documents"] == 1
    assert [(c["name"], c["documents"]) for c in searched["collections"]] == [
        (collection["name"], 1)
    ]
    assert abs((timezone.now() - datetime.fromisoformat(searched["as_of"])).total_seconds()) < 60


def test_only_what_the_question_was_narrowed_to_counts_as_searched(
    ada: Api, wren: dict[str, Any]
) -> None:
    shelf(ada.user, "Empty")
    ada.ready("other.txt", b"The kite eats carrion on the road.")
    assert ada.ask(EGGS, collections=["empty"]).json()["searched"]["documents"] == 0
    assert ada.ask("Tungsten boils?", documents=[wren["id"]]).json()["searched"]["documents"] == 1
    assert ada.ask("Tungsten boils?").json()["searched"]["documents"] == 2


def test_an_empty_library_says_that_there_was_nothing_to_search(ada: Api) -> None:
    answer = ada.ask(EGGS).json()
    assert (answer["near"], answer["searched"]["documents"]) == ([], 0)


def test_an_answer_offers_nothing_near(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    assert (answer["refused"], answer["near"], answer["searched"]) == (False, [], None)


# --- the word for the confidence ------------------------------------------------------


def test_an_answer_has_a_word_for_its_confidence(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    assert answer["confidence_label"] in ("high", "medium", "low")
    assert again(ada, answer)["confidence_label"] == answer["confidence_label"]


def test_a_refusal_has_no_confidence_to_name(refused: dict[str, Any]) -> None:
    assert (refused["confidence"], refused["confidence_label"]) == (0.0, None)


# --- who may see it later -------------------------------------------------------------


def _masked(answer: dict[str, Any]) -> None:
    (near,) = answer["near"]
    assert (near["available"], near["title"], near["text"]) == (False, UNREADABLE, "")
    assert (near["document_id"], near["url"], near["page"]) == (None, None, None)


def test_what_is_near_is_masked_when_its_document_is_deleted(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    ada.delete(f"/api/documents/{wren['id']}")
    _masked(again(ada, refused))


def test_what_is_near_is_masked_when_its_reader_leaves_the_collection(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    Membership.objects.filter(user=ada.user).delete()
    shown = again(ada, refused)
    _masked(shown)
    assert shown["searched"]["collections"] == []
    assert "seven eggs" not in str(shown)
    assert Collection.objects.get(pk=wren["collection"]["id"]).name not in str(shown["searched"])


def test_what_is_near_stays_as_it_was_after_a_new_version(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    ada.add_version(wren["id"], "v2.txt", b"The wren lays nine eggs now.")
    work()
    assert again(ada, refused)["near"] == refused["near"]


def test_many_refusals_cost_as_many_queries_as_one(
    ada: Api, wren: dict[str, Any], refused: dict[str, Any]
) -> None:
    for _ in range(4):
        ada.ask(EGGS, conversation_id=refused["conversation_id"])
    rows = list(Message.objects.filter(conversation_id=refused["conversation_id"]))
    counts = []
    for part in (rows[:1], rows):
        with CaptureQueriesContext(connection) as captured:
            shown = answers_of(part, ada.user)
        assert all(answer["near"] for answer in shown)
        counts.append(len(captured))
    assert counts == [3, 3]
