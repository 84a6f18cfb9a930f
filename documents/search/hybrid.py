"""The one search: pages, API, command line, chat and evaluation all come through here.

Candidates are found inside the caller's scope, fused, cut, and only then read as
rows, where ``visible_to`` is applied once more: a stale index may cost recall,
never privacy.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from documents.embed.base import Embedder
from documents.errors import EmbeddingFailed, InvalidInput, NotFound
from documents.index.base import Index
from documents.models import Chunk, Collection, Document
from documents.querysets import Caller
from documents.search.fusion import Fused, fuse
from documents.search.highlight import highlights
from documents.search.query import relevances
from documents.selectors import active_space, configured_embedder, search_index
from documents.types import Hit, Mode, Scope, Scored

logger = logging.getLogger(__name__)

#: Candidates of each channel before fusion, at least.
CANDIDATES = 100
MAX_QUERY = 2000


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, best first. ``took_ms`` is the time of the search alone."""

    query: str
    mode: Mode
    took_ms: float
    hits: tuple[Hit, ...]


def search(
    user: Caller,
    query: str,
    *,
    mode: Mode = Mode.HYBRID,
    limit: int = 10,
    collections: Sequence[int] = (),
    documents: Sequence[uuid.UUID] = (),
) -> SearchResult:
    """Search what the user may see, or the named part of it.

    Raises ``InvalidInput`` for an empty or overlong query, and ``NotFound`` when a
    named collection or document is not visible to the user.
    """
    started = time.perf_counter()
    query = checked_query(query)
    scope = scope_for(user, collections=collections, documents=documents)
    found = rank(query, scope, mode=mode, limit=limit)
    hits = _hits(user, query, found)
    took_ms = (time.perf_counter() - started) * 1000
    return SearchResult(query, mode, round(took_ms, 2), tuple(hits))


def checked_query(query: str) -> str:
    """Return the query without what no text contains. Raises ``InvalidInput``."""
    query = query.replace("\x00", " ").encode("utf-8", "ignore").decode().strip()
    if not query:
        raise InvalidInput("Type something to search for.")
    if len(query) > MAX_QUERY:
        raise InvalidInput(f"A search holds at most {MAX_QUERY:,} characters.")
    return query


def scope_for(
    user: Caller, *, collections: Sequence[int] = (), documents: Sequence[uuid.UUID] = ()
) -> Scope:
    """Return the ids a search may touch. What is asked for can only narrow it."""
    visible = set(Collection.objects.visible_to(user).values_list("pk", flat=True))
    wanted = set(collections)
    if wanted - visible:
        raise NotFound("There is no such collection, or you may not see it.")
    return Scope(frozenset(wanted or visible), _versions(user, set(documents)))


def _versions(user: Caller, documents: set[uuid.UUID]) -> frozenset[int] | None:
    if not documents:
        return None
    rows = Document.objects.visible_to(user).filter(pk__in=documents)
    current = dict(rows.values_list("pk", "current_version_id"))
    if documents - set(current):
        raise NotFound("There is no such document, or you may not see it.")
    return frozenset(version for version in current.values() if version is not None)


def rank(query: str, scope: Scope, *, mode: Mode, limit: int) -> list[Fused]:
    """Return the best chunks in the scope, best first, as ids with their scores."""
    space = active_space()
    if space is None or scope.is_empty:
        return []
    index, embedder = search_index(space), configured_embedder(space.model)
    count = max(CANDIDATES, limit)
    keyword = index.keyword(query, scope, count) if mode is not Mode.SEMANTIC else []
    semantic = _semantic(query, index, embedder, scope, count, mode)
    weight = {Mode.KEYWORD: 0.0, Mode.SEMANTIC: 1.0}.get(mode, embedder.dense_weight)
    return fuse(keyword, semantic, weight)


def _semantic(
    query: str, index: Index, embedder: Embedder, scope: Scope, count: int, mode: Mode
) -> list[Scored]:
    if mode is Mode.KEYWORD:
        return []
    try:
        return index.semantic(embedder.embed_query(query), scope, count)
    except EmbeddingFailed:
        if mode is Mode.SEMANTIC:
            raise
        # Words alone still find most things; an answer is worth more than an error.
        logger.warning("the embedder failed: searching by words alone")
        return []


def _hits(user: Caller, query: str, found: list[Fused]) -> list[Hit]:
    raise NotImplementedError
