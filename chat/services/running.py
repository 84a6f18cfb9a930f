"""An answer made beside the conversations: nothing of it is kept here."""

from __future__ import annotations

from contextlib import aclosing

from asgiref.sync import async_to_sync

from chat.answer.engine import AnswerRun, Asked, Retrieve
from chat.errors import ModelError
from chat.llm.base import LanguageModel
from chat.types import AnswerDraft, DoneEvent, ErrorEvent


class AnswerBroke(ModelError):
    """Something stopped the answer; the message tells what."""


def draft_of(
    question: str, *, retrieve: Retrieve, model: LanguageModel | None, threshold: float
) -> AnswerDraft:
    """Answer a question to its end and return what came. Raises ``AnswerBroke``."""
    run = AnswerRun(Asked(question=question, threshold=threshold), retrieve=retrieve, model=model)

    async def to_the_end() -> AnswerDraft:
        async with aclosing(run.events()) as events:
            async for event in events:
                if isinstance(event, DoneEvent):
                    return event.answer
                if isinstance(event, ErrorEvent):
                    raise AnswerBroke(event.message)
        raise AnswerBroke

    return async_to_sync(to_the_end)()
