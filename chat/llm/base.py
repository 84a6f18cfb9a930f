"""What a language model is: messages in, pieces of text out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model's server counted them; 0 where it did not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer as it arrives. The last one carries ``usage``."""

    text: str = ""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A complete request to a model.

    ``max_tokens`` bounds the answer; ``deadline`` is the number of seconds for
    the whole answer, first byte to last. ``on_retry`` is awaited before the prompt is sent
    another time; what it raises ends the attempts.
    """

    messages: Sequence[ChatMessage] = field(default_factory=tuple)
    max_tokens: int = 800
    deadline: float = 60.0
    temperature: float = 0.1
    on_retry: Callable[[], Awaitable[None]] | None = field(default=None, compare=False, repr=False)


class LanguageModel(Protocol):
    """Streams the completion of a prompt.

    ``stream`` raises a subclass of ``chat.errors.ModelError`` on any fault. What
    was yielded before stays valid: the caller keeps it and marks it incomplete.
    Closing the iterator closes the connection to the model.
    """

    model: str

    def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Yield the answer piece by piece."""
        ...
