"""Why an answer is what it is: told to its asker, masked where rights have gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chat.llm.scripted import ScriptedModel
from chat.models import Message
from chat.services.explaining import WITHHELD, explanation_of
from chat.traces import UNREADABLE
from documents.models import Document, Membership
from tests.integration.factories import Api, assert_problem, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
UseModel = Callable[[Any], Any]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document that says how many eggs, under a title that nothing else bears."""
    return ada.ready("Hollow Fell.txt")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseModel:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


def why(api: Api, answer: dict[str, Any]) -> dict[str, Any]:
    response = api.get(f"/api/messages/{answer['id']}/why")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def test_an_answer_tells_what_each_channel_ranked(ada: Api, wren: dict[str, Any]) -> None:
    found = why(ada, ada.ask(EGGS).json())
    assert found["search"]["keyword"] >= 1
    assert "wren" in found["search"]["terms"]
    (candidate,) = found["candidates"]
    assert (candidate["document_id"], candidate["title"]) == (wren["id"], wren["title"])
    assert (candidate["keyword_rank"], candidate["semantic_rank"]) == (1, 1)
    assert (candidate["outcome"], candidate["passage"]) == ("used", 1)


def test_a_follow_up_tells_the_question_as_it_was_searched(ada: Api, wren: dict[str, Any]) -> None:
    first = ada.ask(EGGS).json()
    second = ada.ask("And in which month?", conversation_id=first["conversation_id"]).json()
    found = why(ada, second)
    assert found["question"] == "And in which month?"
    assert "wren" in found["searched_for"]


def test_a_quoted_answer_tells_which_sentences_were_chosen(ada: Api, wren: dict[str, Any]) -> None:
    found = why(ada, ada.ask(EGGS).json())
    content = ada.content(wren["id"])
    texts = [content[quote["start"] : quote["end"]] for quote in found["quotes"]]
    assert any("seven eggs" in text for text in texts)
    assert found["prompt"] is None


def test_the_grounds_add_up_to_the_confidence(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    found = why(ada, answer)["confidence"]
    total = found["bias"] + sum(ground["adds"] for ground in found["grounds"])
    assert 1 / (1 + 2.718281828**-total) == pytest.approx(answer["confidence"], abs=2e-3)
    assert (found["value"], found["label"]) == (answer["confidence"], answer["confidence_label"])
    assert all(ground["meaning"] for ground in found["grounds"])


def test_the_verdicts_are_counted(ada: Api, wren: dict[str, Any], use: UseModel) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]. It sings at night [9]."]))
    assert why(ada, ada.ask(EGGS).json())["verdicts"] == {
        "supported": 1, "partial": 0, "unsupported": 1, "invented_citations": 1,
    }  # fmt: skip


def test_the_prompt_is_shown_as_it_was_sent(ada: Api, wren: dict[str, Any], use: UseModel) -> None:
    model = use(ScriptedModel(["It lays seven eggs in April [1]."]))
    found = why(ada, ada.ask(EGGS).json())["prompt"]
    sent = model.prompts[-1].messages
    assert [each["content"] for each in found["text"]] == [each.content for each in sent]
    assert found["is_exact"] is True
    assert found["characters"] == sum(len(each.content) for each in sent)


def test_a_prompt_that_would_be_another_today_says_so(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]."]))
    answer = ada.ask(EGGS).json()
    Document.objects.update(title="Renamed")
    found = why(ada, answer)["prompt"]
    assert found["is_exact"] is False
    assert "Renamed" in found["text"][-1]["content"]


def test_what_the_threshold_cut_is_told(
    ada: Api, wren: dict[str, Any], settings: LazySettings
) -> None:
    settings.SIMILARITY_THRESHOLD = 0.99
    found = why(ada, ada.ask(EGGS).json())
    assert (found["threshold"], found["refused"]) == (0.99, True)
    assert [each["outcome"] for each in found["passages"]] == ["below_threshold"]
    assert found["near"][0]["document_id"] == wren["id"]


def test_an_answer_from_before_traces_were_kept_can_be_asked_too(
    ada: Api, wren: dict[str, Any]
) -> None:
    answer = ada.ask(EGGS).json()
    Message.objects.update(trace={})
    found = why(ada, answer)
    assert (found["search"], found["candidates"], found["prompt"]) == (None, [], None)
    assert found["confidence"]["grounds"] == []


# --- who may see it -------------------------------------------------------------------


def test_nobody_else_learns_why(ada: Api, bob: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    assert_problem(bob.get(f"/api/messages/{answer['id']}/why"), 404, "not_found")
    client = Client()
    client.force_login(bob.user)
    assert client.get(reverse("why", args=[answer["id"]])).status_code == 404


@pytest.mark.parametrize("loss", ["deleted", "left"])
def test_a_document_that_may_not_be_read_any_more_leaves_no_word(
    ada: Api, wren: dict[str, Any], use: UseModel, loss: str
) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]."]))
    answer = ada.ask(EGGS).json()
    if loss == "deleted":
        ada.delete(f"/api/documents/{wren['id']}")
    else:
        Membership.objects.filter(user=ada.user).delete()
    response = ada.get(f"/api/messages/{answer['id']}/why")
    found, text = response.json(), response.content.decode()
    assert "Hollow" not in text
    assert "seven eggs" not in text
    assert wren["id"] not in text
    assert found["candidates"][0]["title"] == UNREADABLE
    assert found["candidates"][0]["keyword_rank"] == 1
    assert WITHHELD in found["prompt"]["text"][-1]["content"]


def test_the_prompt_is_for_the_asker_alone(ada: Api, wren: dict[str, Any], use: UseModel) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]."]))
    message = Message.objects.get(pk=ada.ask(EGGS).json()["id"])
    found = explanation_of(message, person("carl"))["prompt"]
    assert found["text"] is None
    assert found["characters"] > 0


def test_it_costs_as_many_queries_for_many_passages_as_for_one(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]."]))
    counts = []
    for more in (0, 4):
        for number in range(more):
            ada.ready(f"wren{number}.txt", b"The wren lays %d eggs in May." % number)
        message = Message.objects.get(pk=ada.ask(EGGS).json()["id"])
        with CaptureQueriesContext(connection) as captured:
            explanation_of(message, ada.user)
        counts.append(len(captured))
    assert len(message.trace["passages"]) > 1
    assert counts[0] == counts[1]


# --- the pages ------------------------------------------------------------------------


@pytest.fixture
def page(ada: Api) -> Client:
    client = Client()
    client.force_login(ada.user)
    return client


def test_the_page_and_the_fragment_say_the_same(
    ada: Api, wren: dict[str, Any], page: Client
) -> None:
    address = reverse("why", args=[ada.ask(EGGS).json()["id"]])
    whole = page.get(address).content.decode()
    part = page.get(address, headers={"HX-Request": "true"}).content.decode()
    for html in (whole, part):
        assert "What the search ranked" in html
        assert "Hollow Fell" in html
    assert "<html" in whole
    assert "<html" not in part


def test_an_answer_leads_to_its_why_and_names_its_confidence(
    ada: Api, wren: dict[str, Any], page: Client
) -> None:
    answer = ada.ask(EGGS).json()
    html = page.get(reverse("conversation", args=[answer["conversation_id"]])).content.decode()
    assert f'href="{reverse("why", args=[answer["id"]])}"' in html
    percent = f"{round(100 * answer['confidence'])} %"
    assert f"Confidence: {answer['confidence_label']} ({percent})" in html


def test_a_refusal_shows_what_was_near_and_where_it_looked(
    ada: Api, wren: dict[str, Any], page: Client, settings: LazySettings
) -> None:
    settings.SIMILARITY_THRESHOLD = 0.99
    answer = ada.ask(EGGS).json()
    html = page.get(reverse("conversation", args=[answer["conversation_id"]])).content.decode()
    assert "Not an answer, but near" in html
    assert "It lays seven eggs in April." in html
    assert "1 document" in html
    assert "Confidence" not in html


def test_a_masked_page_names_no_document(ada: Api, wren: dict[str, Any], page: Client) -> None:
    answer = ada.ask(EGGS).json()
    ada.delete(f"/api/documents/{wren['id']}")
    html = page.get(reverse("why", args=[answer["id"]])).content.decode()
    assert UNREADABLE in html
    assert "Hollow" not in html
