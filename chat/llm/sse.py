"""Reading the event stream of a chat completion, byte by byte and without trust.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html, of which
OpenAI's protocol uses ``data`` lines with one JSON object each, then ``[DONE]``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chat.errors import ModelError, ModelInterrupted
from chat.llm.base import Piece, Usage

#: Bytes of one line. A server that never ends its line would fill the memory.
LONGEST_LINE = 1_000_000

_STRANGE = "The language model answered with something that is not an answer."


@dataclass(slots=True)
class CompletionReader:
    """Turns the bytes of a response into pieces of text.

    ``finished`` is true once the server said that the answer is complete,
    ``spoke`` once any text has come. Raises ``ModelError`` for anything that is
    not a chat completion.
    """

    finished: bool = False
    spoke: bool = False
    usage: Usage | None = None
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that ``data`` completes, often none."""
        self._buffer += data
        *lines, rest = bytes(self._buffer).replace(b"\r\n", b"\n").split(b"\n")
        self._buffer = bytearray(rest)
        if len(rest) > LONGEST_LINE:
            raise ModelError(_STRANGE)
        texts = [self._line(line.strip()) for line in lines]
        return [Piece(text) for text in texts if text]

    def close(self) -> list[Piece]:
        """The pieces of a last line without a line break."""
        return self.feed(b"\n")

    def _line(self, line: bytes) -> str:
        if line.startswith(b"<"):
            raise ModelError(_STRANGE)  # a web page, from a proxy or a wrong address
        if not line.startswith(b"data:"):
            return ""
        data = line.removeprefix(b"data:").strip()
        if data.startswith(b"[DONE]"):
            self.finished = True
            return ""
        return self._event(_parsed(data)) if data else ""

    def _event(self, event: dict[str, Any]) -> str:
        if event.get("error"):
            raise ModelInterrupted if self.spoke else ModelError
        self._count(event.get("usage"))
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices:
            return ""
        choice = choices[0] if isinstance(choices[0], dict) else {}
        self.finished = self.finished or bool(choice.get("finish_reason"))
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        self.spoke = self.spoke or bool(text)
        return text if isinstance(text, str) else ""

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.usage = Usage(
                _whole(usage.get("prompt_tokens")), _whole(usage.get("completion_tokens"))
            )


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(_STRANGE) from error
    if not isinstance(event, dict):
        raise ModelError(_STRANGE)
    return event


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
