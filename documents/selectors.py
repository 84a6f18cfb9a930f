"""Reads that more than one room needs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q

from documents.embed.base import Embedder, Vectors
from documents.embed.factory import EmbedderConfig, make_embedder
from documents.errors import NotFound
from documents.index.base import Index
from documents.index.memory import MemoryIndex
from documents.index.sqlite import SqliteIndex
from documents.models import Document, DocumentVersion, Embedding, EmbeddingSpace
from documents.querysets import Caller, DocumentQuerySet
from documents.types import PAGE_KINDS, PageKind, Status


@lru_cache(maxsize=4)
def _embedder(config: EmbedderConfig) -> Embedder:
    return make_embedder(config)


def configured_embedder(model: str = "") -> Embedder:
    """Return the embedder of the settings, or another one by its model's name."""
    configured = _embedder(_config(settings.EMBEDDING_MODEL))
    # An embedder may call itself otherwise than the settings do: "auto" names none.
    return configured if model in ("", configured.model) else _embedder(_config(model))


def configured_model() -> str:
    """Return what the settings say of embedding in a word, to notice a change by."""
    size = f"/{settings.EMBEDDING_DIMENSIONS}" if settings.EMBEDDING_DIMENSIONS else ""
    return f"{configured_embedder().model}{size}"


def space_embedder(space: EmbeddingSpace) -> Embedder:
    """Return the embedder that made a space, whatever the settings name by now."""
    if settings.EMBEDDING_DIMENSIONS in (0, space.dimensions):
        return configured_embedder(space.model)
    return _embedder(_config(space.model, space.dimensions))


def _config(model: str, dimensions: int | None = None) -> EmbedderConfig:
    return EmbedderConfig(
        model=model,
        dimensions=settings.EMBEDDING_DIMENSIONS if dimensions is None else dimensions,
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL,
    )


def active_space() -> EmbeddingSpace | None:
    """Return the table of vectors that answers searches; none before the first document."""
    return EmbeddingSpace.objects.filter(state=EmbeddingSpace.State.ACTIVE).first()


def search_index(space: EmbeddingSpace | None = None) -> Index:
    """Return the index over a space, or over the active one."""
    space = space or active_space()
    if space is None:
        return MemoryIndex(1)  # nothing was ever indexed: there is nothing to find or change
    return SqliteIndex(connection, vector_table=space.table, dimensions=space.dimensions)


def kept_vectors(space: EmbeddingSpace, hashes: Collection[str]) -> dict[str, Vectors]:
    """Return the vectors of texts, by hash, as the model of a space made them; what is kept."""
    rows = Embedding.objects.filter(
        model=f"{space.model}/{space.dimensions}", content_hash__in=hashes
    )
    return {
        key: np.frombuffer(vector, dtype=np.float32)
        for key, vector in rows.values_list("content_hash", "vector")
    }


def document_get(user: Caller, document_id: object) -> Document:
    """Return a visible document. Raises ``NotFound`` for any other id, in any form."""
    try:
        key = uuid.UUID(str(document_id))
    except ValueError:
        raise NotFound from None
    found = Document.objects.visible_to(user).with_newest().filter(pk=key).first()
    if found is None:
        raise NotFound
    return found  # type: ignore[no-any-return]


def version_get(user: Caller, document_id: object, number: int) -> DocumentVersion:
    """Return one version of a visible document. Raises ``NotFound``."""
    document = document_get(user, document_id)
    found = document.versions.filter(number=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound
    return found  # type: ignore[no-any-return]


def version_has_text(version: DocumentVersion) -> None:
    """Raise ``NotFound`` while a version has no text."""
    if version.status != Status.READY:
        raise NotFound("This version has no text: it is not ready.")


def version_text(version: DocumentVersion) -> str:
    """Return the text of a version. Raises ``NotFound`` while it has none."""
    version_has_text(version)
    return version.content.text


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is to be said of pages beside their numbers; by document id and version number."""

    recognised: Mapping[tuple[object, int], Sequence[int]]
    kinds: Mapping[tuple[object, int], PageKind]

    def is_recognised(self, document_id: object, version: int, page: int | None) -> bool:
        """Whether the page was recognised from a picture."""
        return page in self.recognised.get((document_id, version), ())

    def kind(self, document_id: object, version: int) -> PageKind:
        """Return what the pages of the version are called."""
        return self.kinds.get((document_id, version), PageKind.PAGE)


def page_facts(document_ids: Iterable[uuid.UUID | None]) -> PageFacts:
    """Return what is to be said of the pages of these documents, with one query at most.

    Whether the caller may see the documents is for the caller to know.
    """
    ids = [key for key in document_ids if key is not None]
    if not ids:
        return PageFacts({}, {})
    told = ~Q(recognised_pages=[]) | Q(media_type__in=PAGE_KINDS)
    rows = DocumentVersion.objects.filter(told, document_id__in=ids)
    found = list(rows.values_list("document_id", "number", "recognised_pages", "media_type"))
    return PageFacts(
        {(pk, number): pages for pk, number, pages, _ in found},
        {(pk, number): PageKind.of(kind) for pk, number, _, kind in found},
    )


def document_list(
    user: User, *, search: str = "", status: str = "", collection: int | None = None
) -> DocumentQuerySet:
    """Return the visible documents, newest first, narrowed by title, file name or author."""
    rows: DocumentQuerySet = Document.objects.visible_to(user).with_newest()
    if search := search.replace("\x00", "").strip():
        rows = rows.filter(
            Q(title__icontains=search)
            | Q(author__icontains=search)
            | Q(newest_version__filename__icontains=search)
        )
    if status:
        rows = rows.filter(newest_version__status=status)
    if collection is not None:
        rows = rows.filter(collection_id=collection)
    return rows.order_by("-created_at", "id")
