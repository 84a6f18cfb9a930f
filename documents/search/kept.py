"""Searches that were made before: the same one, of the same caller, over the same library.

Kept are ids and numbers. At a hit the rows are read again through ``visible_to``, as any
search reads them, so that neither text nor rights ever come out of the cache.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from documents.caching import Cached, keep, key_of, read, tell
from documents.querysets import Caller
from documents.search.generation import generation
from documents.search.hybrid import (
    SearchResult,
    checked_query,
    hits_of,
    search,
    visible_chunks,
)
from documents.search.scope import EVERYTHING, Within, scope_for
from documents.signals import searched
from documents.types import Hit, Mode, Scope


def search_kept(
    user: Caller,
    query: str,
    *,
    within: Within = EVERYTHING,
    mode: Mode = Mode.HYBRID,
    limit: int = 10,
) -> SearchResult:
    """Search as ``hybrid.search`` does, and with the same result, perhaps from the cache.

    Raises as that one does.
    """
    started = time.perf_counter()
    query = checked_query(query)
    # Both come first: what changes from here on makes what is kept worthless.
    scope = scope_for(user, within)
    state = generation(scope.collections) if settings.SEARCH_CACHE_SECONDS else ""
    if not state or scope.is_empty:
        return search(user, query, within=within, mode=mode, limit=limit)
    key = key_of(Cached.SEARCH, state, user.pk, query, mode.value, limit, *settled(scope))
    hits = _again(user, scope, read(key), query)
    tell(Cached.SEARCH, hit=hits is not None)
    if hits is not None:
        took_ms = round((time.perf_counter() - started) * 1000, 2)
        searched.send(sender=SearchResult, mode=mode.value, hits=len(hits), ms=took_ms)
        return SearchResult(query, mode, took_ms, hits, as_of=within.as_of)
    found = search(user, query, within=within, mode=mode, limit=limit)
    if found.whole and is_still(user, within, scope, state):
        kept = [[hit.chunk_id, hit.relevance] for hit in found.hits]
        keep(key, kept, settings.SEARCH_CACHE_SECONDS)
    return found


def is_still(user: Caller, within: Within, scope: Scope, state: str) -> bool:
    """Whether a caller's scope and what lies in it are what they were before a search.

    The search reads both for itself. Raises ``NotFound`` where the caller may see no more
    what they named.
    """
    return scope_for(user, within) == scope and generation(scope.collections) == state


def settled(scope: Scope) -> tuple[Any, ...]:
    """Return what a search depends on besides its words: where it looks, and the settings."""
    return (
        scope.collections,
        scope.versions,
        settings.VERSION,
        settings.OPENAI_BASE_URL,
        settings.EMBEDDING_DIMENSIONS,
        settings.RERANK_URL,
        settings.RERANK_MODEL,
    )


def _again(
    user: Caller, scope: Scope, kept: Sequence[Any] | None, query: str
) -> tuple[Hit, ...] | None:
    """Return the hits as they are now; nothing where not all of them are there any more."""
    if kept is None:
        return None
    chunks = visible_chunks(user, scope, [chunk_id for chunk_id, _ in kept])
    if len(chunks) != len(kept):
        return None
    return hits_of([(chunks[chunk_id], relevance) for chunk_id, relevance in kept], query)
