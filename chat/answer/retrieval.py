"""Search, for an answer: the passages that go into a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.conf import settings
from django.db import close_old_connections

from chat.answer.context import pack
from chat.answer.engine import Retrieve, Retrieved
from documents.embed import local
from documents.embed.base import Embedder
from documents.errors import EmbeddingFailed
from documents.models import VersionText
from documents.querysets import Caller
from documents.search.hybrid import search
from documents.search.scope import EVERYTHING, Within
from documents.search.vectors import query_vector
from documents.selectors import active_space, space_embedder
from documents.types import Hit

#: Hits looked at before packing; neighbours among them are joined into one passage.
HITS_PER_PASSAGE = 2


def retriever(
    user: Caller,
    within: Within = EVERYTHING,
    *,
    compare: bool = True,
) -> Retrieve:
    """Return the search of an answer, bound to what this user may see.

    ``compare`` offers the embedder for comparing sentences. A model that writes the
    answer does without, where the embedder is a server: it would be asked for every
    sentence of every passage.
    """

    def retrieve(question: str) -> Retrieved:
        try:
            found = _retrieved(user, question, within)
            return found if compare or _is_local() else replace(found, similarity=None)
        finally:
            close_old_connections()  # the model is waited for without a connection

    return retrieve


def _retrieved(user: Caller, question: str, within: Within) -> Retrieved:
    found = search(
        user,
        question[:2000],
        limit=settings.MAX_CHUNKS * HITS_PER_PASSAGE,
        within=within,
        explain=True,
    )
    return replace(retrieved(found.hits), trace=found.trace, whole=found.whole)


def retrieved(hits: Sequence[Hit]) -> Retrieved:
    """Return the passages for a prompt out of hits, best first."""
    wanted = settings.MAX_CHUNKS
    passages = pack(hits, max_chunks=wanted, content=_content, page_starts=_pages(hits))
    space = active_space()
    similarity = _Similarity(space_embedder(space)) if space else None
    return Retrieved(tuple(passages), similarity)


def _is_local() -> bool:
    space = active_space()
    return space is not None and space.model == local.MODEL


def _content(version_id: int) -> str:
    return VersionText.objects.get(pk=version_id).text


def _pages(hits: Sequence[Hit]) -> dict[int, list[int]]:
    """Return where the pages of each version begin, for passages that cross one."""
    versions = {hit.version_id for hit in hits}
    rows = VersionText.objects.filter(pk__in=versions).values_list("pk", "page_starts")
    return dict(rows)


class _Similarity:
    """Cosine similarity of a question to each of several texts."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __call__(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one number for each text; zeros where the embedder fails."""
        try:
            vectors = self._embedder.embed_documents(list(texts))
            asked = query_vector(self._embedder, question)
        except EmbeddingFailed:
            return [0.0] * len(texts)
        return [float(value) for value in np.asarray(vectors) @ np.asarray(asked)]
