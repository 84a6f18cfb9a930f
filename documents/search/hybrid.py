"""The one search: pages, API, command line, chat and evaluation all come through here.

Candidates are found inside the caller's scope, fused, cut, and only then read as
rows, where ``visible_to`` is applied once more: a stale index may cost recall,
never privacy.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from documents.errors import InvalidInput
from documents.models import Chunk, Document
from documents.querysets import Caller
from documents.search.channels import Where, candidates
from documents.search.diversity import diverse
from documents.search.explain import trace_of
from documents.search.fusion import Fused
from documents.search.highlight import highlights
from documents.search.order import PROVED, in_order
from documents.search.rows import Ranked, Row
from documents.search.same import cut, without_copies
from documents.search.scope import EVERYTHING, Within, scope_for
from documents.search.second import configured_reranker, has_failed, second_stage
from documents.search.signals import RERANKED
from documents.search.titles import named_documents
from documents.search.tracing import Stopwatch
from documents.search.tuning import AS_IT_IS, Tuning
from documents.signals import searched
from documents.types import AsOf, Hit, Mode, Outcome, Scope, SearchTrace

MAX_QUERY = 2000


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, best first. ``took_ms`` is the time of the search alone.

    ``trace`` tells how it came about, where that was asked for. ``whole`` is false where
    the embedder or the reranker failed and the search did without.
    """

    query: str
    mode: Mode
    took_ms: float
    hits: tuple[Hit, ...]
    trace: SearchTrace | None = None
    as_of: AsOf | None = None
    whole: bool = True


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
    with watch.step("names"):
        named = named_documents(user, scope, query) if mode is Mode.HYBRID else ()
    found = candidates(
        query, Where(scope, named), mode=mode, limit=limit, tuning=tuning, watch=watch
    )
    with watch.step("reading"):
        rows = _read(user, scope, found.fused, max(limit, RERANKED))
    with watch.step("ranking"):
        ranked = in_order(found, rows)
    with watch.step("second ranking"):
        ranked, reranker = _second(query, ranked, mode)
    with watch.step("copies and diversity"):
        told = _told(ranked, limit, mode)
    shown = [item for item in told if item.outcome is Outcome.USED]
    hits = hits_of([(item.row.chunk, item.relevance) for item in shown], query)
    took_ms = round((time.perf_counter() - started) * 1000, 2)
    trace = trace_of(found, told, reranker, watch) if explain else None
    if tuning is AS_IT_IS:  # what is measured with other settings, nobody searched for
        searched.send(sender=SearchResult, mode=mode.value, hits=len(hits), ms=took_ms)
    whole = found.whole and not has_failed(reranker)
    return SearchResult(query, mode, took_ms, hits, trace, within.as_of, whole)


def _second(query: str, ranked: Sequence[Ranked], mode: Mode) -> tuple[list[Ranked], str]:
    """One channel alone is shown as it is; the reranker has a part in the whole only."""
    reranker = configured_reranker() if mode is Mode.HYBRID else None
    return second_stage(query, ranked, reranker)


def _told(ranked: Sequence[Ranked], limit: int, mode: Mode) -> list[Ranked]:
    """What became of each candidate; one channel alone is shown as it is."""
    if mode is not Mode.HYBRID:
        return cut(ranked, limit)
    return without_copies(diverse(ranked), limit)


def checked_query(query: str) -> str:
    """Return the query without what no text contains. Raises ``InvalidInput``."""
    query = query.replace("\x00", " ").encode("utf-8", "ignore").decode().strip()
    if not query:
        raise InvalidInput("Type something to search for.")
    if len(query) > MAX_QUERY:
        raise InvalidInput(f"A search holds at most {MAX_QUERY:,} characters.")
    return query


def _read(user: Caller, scope: Scope, found: Sequence[Fused], wanted: int) -> list[Row]:
    """Read rows until enough are found that the user may see; what is stale is left out."""
    rows: list[Row] = []
    for start in range(0, len(found), wanted):
        group = found[start : start + wanted]
        chunks = visible_chunks(user, scope, [hit.chunk_id for hit in group])
        rows += [Row(hit, chunks[hit.chunk_id]) for hit in group if hit.chunk_id in chunks]
        if len(rows) >= wanted:
            break
    return rows


def visible_chunks(user: Caller, scope: Scope, chunk_ids: Sequence[int]) -> dict[int, Chunk]:
    """Return those of the chunks, by id, that the user may see now and that lie in the scope."""
    chunks = Chunk.objects.visible_to(user).filter(
        pk__in=chunk_ids, version__document__collection_id__in=scope.collections
    )
    if scope.versions is None:
        chunks = chunks.filter(version__document__current_version=F("version"))
    then = scope.versions
    return {
        chunk.pk: chunk
        for chunk in chunks.select_related("version__document__current_version")
        # Asked here, not in the query: a library as it was may name tens of thousands.
        if then is None or chunk.version_id in then
    }


def hits_of(found: Sequence[tuple[Chunk, float]], query: str) -> tuple[Hit, ...]:
    """Return chunks with their relevance, best first, as they are shown."""
    return tuple(
        _hit(chunk, relevance, query if rank < PROVED else "")
        for rank, (chunk, relevance) in enumerate(found)
    )


def _hit(chunk: Chunk, relevance: float, query: str) -> Hit:
    document: Document = chunk.version.document
    current = document.current_version
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
        relevance=relevance,
        ordinal=chunk.ordinal,
        version_id=chunk.version.pk,
        collection_id=document.collection_id,
        current_version=current.number if current else 0,
        highlights=highlights(chunk.text, query) if query else (),
        media_type=chunk.version.media_type,
        recognised=chunk.page in chunk.version.recognised_pages,
    )
