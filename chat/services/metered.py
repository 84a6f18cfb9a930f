"""A language model that spends for somebody: counted before each call, settled after it.

What a call may cost is reserved before it is made, so that nobody's limit is passed by
asking often at once. What it did cost takes the place of that when it ends. A process
that is killed in between leaves the reservation standing: it errs on the side of the limit.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.conf import settings

from chat.errors import PromptTooLong
from chat.llm.base import LanguageModel, Piece, Prompt, Usage
from chat.spending import ledger

#: UTF-8 bytes of text for one token, at the least: English has about 4.2, code and digits 3,
#: Chinese and Japanese about 3 (one character). Fewer bytes make the estimate larger.
BYTES_PER_TOKEN = 3
#: Tokens of the frame around each message.
MESSAGE_TOKENS = 4

Awaitable = Callable[[Callable[..., Any]], Callable[..., Any]]


def text_tokens(text: str) -> int:
    """Return how many tokens a text has, estimated; rather too many than too few."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def prompt_tokens(prompt: Prompt) -> int:
    """Return how many tokens the messages of a prompt have, estimated."""
    return sum(text_tokens(m.content) + MESSAGE_TOKENS for m in prompt.messages)


class MeteredModel:
    """``model``, spending for the user ``user_id``.

    ``stream`` raises ``PromptTooLong`` for a prompt beyond ``MAX_PROMPT_TOKENS`` and
    ``QuotaReached`` where the user has no tokens left, both before anything is sent. Every
    attempt counts: one that is repeated after a fault has to be paid for too. ``in_database``
    makes a function that uses the database awaitable.
    """

    def __init__(
        self, model: LanguageModel, user_id: int, in_database: Awaitable = sync_to_async
    ) -> None:
        self.model = model.model
        self._model, self._user_id, self._in_database = model, user_id, in_database

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """Yield the answer piece by piece."""
        sent = prompt_tokens(prompt)
        if sent > settings.MAX_PROMPT_TOKENS:
            raise PromptTooLong
        reserved, reserve = sent + prompt.max_tokens, self._in_database(ledger().reserve)
        await reserve(self._user_id, reserved)
        usage, text = None, ""

        async def once_more() -> None:
            await reserve(self._user_id, sent)  # and it stays counted, whatever comes of it

        metered = replace(prompt, on_retry=once_more)
        stream = cast("AsyncGenerator[Piece, None]", self._model.stream(metered))
        try:
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    usage, text = piece.usage or usage, text + piece.text
                    yield piece
        finally:
            settle = self._in_database(ledger().settle)
            # Also while cancelled: who left in the middle has used what had come.
            await asyncio.shield(settle(self._user_id, used(usage, sent, text) - reserved))


def used(usage: Usage | None, sent: int, text: str) -> int:
    """Return the tokens of a call: as its server counted them, else estimated."""
    prompt = usage.prompt_tokens if usage and usage.prompt_tokens else sent
    answer = usage.completion_tokens if usage and usage.completion_tokens else text_tokens(text)
    return prompt + answer


def metered(
    model: LanguageModel | None, user_id: int, in_database: Awaitable = sync_to_async
) -> LanguageModel | None:
    """Return the model as one that spends for this user; nothing where there is none."""
    return None if model is None else MeteredModel(model, user_id, in_database)
