"""A model that plays back what it was given, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from chat.errors import ModelError
from chat.llm.base import Piece, Prompt, Usage


class ScriptedModel:
    """Yields ``pieces`` in order, then raises ``error`` if there is one.

    ``prompts`` keeps every prompt it was asked; ``closed`` counts the streams that
    were closed, at their end or before.
    """

    def __init__(
        self, pieces: Sequence[str], *, error: ModelError | None = None, model: str = "scripted"
    ) -> None:
        self.model = model
        self.prompts: list[Prompt] = []
        self.closed = 0
        self._pieces = tuple(pieces)
        self._error = error

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Play the pieces back. Raises the ``ModelError`` it was given."""
        self.prompts.append(prompt)
        try:
            for text in self._pieces:
                yield Piece(text)
            if self._error is not None:
                raise self._error
            asked = sum(len(message.content.split()) for message in prompt.messages)
            yield Piece(usage=Usage(asked, sum(len(text.split()) for text in self._pieces)))
        finally:
            self.closed += 1
