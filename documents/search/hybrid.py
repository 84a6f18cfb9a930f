"""The one search: pages, API, command line, chat and evaluation all come through here.

Candidates are found inside the caller's scope, fused, cut, and only then read as
rows, where ``visible_to`` is applied once more: a stale index may cost recall,
never privacy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F

from documents.embed.base import Embedder
from documents.errors import EmbeddingFailed, InvalidInput
from documents.index.base import Index
from documents.models import Chunk, Document, EmbeddingSpace
from documents.querysets import Caller
from documents.search.fusion import Fused, fuse
from documents.search.highlight import highlights
from documents.search.query import NO_EVIDENCE, RERANKED, analyse, evidence, relevances, rerank
from documents.search.scope import EVERYTHING, Within, scope_for
from documents.search.tracing import SHOWN, Stopwatch, looked_for, ranks
from documents.search.tuning import AS_IT_IS, Tuning
from documents.selectors import active_space, search_index, space_embedder
from documents.types import Hit, Mode, Outcome, Scope, Scored, SearchTrace, TracedCandidate

logger = logging.getLogger(__name__)

#: Candidates of each channel before fusion, at least.
CANDIDATES = 100
#: Passages read for words of the question; longer lists are only asked for by measurements.
PROVED = 100
MAX_QUERY = 2000


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, best first. ``took_ms`` is the time of the search alone.

    ``trace`` tells how it came about, where that was asked for.
    """

    query: str
    mode: Mode
    took_ms: float
    hits: tuple[Hit, ...]
    trace: SearchTrace | None = None


def search(
    user: Caller,
    query: str,
    *,
    within: Within = EVERYTHING,
    mode: Mode = Mode.HYBRID,
    limit: int = 10,
    explain: bool = False,
    tuning: Tuning = AS_IT_IS,
) -> SearchResult:
    """Search what the user may see, or the named part of it.

    ``explain`` fills the result's ``trace``. Raises ``InvalidInput`` for an empty or
    overlong query, and ``NotFound`` when a named collection or document is not visible
    to the user.
    """
    started = time.perf_counter()
    query = checked_query(query)
    watch = Stopwatch()
    with watch.step("scope"):
        scope = scope_for(user, within)
    found = candidates(query, scope, mode=mode, limit=limit, tuning=tuning, watch=watch)
    with watch.step("reading"):
        rows = _read(user, scope, found.fused, max(limit, RERANKED))
    with watch.step("ranking"):
        ranked = _ranked(query, rows, mode)
    hits = [_hit(item, query if rank < PROVED else "") for rank, item in enumerate(ranked[:limit])]
    took_ms = round((time.perf_counter() - started) * 1000, 2)
    trace = _trace(query, mode, found, ranked, limit, watch) if explain else None
    return SearchResult(query, mode, took_ms, tuple(hits), trace)


def checked_query(query: str) -> str:
    """Return the query without what no text contains. Raises ``InvalidInput``."""
    query = query.replace("\x00", " ").encode("utf-8", "ignore").decode().strip()
    if not query:
        raise InvalidInput("Type something to search for.")
    if len(query) > MAX_QUERY:
        raise InvalidInput(f"A search holds at most {MAX_QUERY:,} characters.")
    return query


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the channels brought, and in which order they stand together."""

    fused: Sequence[Fused] = ()
    keyword: Sequence[Scored] = ()
    semantic: Sequence[Scored] = ()
    model: str = ""
    dense_weight: float = 0.0


def candidates(
    query: str,
    scope: Scope,
    *,
    mode: Mode,
    limit: int,
    tuning: Tuning = AS_IT_IS,
    watch: Stopwatch | None = None,
) -> Candidates:
    """Return the best chunks in the scope by both channels, best first, as ids with scores."""
    space = active_space()
    if space is None or scope.is_empty:
        return Candidates()
    watch = watch or Stopwatch()
    index, embedder = search_index(space), space_embedder(space)
    count = max(CANDIDATES, limit)
    with watch.step("keyword"):
        keyword = index.keyword(query, scope, count) if mode is not Mode.SEMANTIC else []
    with watch.step("semantic"):
        semantic = _semantic(query, index, embedder, scope, count, mode)
    weight = {Mode.KEYWORD: 0.0, Mode.SEMANTIC: 1.0}.get(mode, _weight(space, embedder, tuning))
    with watch.step("fusion"):
        fused = fuse(keyword, semantic, weight)
    return Candidates(fused, keyword, semantic, embedder.model, weight)


def _weight(space: EmbeddingSpace, embedder: Embedder, tuning: Tuning) -> float:
    """Return the share of the semantic channel: as asked, as recorded, or as measured."""
    known = (tuning.dense_weight, space.dense_weight, embedder.dense_weight)
    return next(weight for weight in known if weight is not None)


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


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A candidate at its final place; ``fused`` carries the score that put it there."""

    row: _Row
    fused: Fused
    relevance: float


def _ranked(query: str, rows: Sequence[_Row], mode: Mode) -> list[_Ranked]:
    """Rank what was read by how it holds the question."""
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
    return [
        _Ranked(by_id[hit.chunk_id], hit, round(relevance, 4))
        for hit, relevance in zip(fused, strength, strict=True)
    ]


def _hit(item: _Ranked, query: str) -> Hit:
    chunk, document = item.row.chunk, item.row.document
    return Hit(
        chunk_id=chunk.pk,
        document_id=str(document.pk),
        document_title=document.title,
        version=chunk.version.number,
        page=chunk.page,
        heading=chunk.heading,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        relevance=item.relevance,
        ordinal=chunk.ordinal,
        version_id=chunk.version.pk,
        collection_id=document.collection_id,
        highlights=highlights(chunk.text, query) if query else (),
    )


def _trace(
    query: str,
    mode: Mode,
    found: Candidates,
    ranked: Sequence[_Ranked],
    limit: int,
    watch: Stopwatch,
) -> SearchTrace:
    """Tell how the results came about; only candidates that were read, which are visible."""
    by_words, by_meaning = ranks(found.keyword), ranks(found.semantic)
    shown = enumerate(ranked[: max(limit, SHOWN)])
    return SearchTrace(
        query=query,
        mode=mode,
        terms=looked_for(query) if mode is not Mode.SEMANTIC else (),
        model=found.model if mode is not Mode.KEYWORD else "",
        dense_weight=found.dense_weight,
        keyword=len(found.keyword),
        semantic=len(found.semantic),
        candidates=tuple(
            _traced(item, by_words, by_meaning, _outcome(place, limit)) for place, item in shown
        ),
        timings=watch.times,
    )


def _outcome(place: int, limit: int) -> Outcome:
    return Outcome.USED if place < limit else Outcome.BEYOND_LIMIT


def _traced(
    item: _Ranked, by_words: Mapping[int, int], by_meaning: Mapping[int, int], outcome: Outcome
) -> TracedCandidate:
    chunk, document, before = item.row.chunk, item.row.document, item.row.fused
    return TracedCandidate(
        chunk_id=chunk.pk,
        document_id=str(document.pk),
        title=document.title,
        version=chunk.version.number,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        keyword=before.keyword,
        keyword_rank=by_words.get(chunk.pk),
        semantic=before.semantic,
        semantic_rank=by_meaning.get(chunk.pk),
        fused=round(before.score, 4),
        ranked=round(item.fused.score, 4),
        relevance=item.relevance,
        outcome=outcome,
    )
