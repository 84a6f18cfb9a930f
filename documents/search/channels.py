"""The two channels, asked inside a scope, and their fusion."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from documents.embed.base import Embedder
from documents.errors import EmbeddingFailed
from documents.index.base import Index
from documents.models import EmbeddingSpace
from documents.search.fusion import Fused, fuse
from documents.search.tracing import Stopwatch
from documents.search.tuning import Tuning
from documents.selectors import active_space, search_index, space_embedder
from documents.types import Mode, Scope, Scored

logger = logging.getLogger(__name__)

#: Candidates of each channel before fusion, at least.
CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Engine:
    """The space that is searched, with its index and its embedder."""

    space: EmbeddingSpace
    index: Index
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the channels brought, and in which order they stand together."""

    fused: Sequence[Fused] = ()
    keyword: Sequence[Scored] = ()
    semantic: Sequence[Scored] = ()
    engine: Engine | None = None
    dense_weight: float = 0.0

    @property
    def model(self) -> str:
        """The model of the space; nothing where nothing was ever indexed."""
        return self.engine.space.model if self.engine else ""


def candidates(
    query: str, scope: Scope, *, mode: Mode, limit: int, tuning: Tuning, watch: Stopwatch
) -> Candidates:
    """Return the best chunks in the scope by both channels, best first, as ids with scores."""
    space = active_space()
    if space is None or scope.is_empty:
        return Candidates()
    engine = Engine(space, search_index(space), space_embedder(space))
    count = max(CANDIDATES, limit)
    with watch.step("keyword"):
        keyword = engine.index.keyword(query, scope, count) if mode is not Mode.SEMANTIC else []
    with watch.step("semantic"):
        semantic = _semantic(query, engine, scope, count, mode)
    weight = {Mode.KEYWORD: 0.0, Mode.SEMANTIC: 1.0}.get(mode, _weight(engine, tuning))
    with watch.step("fusion"):
        fused = fuse(keyword, semantic, weight)
    return Candidates(fused, keyword, semantic, engine, weight)


def _weight(engine: Engine, tuning: Tuning) -> float:
    """Return the share of the semantic channel: as asked, as recorded, or as measured."""
    known = (tuning.dense_weight, engine.space.dense_weight, engine.embedder.dense_weight)
    return next(weight for weight in known if weight is not None)


def _semantic(query: str, engine: Engine, scope: Scope, count: int, mode: Mode) -> list[Scored]:
    if mode is Mode.KEYWORD:
        return []
    try:
        return engine.index.semantic(engine.embedder.embed_query(query), scope, count)
    except EmbeddingFailed:
        if mode is Mode.SEMANTIC:
            raise
        # Words alone still find most things; an answer is worth more than an error.
        logger.warning("the embedder failed: searching by words alone")
        return []
