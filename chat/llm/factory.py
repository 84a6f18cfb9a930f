"""From settings to a language model."""

from __future__ import annotations

from dataclasses import dataclass

from chat.llm.base import LanguageModel
from chat.llm.dialect import DEFAULT_MODEL

#: The name under which answers without a language model are kept.
EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What the settings say about the language model.

    ``model`` is ``auto``, ``extractive`` or the name of a model of an
    OpenAI-compatible server. ``timeout`` is the longest silence in seconds.
    """

    model: str = "auto"
    api_key: str = ""
    base_url: str = ""
    timeout: float = 20.0
    max_retries: int = 1


def make_model(config: ModelConfig) -> LanguageModel | None:
    """The model that ``config`` names; ``None`` means that answers are extractive.

    ``auto`` is a small model of OpenAI's where a key or a server is configured.
    Opens no connection.
    """
    name = config.model.strip() or "auto"
    remote = bool(config.api_key or config.base_url)
    if name == EXTRACTIVE or (name == "auto" and not remote):
        return None
    # The client takes a second to import, which an installation without a model never needs.
    from chat.llm.openai import OpenAIModel  # noqa: PLC0415

    return OpenAIModel(
        api_key=config.api_key,
        base_url=config.base_url,
        model=DEFAULT_MODEL if name == "auto" else name,
        timeout=config.timeout,
        max_retries=config.max_retries,
    )
