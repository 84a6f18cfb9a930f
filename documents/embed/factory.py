"""From settings to an embedder."""

from __future__ import annotations

import re
from dataclasses import dataclass

from documents.embed import local
from documents.embed.base import Embedder
from documents.embed.hashed import HashedEmbedder
from documents.embed.local import LocalEmbedder
from documents.embed.wire import DEFAULT_MODEL

#: ``hashed`` in the settings, ``hashed-256`` as the embedder calls itself.
_HASHED = re.compile(r"hashed(?:-(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class EmbedderConfig:
    """What the settings say about embedding.

    ``model`` is ``auto``, ``wordllama-256``, ``hashed`` or the name of a model of
    an OpenAI-compatible server. ``dimensions`` of 0 means the model's own size.
    ``timeout`` is the longest silence and ``deadline`` the longest request, seconds.
    """

    model: str = "auto"
    api_key: str = ""
    base_url: str = ""
    dimensions: int = 0
    timeout: float = 20.0
    deadline: float = 60.0
    max_retries: int = 2


def make_embedder(config: EmbedderConfig) -> Embedder:
    """The embedder that ``config`` names. Opens no connection.

    ``auto`` is OpenAI's small model where a key or a server is configured, the
    built-in model elsewhere.
    """
    name = config.model.strip() or "auto"
    remote = bool(config.api_key or config.base_url)
    if name == local.MODEL or (name == "auto" and not remote):
        return LocalEmbedder()
    if hashed := _HASHED.fullmatch(name):
        return HashedEmbedder(int(hashed[1] or config.dimensions or 256))
    # The client takes a second to import, which an installation without a server never needs.
    from documents.embed.openai import OpenAIEmbedder  # noqa: PLC0415

    return OpenAIEmbedder(
        api_key=config.api_key,
        base_url=config.base_url,
        model=DEFAULT_MODEL if name == "auto" else name,
        dimensions=config.dimensions,
        timeout=config.timeout,
        deadline=config.deadline,
        max_retries=config.max_retries,
    )
