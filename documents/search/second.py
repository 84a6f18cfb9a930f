"""The second stage: a reranker reads question and passage together, where one is configured."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from django.conf import settings

from documents.rerank.base import Reranker, RerankFailed
from documents.search.rows import Ranked

logger = logging.getLogger(__name__)

_FAILED = " failed: "

#: Passages that the second stage reads, the first ones of the first stage.
SECOND = 40


def configured_reranker() -> Reranker | None:
    """Return the reranker of the settings; none where no address is set."""
    if not settings.RERANK_URL:
        return None
    return _reranker(
        settings.RERANK_URL,
        settings.RERANK_MODEL,
        settings.RERANK_API_KEY,
        settings.RERANK_TIMEOUT,
    )


@lru_cache(maxsize=2)
def _reranker(url: str, model: str, api_key: str, timeout: float) -> Reranker:
    # The client takes a moment to import, which most installations never need.
    from documents.rerank.http import HttpReranker  # noqa: PLC0415

    return HttpReranker(url=url, model=model, api_key=api_key, deadline=timeout)


def second_stage(
    query: str, ranked: Sequence[Ranked], reranker: Reranker | None
) -> tuple[list[Ranked], str]:
    """Return the candidates in the reranker's order, and what to tell of it.

    The order of the first stage stands where there is no reranker, or it fails: an
    answer is worth more than an error. Relevance stays with the rank, since it says how
    strong the evidence is down to there.
    """
    if reranker is None or not ranked:
        return list(ranked), ""
    first, rest = ranked[:SECOND], ranked[SECOND:]
    try:
        scores = reranker.scores(query, [item.row.place_and_text for item in first])
    except RerankFailed as error:
        logger.warning("the reranker failed, the first order stands: %s", error)
        return list(ranked), f"{reranker.name}{_FAILED}{error.message}"
    order = sorted(range(len(first)), key=lambda place: (-scores[place], place))
    moved = [
        replace(first[place], score=scores[place], relevance=first[rank].relevance)
        for rank, place in enumerate(order)
    ]
    return [*moved, *rest], reranker.name


def has_failed(told: str) -> bool:
    """Whether what ``second_stage`` tells is of a reranker that failed."""
    return _FAILED in told
