"""Asking the model for its own view of the verdicts, beside ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import cast

from django.db import transaction

from chat.answer.opinion import DEADLINE, asked_about, opinion_prompt, opinions
from chat.errors import ModelError
from chat.llm.base import LanguageModel, Piece
from chat.models import Message
from chat.types import AnswerDraft, Passage, Verdict

#: Characters of a reply from which on it cannot be a list of verdicts.
LONGEST_REPLY = 2_000

logger = logging.getLogger(__name__)


async def second_opinion(
    draft: AnswerDraft, passages: Sequence[Passage], model: LanguageModel | None
) -> dict[int, Verdict]:
    """The model's verdicts on the sentences of ``draft``, by their places in it.

    One call, of ``DEADLINE`` seconds at most. Empty without a model, and when the reply is
    late, broken or of another form than it must have: our own verdicts stand anyway.
    """
    places = asked_about(draft.sentences)
    if model is None or not places:
        return {}
    prompt = opinion_prompt([draft.sentences[i] for i in places], passages)
    reply = ""
    try:
        async with asyncio.timeout(DEADLINE):
            stream = cast("AsyncGenerator[Piece, None]", model.stream(prompt))
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    reply += piece.text
                    if len(reply) > LONGEST_REPLY:
                        return {}
    except (ModelError, TimeoutError) as error:
        logger.info("No second opinion: %s", error)
        return {}
    verdicts = opinions(reply, len(places))
    return dict(zip(places, verdicts, strict=False))


@transaction.atomic
def opinion_keep(message: Message, found: Mapping[int, Verdict]) -> None:
    """Keep the model's verdicts beside ours, on the sentences as they are kept now.

    What a deleted document took away meanwhile stays away.
    """
    row = Message.objects.select_for_update().filter(pk=message.pk).first()
    if row is None:
        return
    asked = {i: message.sentences[i]["text"] for i in found}
    for i, text in asked.items():
        if i < len(row.sentences) and row.sentences[i]["text"] == text:
            row.sentences[i]["second_opinion"] = found[i].value
    row.save(update_fields=["sentences"])
    message.sentences = row.sentences
