"""What a comparison may change about the search, and what is live now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from documents.embed import local
from documents.errors import InvalidInput
from documents.models import EmbeddingSpace
from documents.selectors import active_space, configured_embedder, space_embedder

#: Models that need no server.
BUILT_IN = (local.MODEL,)


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to search. ``dense_weight`` is the share of the semantic channel.

    A passage below ``threshold`` is not used for an answer. Sizes are in characters.
    """

    dense_weight: float
    threshold: float
    chunk_size: int
    chunk_overlap: int
    embedding_model: str

    @property
    def cut(self) -> tuple[int, int, str]:
        """What cannot be changed without another index."""
        return self.chunk_size, self.chunk_overlap, self.embedding_model


def live_setup() -> Setup:
    """Return what holds for searches and answers now."""
    space = active_space()
    embedder = space_embedder(space) if space else configured_embedder()
    weight = space.dense_weight if space and space.dense_weight is not None else None
    return Setup(
        dense_weight=embedder.dense_weight if weight is None else weight,
        threshold=settings.SIMILARITY_THRESHOLD,
        chunk_size=settings.CHUNK_SIZE,
        chunk_overlap=settings.CHUNK_OVERLAP,
        embedding_model=embedder.model,
    )


def setup_read(values: Mapping[str, Any], live: Setup) -> Setup:
    """Return a setup out of what somebody asked for; what is left out stays as it is live.

    Raises ``InvalidInput`` for values that make no sense, with a sentence for each.
    """
    given = {key: value for key, value in values.items() if value not in (None, "")}
    unknown = given.keys() - asdict(live).keys()
    if unknown:
        raise InvalidInput(f"There is nothing called {', '.join(sorted(unknown))} to compare.")
    setup = Setup(**(asdict(live) | given))
    for name in ("dense_weight", "threshold"):
        if not 0.0 <= getattr(setup, name) <= 1.0:
            raise InvalidInput("Weight and threshold lie between 0 and 1.")
    if not 100 <= setup.chunk_size <= 20_000:
        raise InvalidInput("Chunks have 100 to 20,000 characters.")
    if not 0 <= 2 * setup.chunk_overlap <= setup.chunk_size:
        raise InvalidInput("The overlap is at most half of the size of a chunk.")
    _check_model(setup.embedding_model, live.embedding_model)
    return setup


def _check_model(model: str, live: str) -> None:
    has_server = bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)
    if model not in (*BUILT_IN, live) and not has_server:
        raise InvalidInput(
            f"There is no built-in model {model}, and no server is set that could have it."
        )


def weight_make_live(weight: float) -> None:
    """Let searches go by this weight from now on. Raises ``InvalidInput`` without an index."""
    if not 0.0 <= weight <= 1.0:
        raise InvalidInput("The weight lies between 0 and 1.")
    space = active_space()
    if space is None:
        raise InvalidInput("There is no index yet.")
    EmbeddingSpace.objects.filter(pk=space.pk).update(dense_weight=weight)
