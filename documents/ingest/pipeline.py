"""From a stored file to a version that answers: extract, chunk, embed, index, switch.

Every step may be repeated: an attempt begins by removing what an earlier one left.
Long work happens outside of transactions; writes are short.
"""

from __future__ import annotations

import logging
from dataclasses import asdict

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from documents import storage
from documents.errors import NoText, ProductError, ServiceError, TooComplex
from documents.extract import sandbox
from documents.ingest import lease as leases
from documents.ingest import recognition
from documents.ingest.asked import asked
from documents.ingest.indexing import index_chunks, write_chunks
from documents.ingest.lease import Lease, LeaseLost
from documents.ingest.priority import behind
from documents.ingest.removal import remove_chunks
from documents.ingest.stopwatch import StageTimes
from documents.models import Document, DocumentVersion, VersionText
from documents.selectors import search_index
from documents.signals import version_ready
from documents.text.assemble import assemble
from documents.text.chunk import chunk
from documents.text.titles import meaningful_title
from documents.types import (
    ChunkDraft,
    Extraction,
    FileMetadata,
    MediaType,
    Stage,
    Status,
    StructuredText,
)

logger = logging.getLogger(__name__)

#: Share of the whole that is done when a stage begins.
_BEGINS = {
    Stage.EXTRACTING: 0.0,
    Stage.CHUNKING: recognition.SHARE,
    Stage.EMBEDDING: 0.45,
    Stage.INDEXING: 0.95,
}
#: More text than this is beyond what a reader could check, and beyond one search index's sense.
MAX_CHARACTERS = 20_000_000


def process(lease: Lease) -> None:
    """Do the whole work on a claimed version. Every end is written down; nothing is raised."""
    with asked(lease.version_id):
        _process_to_an_end(lease)


def _process_to_an_end(lease: Lease) -> None:
    times = StageTimes()
    try:
        _process(lease, times)
        logger.info("version %s: ready", lease.version_id)
    except LeaseLost:
        logger.info("version %s: another worker took over", lease.version_id)
    except recognition.Postponed:
        leases.postpone(lease)
        times.tell("postponed")
    except ProductError as error:
        logger.info("version %s: %s", lease.version_id, error.code)
        _abandon(lease, error, times.whole)
        times.tell("failed", error.code)
    except Exception:  # the worker must live on, and the version must reach an end
        logger.exception("version %s: unexpected error", lease.version_id)
        fault = ServiceError("Something went wrong while reading the file.")
        _abandon(lease, fault, times.whole)
        times.tell("failed", "unexpected")
    else:
        times.tell("ready")


def _abandon(lease: Lease, error: ProductError, ms: float) -> None:
    try:
        lease.renew()  # what another worker has made meanwhile is not ours to remove
    except LeaseLost:
        return
    remove_chunks(lease.version_id)
    leases.give_back(lease, error, ms)


def _process(lease: Lease, times: StageTimes) -> None:
    version = lease.held().select_related("document").first()
    if version is None:
        raise LeaseLost
    remove_chunks(version.pk)
    with times.stage("extract"):
        extraction = _extract(version, lease)
    with times.stage("recognise"):
        extraction = recognition.completed(version, extraction, lease)
    lease.advance(Stage.CHUNKING, _BEGINS[Stage.CHUNKING])
    with times.stage("clean"):
        structured = behind(assemble, extraction)
    with times.stage("chunk"):
        drafts = behind(_chunk, structured)
        title = _title(version, extraction.metadata)
        chunks = write_chunks(
            version,
            title,
            drafts,
            lambda _: lease.renew(),
            lambda: _keep_text(version, structured, extraction, title),
        )

    def embedded(share: float) -> None:
        begin, end = _BEGINS[Stage.EMBEDDING], _BEGINS[Stage.INDEXING]
        lease.renew(stage=Stage.EMBEDDING, progress=begin + share * (end - begin))

    lease.advance(Stage.EMBEDDING, _BEGINS[Stage.EMBEDDING])
    index_chunks(version, title, chunks, embedded, times)
    lease.advance(Stage.INDEXING, _BEGINS[Stage.INDEXING])
    with times.stage("index"):
        switch(lease, title, version.document.collection_id)


def _extract(version: DocumentVersion, lease: Lease) -> Extraction:
    data = storage.original_read(version.original)

    def on_page(done: int, total: int | None) -> None:
        share = done / total if total else 0.5
        lease.keep(progress=share * _BEGINS[Stage.CHUNKING], every=0.5 if done else 10.0)

    kind = MediaType(version.media_type)
    return sandbox.extract(data, kind, on_page=on_page, text_required=kind is not MediaType.PDF)


def _chunk(structured: StructuredText) -> list[ChunkDraft]:
    if len(structured.text) > MAX_CHARACTERS:
        raise TooComplex(f"The file holds more than {MAX_CHARACTERS:,} characters.")
    drafts = chunk(structured, size=settings.CHUNK_SIZE, overlap=settings.CHUNK_OVERLAP)
    if not drafts:
        raise NoText
    return drafts


@transaction.atomic
def _keep_text(
    version: DocumentVersion, structured: StructuredText, extraction: Extraction, title: str
) -> None:
    VersionText.objects.update_or_create(
        version=version,
        defaults={"text": structured.text, "page_starts": list(structured.page_starts)},
    )
    metadata = extraction.metadata
    version.indexed_title = title
    version.pages = metadata.page_count or len(structured.page_starts) or None
    version.file_title = metadata.title[:300]
    version.file_author = metadata.author[:300]
    version.file_created_at = metadata.created
    version.file_modified_at = metadata.modified
    version.notices = [asdict(notice) for notice in extraction.notices]
    version.save(
        update_fields=[
            "indexed_title",
            "pages",
            "file_title",
            "file_author",
            "file_created_at",
            "file_modified_at",
            "notices",
            "recognised_pages",
        ]
    )


def _title(version: DocumentVersion, metadata: FileMetadata) -> str:
    """Return the title the version is indexed under: a person's, the file's, or its name."""
    document = version.document
    if document.title_is_set:
        return document.title
    return meaningful_title(metadata.title)[:300] or document.title


def switch(lease: Lease, title: str, collection_id: int) -> None:
    """Make the version ready, and current unless a newer one is: all at once for readers.

    ``title`` and ``collection_id`` are what its chunks were indexed under.
    """
    with transaction.atomic():
        version = lease.held().select_for_update().first()
        if version is None:
            raise LeaseLost
        document = Document.objects.select_for_update().get(pk=version.document_id)
        old = document.current_version
        is_newest = old is None or old.number < version.number
        # Told inside the lock, and never before the one it follows: the times at which
        # versions were current must not overlap.
        now = timezone.now()
        if old is not None and old.ready_at is not None:
            now = max(now, old.ready_at)
        version.status, version.stage, version.progress = Status.READY, Stage.DONE, 1.0
        version.lease_owner, version.lease_until = "", None
        version.error_code = version.error_message = ""
        version.ready_at = now
        version.superseded_at = None if is_newest else now
        version.save()
        if document.collection_id != collection_id:  # it was moved while it was read
            search_index().move([version.pk], document.collection_id)
        if is_newest:
            _make_current(document, version, old, title)
    version_ready.send(
        sender=DocumentVersion, document_id=version.document_id, version_id=version.pk
    )


def _make_current(
    document: Document, version: DocumentVersion, old: DocumentVersion | None, title: str
) -> None:
    index = search_index()
    if old is not None:
        index.set_current(old.pk, current=False)
        DocumentVersion.objects.filter(pk=old.pk).update(superseded_at=version.ready_at)
    if document.retired_at is None:
        index.set_current(version.pk, current=True)
    document.current_version = version
    if not document.title_is_set:
        document.title = title
    if not document.author_is_set:
        document.author = version.file_author
    document.save()
