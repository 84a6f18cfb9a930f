"""The search with another weight of its channels, for measurements."""

from __future__ import annotations

from documents.querysets import Caller
from documents.search import hybrid
from documents.search.fusion import fuse
from documents.search.query import RERANKED
from documents.search.scope import Within, scope_for
from documents.selectors import active_space, search_index, space_embedder
from documents.types import Hit, Mode


def tuned_search(
    user: Caller, query: str, *, within: Within, limit: int, dense_weight: float
) -> tuple[Hit, ...]:
    """Search as the product does, but with this share of the semantic channel."""
    query, scope, space = hybrid.checked_query(query), scope_for(user, within), active_space()
    if space is None or scope.is_empty:
        return ()
    index, embedder = search_index(space), space_embedder(space)
    count = max(hybrid.CANDIDATES, limit)
    found = fuse(
        index.keyword(query, scope, count),
        index.semantic(embedder.embed_query(query), scope, count),
        dense_weight,
    )
    rows = hybrid._read(user, scope, found, max(limit, RERANKED))  # noqa: SLF001
    return tuple(hybrid._ranked(query, rows, Mode.HYBRID, limit))  # noqa: SLF001
