"""The language model and the embedder that answers are made with."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.db import connection

from chat.llm.base import LanguageModel
from chat.llm.factory import ModelConfig, make_model
from documents.embed import local
from documents.selectors import active_space, configured_embedder, space_embedder


@lru_cache(maxsize=1)
def _model(config: ModelConfig) -> LanguageModel | None:
    return make_model(config)


def configured_model() -> LanguageModel | None:
    """Return the language model of the settings; nothing where answers are extractive."""
    return _model(
        ModelConfig(
            model=settings.CHAT_MODEL,
            api_key=settings.OPENAI_API_KEY,
            base_url=settings.OPENAI_BASE_URL,
        )
    )


def warm() -> None:
    """Load what the first question needs, so that nobody waits for it. Opens no connection."""
    try:
        space = active_space()
        embedder = space_embedder(space) if space else configured_embedder()
        if embedder.model == local.MODEL:
            embedder.embed_query("warm")
        configured_model()
    finally:
        connection.close()
