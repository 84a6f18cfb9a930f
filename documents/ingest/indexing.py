"""Chunks into rows, vectors and the index, a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from django.db import transaction

from documents.embed.base import Embedder, Vectors
from documents.ingest.priority import behind
from documents.ingest.space import space_ensure
from documents.ingest.stopwatch import StageTimes
from documents.models import Chunk, DocumentVersion, Embedding
from documents.selectors import search_index
from documents.types import ChunkDraft, IndexEntry

#: Texts in one call of the embedder, and rows of chunks in one write transaction.
BATCH = 200
#: Chunks that one write transaction indexes: 0.3 ms of processor time each, while others wait.
INDEXED = 100

T = TypeVar("T")
#: Called with the share that is done, from 0 to 1, inside the transaction that writes
#: each batch: what it raises takes the batch back.
OnBatch = Callable[[float], None]


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Yield the items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def embedded_text(title: str, heading: str, text: str) -> str:
    """Return what is embedded for a chunk: where it stands, then what it says."""
    return "\n".join(part for part in (title, heading, text) if part)


def content_hash(text: str) -> str:
    """Return the key under which the vector of a text is kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_chunks(
    version: DocumentVersion,
    title: str,
    drafts: Sequence[ChunkDraft],
    on_batch: OnBatch,
    first: Callable[[], None] = lambda: None,
) -> list[Chunk]:
    """Insert the rows of a version's chunks and return them, in order.

    ``first`` writes what goes before them, in the transaction of the first batch.
    """
    chunks: list[Chunk] = []
    for group in batches(drafts):
        with transaction.atomic():
            if not chunks:
                first()
            chunks += Chunk.objects.bulk_create(_row(version, title, draft) for draft in group)
            on_batch(len(chunks) / len(drafts))
    return chunks


def _row(version: DocumentVersion, title: str, draft: ChunkDraft) -> Chunk:
    return Chunk(
        version=version,
        ordinal=draft.ordinal,
        start=draft.start,
        end=draft.end,
        page=draft.page,
        heading=draft.heading[:500],
        text=draft.text,
        content_hash=content_hash(embedded_text(title, draft.heading, draft.text)),
    )


def index_chunks(
    version: DocumentVersion,
    title: str,
    chunks: Sequence[Chunk],
    on_batch: OnBatch,
    times: StageTimes | None = None,
) -> None:
    """Embed the chunks and put them into the index, not yet findable.

    ``times`` takes the times of both.
    """
    space, embedder = space_ensure()
    index, done = search_index(space), 0
    times = times or StageTimes()
    for group in batches(chunks):
        with times.stage("embed"):
            vectors, made = _vectors(embedder, title, group)
        entries = [
            _entry(version, title, chunk, vector)
            for chunk, vector in zip(group, vectors, strict=True)
        ]
        with times.stage("index"):
            for some in batches(entries, INDEXED):
                done += len(some)
                with transaction.atomic():
                    keep_vectors(embedder, made)
                    index.add(some, current=False)
                    on_batch(done / len(chunks))
                made = {}


def _entry(version: DocumentVersion, title: str, chunk: Chunk, vector: Vectors) -> IndexEntry:
    return IndexEntry(
        chunk_id=chunk.pk,
        version_id=version.pk,
        collection_id=version.document.collection_id,
        title=title,
        heading=chunk.heading,
        text=chunk.text,
        vector=vector,  # type: ignore[arg-type]  # an array is a sequence of floats
    )


def vectors_of(embedder: Embedder, title: str, chunks: Sequence[Chunk]) -> list[Vectors]:
    """Return a vector for each chunk; only texts never seen are sent to the embedder."""
    vectors, made = _vectors(embedder, title, chunks)
    if made:
        keep_vectors(embedder, made)
    return vectors


def _vectors(
    embedder: Embedder, title: str, chunks: Sequence[Chunk]
) -> tuple[list[Vectors], dict[str, Vectors]]:
    """Return a vector for each chunk, and those that were made, which are to be kept."""
    known = _known(embedder, {chunk.content_hash for chunk in chunks})
    fresh = {
        chunk.content_hash: embedded_text(title, chunk.heading, chunk.text)
        for chunk in chunks
        if chunk.content_hash not in known
    }
    vectors = behind(embedder.embed_documents, list(fresh.values())) if fresh else ()
    made = dict(zip(fresh, vectors, strict=True))
    known |= made
    return [known[chunk.content_hash] for chunk in chunks], made


def _key(embedder: Embedder) -> str:
    return f"{embedder.model}/{embedder.dimensions}"


def _known(embedder: Embedder, hashes: set[str]) -> dict[str, Vectors]:
    rows = Embedding.objects.filter(model=_key(embedder), content_hash__in=hashes)
    return {
        key: np.frombuffer(vector, dtype=np.float32)
        for key, vector in rows.values_list("content_hash", "vector")
    }


@transaction.atomic
def keep_vectors(embedder: Embedder, vectors: dict[str, Vectors]) -> None:
    """Keep the vectors of texts that a chunk has; of a document deleted meanwhile, none."""
    if not vectors:
        return
    wanted = set(
        Chunk.objects.filter(content_hash__in=vectors).values_list("content_hash", flat=True)
    )
    Embedding.objects.bulk_create(
        (
            Embedding(
                model=_key(embedder),
                content_hash=key,
                vector=np.asarray(vector, dtype=np.float32).tobytes(),
            )
            for key, vector in vectors.items()
            if key in wanted
        ),
        ignore_conflicts=True,
    )
