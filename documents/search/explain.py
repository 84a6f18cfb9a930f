"""A finished search told as a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from documents.search.channels import Candidates
from documents.search.rows import Ranked
from documents.search.tracing import SHOWN, Stopwatch, looked_for, ranks
from documents.types import Mode, Outcome, PageKind, SearchTrace, TracedCandidate


def trace_of(
    found: Candidates, told: Sequence[Ranked], reranker: str, watch: Stopwatch
) -> SearchTrace:
    """Tell how the results came about; only candidates that were read, which are visible."""
    by_words, by_meaning = ranks(found.keyword), ranks(found.semantic)
    used = sum(item.outcome is Outcome.USED for item in told)
    return SearchTrace(
        query=found.query,
        mode=found.mode,
        terms=looked_for(found.query) if found.mode is not Mode.SEMANTIC else (),
        model=found.model if found.mode is not Mode.KEYWORD else "",
        dense_weight=found.dense_weight,
        keyword=len(found.keyword),
        semantic=len(found.semantic),
        candidates=tuple(_traced(item, by_words, by_meaning) for item in told[: max(used, SHOWN)]),
        scoped_to=tuple(dict.fromkeys(pointed.title for pointed in found.where.named)),
        reranker=reranker,
        timings=watch.times,
    )


def _traced(
    item: Ranked, by_words: Mapping[int, int], by_meaning: Mapping[int, int]
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
        ranked=round(item.score, 4),
        relevance=item.relevance,
        outcome=item.outcome,
        page_kind=PageKind.of(chunk.version.media_type),
    )
