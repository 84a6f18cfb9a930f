"""The one search: pages, API, command line, chat and evaluation all come through here.

Candidates are found inside the caller's scope, fused, cut, and only then read as
rows, where ``visible_to`` is applied once more: a stale index may cost recall,
never privacy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from documents.embed.base import Embedder
from documents.errors import EmbeddingFailed, InvalidInput
from documents.index.base import Index
from documents.models import Chunk, Document
from documents.querysets import Caller
from documents.search.fusion import Fused, fuse
from documents.search.highlight import highlights
from documents.search.query import NO_EVIDENCE, RERANKED, analyse, evidence, relevances, rerank
from documents.search.scope import EVERYTHING, Within, scope_for
from documents.selectors import active_space, search_index, space_embedder
from documents.types import Hit, Mode, Scope, Scored

logger = logging.getLogger(__name__)

#: Candidates of each channel before fusion, at least.
CANDIDATES = 100
#: Passages read for words of the question; longer lists are only asked for by measurements.
PROVED = 100
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
    within: Within = EVERYTHING,
    mode: Mode = Mode.HYBRID,
    limit: int = 10,
) -> SearchResult:
    """Search what the user may see, or the named part of it.

    Raises ``InvalidInput`` for an empty or overlong query, and ``NotFound`` when a
    named collection or document is not visible to the user.
    """
    started = time.perf_counter()
    query = checked_query(query)
    scope = scope_for(user, within)
    found = candidates(query, scope, mode=mode, limit=limit)
    rows = _read(user, scope, found, max(limit, RERANKED))
    hits = _ranked(query, rows, mode, limit)
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


def candidates(query: str, scope: Scope, *, mode: Mode, limit: int) -> list[Fused]:
    """Return the best chunks in the scope by both channels, best first, as ids with scores."""
    space = active_space()
    if space is None or scope.is_empty:
        return []
    index, embedder = search_index(space), space_embedder(space)
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A candidate with its row."""

    fused: Fused
    chunk: Chunk

    @property
    def document(self) -> Document:
        document: Document = self.chunk.version.document
        return document

    @property
    def place_and_text(self) -> str:
        return f"{self.document.title}\n{self.chunk.heading}\n{self.chunk.text}"


def _read(user: Caller, scope: Scope, found: Sequence[Fused], wanted: int) -> list[_Row]:
    """Read rows until enough are found that the user may see; what is stale is left out."""
    rows: list[_Row] = []
    for start in range(0, len(found), wanted):
        group = found[start : start + wanted]
        chunks = _visible(user, scope, [hit.chunk_id for hit in group])
        rows += [_Row(hit, chunks[hit.chunk_id]) for hit in group if hit.chunk_id in chunks]
        if len(rows) >= wanted:
            break
    return rows


def _visible(user: Caller, scope: Scope, chunk_ids: Sequence[int]) -> dict[int, Chunk]:
    chunks = Chunk.objects.visible_to(user).filter(
        pk__in=chunk_ids, version__document__collection_id__in=scope.collections
    )
    if scope.versions is None:
        chunks = chunks.filter(version__document__current_version=F("version"))
    return {chunk.pk: chunk for chunk in chunks.select_related("version__document")}


def _ranked(query: str, rows: Sequence[_Row], mode: Mode, limit: int) -> list[Hit]:
    """Rank what was read by how it holds the question, and make hits of it."""
    question = analyse(query)
    proof = {row.chunk.pk: evidence(question, row.place_and_text) for row in rows[:PROVED]}
    fused = [row.fused for row in rows]
    if mode is Mode.HYBRID:
        first = {hit.chunk_id: proof[hit.chunk_id] for hit in fused[:RERANKED]}
        fused = rerank(fused, first)
    found = [proof.get(hit.chunk_id, NO_EVIDENCE) for hit in fused]
    cosines: list[float | None] = [hit.semantic for hit in fused]
    if all(cosine is None for cosine in cosines):
        cosines = [item.coverage for item in found]  # words are all there is to go by
    strength = relevances(found, cosines, has_words=bool(question.stems))
    by_id = {row.chunk.pk: row for row in rows}
    best = list(zip(fused, strength, strict=True))[:limit]
    return [
        _hit(by_id[hit.chunk_id], relevance, query if rank < PROVED else "")
        for rank, (hit, relevance) in enumerate(best)
    ]


def _hit(row: _Row, relevance: float, query: str) -> Hit:
    chunk, version = row.chunk, row.chunk.version
    return Hit(
        chunk_id=chunk.pk,
        document_id=str(row.document.pk),
        document_title=row.document.title,
        version=version.number,
        page=chunk.page,
        heading=chunk.heading,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        relevance=round(relevance, 4),
        ordinal=chunk.ordinal,
        version_id=version.pk,
        collection_id=row.document.collection_id,
        highlights=highlights(chunk.text, query) if query else (),
        recognised=chunk.page in version.recognised_pages,
    )
