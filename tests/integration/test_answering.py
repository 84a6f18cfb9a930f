"""However an answer ends, its message ends with it, and nobody reads on who may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat.llm.base import Piece, Prompt
from chat.llm.scripted import ScriptedModel
from chat.models import Message
from documents.errors import NotFound
from tests.integration.factories import Api, assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
UseModel = Callable[[Any], Any]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseModel:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


class Silent(ScriptedModel):
    """A model that says nothing, for ever; something happens while it is waited for."""

    def __init__(self, happens: Callable[[], Any]) -> None:
        super().__init__([])
        self._happens = happens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Let it happen, and wait."""
        try:
            await sync_to_async(self._happens)()
            await asyncio.sleep(3600)
            yield Piece("Never.")
        finally:
            self.closed += 1


def _break(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def broken(*args: Any, **more: Any) -> Any:
        raise error

    monkeypatch.setattr("chat.services.answering.history", broken)


def test_a_fault_before_the_first_step_ends_the_message_too(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    _break(monkeypatch, RuntimeError("secret-inside"))
    events = ada.stream(EGGS)
    assert [(event.name, event.data["code"]) for event in events] == [("error", "server_error")]
    message = Message.objects.get()
    assert (message.state, message.error_code) == ("failed", "server_error")
    assert "secret-inside" not in message.error_message


def test_a_foreseen_fault_before_the_first_step_is_told_as_what_it_is(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    _break(monkeypatch, NotFound("There is no such collection, or you may not see it."))
    assert_problem(ada.ask(EGGS), 502, "not_found")
    assert Message.objects.get().state == "failed"


def test_a_deactivated_user_is_not_kept_waiting_for_a_silent_model(
    ada: Api, use: UseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deactivate() -> None:
        ada.user.is_active = False
        ada.user.save()

    monkeypatch.setattr("chat.services.answering.LOOK_EVERY", 0.05)
    monkeypatch.setattr("chat.services.answering.KEEP_EVERY", 0.0)
    ada.ready()
    model = use(Silent(deactivate))
    events = ada.stream(EGGS)
    assert [event.name for event in events] == ["sources"]
    assert model.closed == 1
    assert Message.objects.get().state == "stopped"


def test_a_message_whose_model_is_silent_is_still_seen_to_be_alive(
    ada: Api, use: UseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(ScriptedModel):
        async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
            await asyncio.sleep(0.2)
            yield Piece("It lays seven eggs [1].")

    touched: list[str] = []

    def touch(message: Message, user: Any, text: str) -> bool:
        touched.append(text)
        return True

    monkeypatch.setattr("chat.services.answering.LOOK_EVERY", 0.05)
    monkeypatch.setattr("chat.services.answering.KEEP_EVERY", 0.0)
    monkeypatch.setattr("chat.services.answering._touch", touch)
    ada.ready()
    use(Slow([]))
    assert ada.stream(EGGS)[-1].name == "done"
    assert len(touched) >= 2
