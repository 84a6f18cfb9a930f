"""How many answers are written at once, what they may cost, and how long they may take."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from chat.errors import TooManyAnswers
from chat.llm.base import Piece, Prompt, Usage
from chat.llm.scripted import ScriptedModel
from chat.models import Conversation, Message
from chat.services import answering
from chat.services.admission import HELD_FOR
from chat.services.asking import question_again, question_ask
from ragsite.quotas.models import DailyUse
from tests.integration.factories import Api, assert_problem, person
from tests.integration.pages import browser, text_of

pytestmark = pytest.mark.django_db

EGGS = "How many eggs does the wren lay?"
Use = Callable[[Any], Any]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, one_transaction: None) -> Use:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


def _writing(user: Any, number: int = 1) -> list[Message]:
    """Return messages whose answers are being written."""
    conversation = Conversation.objects.create(user=user, title="Birds")
    return [
        Message.objects.create(conversation=conversation, question=f"Question {n}?")
        for n in range(number)
    ]


def test_one_answer_more_than_a_user_may_have_at_once_is_refused(
    settings: Any, ada: Api, one_transaction: None
) -> None:
    settings.MAX_ANSWERS_PER_USER = 2
    _writing(ada.user, 2)
    for body in ({"question": EGGS}, {"question": EGGS, "stream": True}):
        refused = ada.post("/api/chat", body)
        assert_problem(refused, 429, "too_many_answers")
        assert refused["Retry-After"] == "5"
    assert Message.objects.count() == 2


def test_one_answer_more_than_all_may_have_at_once_is_refused(
    settings: Any, ada: Api, one_transaction: None
) -> None:
    settings.MAX_ANSWERS = 3
    _writing(person("bob"), 3)
    assert_problem(ada.ask(EGGS), 429, "too_many_answers")


def test_answers_of_others_do_not_count_as_ones_own(settings: Any, ada: Api) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    _writing(person("bob"), 3)
    assert question_ask(user=ada.user, question=EGGS).pk


def test_asking_again_is_bounded_too(settings: Any, ada: Api) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    old = question_ask(user=ada.user, question=EGGS)
    Message.objects.update(state=Message.State.COMPLETE)
    _writing(ada.user)
    with pytest.raises(TooManyAnswers):
        question_again(user=ada.user, replaces=old.pk)


def test_the_page_keeps_a_question_that_comes_too_early(settings: Any) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    user = person()
    _writing(user)
    page = browser(user).post(reverse("conversations"), {"question": EGGS})
    assert page.status_code == 429
    assert EGGS in page.content.decode()
    assert "still being written" in text_of(page)


@pytest.mark.parametrize("state", ["complete", "stopped", "failed"])
def test_an_answer_that_has_ended_takes_no_place(settings: Any, ada: Api, state: str) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    _writing(ada.user, 3)
    Message.objects.update(state=state)
    assert question_ask(user=ada.user, question=EGGS).pk


def test_a_process_that_was_killed_takes_no_place_for_long(settings: Any, ada: Api) -> None:
    settings.MAX_ANSWERS_PER_USER = 1
    _writing(ada.user)
    Message.objects.update(touched_at=timezone.now() - HELD_FOR - timedelta(seconds=1))
    assert question_ask(user=ada.user, question=EGGS).pk


@pytest.mark.django_db(transaction=True)
def test_of_many_questions_at_once_exactly_as_many_pass_as_may(settings: Any) -> None:
    settings.MAX_ANSWERS_PER_USER = 4
    user, admitted = person(), []

    def ask() -> None:
        try:
            admitted.append(question_ask(user=user, question=EGGS))
        except TooManyAnswers:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 4


# --- tokens -------------------------------------------------------------------------


class Costly:
    """Answers from the first passage, at a price."""

    model = "costly"

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.prompts: list[Prompt] = []

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.prompts.append(prompt)
        yield Piece("The wren lays seven eggs [1].")
        yield Piece(usage=Usage(self.tokens - 10, 10))


def test_what_an_answer_cost_is_kept_with_its_user(ada: Api, use: Use) -> None:
    ada.ready()
    use(Costly(700))
    assert ada.ask(EGGS).status_code == 200
    assert DailyUse.objects.get(user=ada.user).tokens == 700


def test_without_tokens_the_model_is_not_called(settings: Any, ada: Api, use: Use) -> None:
    settings.QUOTAS = settings.QUOTAS | {"tokens_a_day": 5000}
    settings.ANSWER_CACHE_SECONDS = 0  # an answer that is given again costs nothing
    ada.ready()
    model = use(Costly(5000))
    assert ada.ask(EGGS).status_code == 200
    refused = ada.ask(EGGS)
    body = assert_problem(refused, 429, "quota_reached")
    assert "5,000 tokens a day" in body["detail"]
    assert int(refused["Retry-After"]) > 0
    assert len(model.prompts) == 1


def test_a_stream_without_tokens_ends_with_the_reason(settings: Any, ada: Api, use: Use) -> None:
    settings.QUOTAS = settings.QUOTAS | {"tokens_a_day": 10}
    ada.ready()
    use(Costly(10))
    last = ada.stream(EGGS)[-1]
    assert (last.name, last.data["code"], last.data["status"]) == ("error", "quota_reached", 429)
    assert Message.objects.get().state == "failed"


def test_a_follow_up_is_paid_for_as_well(ada: Api, use: Use) -> None:
    ada.ready()
    model = use(Costly(100))
    first = ada.ask(EGGS).json()
    ada.ask("And when?", conversation_id=first["conversation_id"])
    assert len(model.prompts) == 3
    assert DailyUse.objects.get(user=ada.user).tokens == 300


def test_a_second_opinion_is_paid_for_and_given_up_without_tokens(
    settings: Any, ada: Api, use: Use
) -> None:
    settings.SECOND_OPINION, settings.QUOTAS = True, settings.QUOTAS | {"tokens_a_day": 3000}
    ada.ready()
    model = use(Costly(2990))
    assert ada.ask(EGGS).json()["refused"] is False
    assert len(model.prompts) == 1


def test_quotes_cost_nothing(ada: Api, one_transaction: None) -> None:
    ada.ready()
    ada.ask(EGGS)
    row = DailyUse.objects.get(user=ada.user)
    assert (row.questions, row.tokens) == (1, 0)


# --- time ---------------------------------------------------------------------------


class Endless(ScriptedModel):
    """A model that always has one more word."""

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        try:
            while True:
                yield Piece("and so on ")
                await asyncio.sleep(0.01)
        finally:
            self.closed += 1


def test_an_answer_without_end_is_cut_and_kept(settings: Any, ada: Api, use: Use) -> None:
    settings.ANSWER_SECONDS = 0.2
    ada.ready()
    model = use(Endless([]))
    last = ada.stream(EGGS)[-1]
    assert (last.name, last.data["code"]) == ("error", "model_timeout")
    assert model.closed == 1
    kept = Message.objects.get()
    assert kept.state == "failed"
    assert kept.answer.startswith("and so on")


def test_a_model_that_is_silent_is_cut_as_well(
    settings: Any, ada: Api, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(ScriptedModel):
        async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
            await asyncio.sleep(30)
            yield Piece("Never.")

    settings.ANSWER_SECONDS = 0.1
    monkeypatch.setattr(answering, "LOOK_EVERY", 0.05)
    ada.ready()
    use(Silent([]))
    assert_problem(ada.ask(EGGS), 504, "model_timeout")
