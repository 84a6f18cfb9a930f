"""How servers that speak OpenAI's protocol differ in what they accept.

Older servers know ``max_tokens`` only, OpenAI's newer models refuse it; some
take no ``stream_options`` and some no ``temperature``. The client begins with
what is most widely understood and drops what a server objects to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chat.llm.base import Prompt

#: A small model of OpenAI's that is fast and has no announced end: what ``auto`` means.
DEFAULT_MODEL = "gpt-5.4-mini"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which optional parts of a request a server takes."""

    tokens_key: str = "max_tokens"
    usage: bool = True
    temperature: bool = True

    def options(self, prompt: Prompt) -> dict[str, Any]:
        """The optional parts of the request body for ``prompt``."""
        options: dict[str, Any] = {self.tokens_key: prompt.max_tokens}
        if self.temperature:
            options["temperature"] = prompt.temperature
        if self.usage:
            options["stream_options"] = {"include_usage": True}
        return options

    def without(self, complaint: str) -> Dialect | None:
        """The dialect that heeds a server's ``complaint``; ``None`` where nothing can change.

        A complaint that names nothing is taken to be about ``stream_options``, the
        youngest of the options.
        """
        said = complaint.lower()
        if self.tokens_key in said and self.tokens_key == "max_tokens":
            return replace(self, tokens_key="max_completion_tokens")
        if self.tokens_key in said and self.usage:
            return replace(self, tokens_key="max_tokens", usage=False)
        if "temperature" in said and self.temperature:
            return replace(self, temperature=False)
        return replace(self, usage=False) if self.usage else None
