"""Documents and their versions: upload, rename, move, retry, retire, delete."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from documents import admission, storage
from documents.errors import Conflict, FileTooLarge, Forbidden, InvalidInput, NotFound, QuotaReached
from documents.extract.kinds import SETTING_NAMES
from documents.extract.sniff import sniff
from documents.ingest import removal
from documents.ingest.asked import remember
from documents.ingest.bell import ring
from documents.models import Collection, Document, DocumentVersion
from documents.selectors import search_index
from documents.services.collections import collection_default
from documents.services.deeds import done
from documents.signals import document_moved
from documents.text.clean import clean
from documents.text.names import display_name, title_from_name
from documents.types import MediaType, Stage, Status

TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload came to: the document, and whether it had these bytes already."""

    document: Document
    duplicate: bool


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was accepted, with its content safely stored."""

    name: str
    media_type: MediaType
    size: int
    sha256: str
    original: str
    data: bytes


def allowed_media_types() -> frozenset[MediaType]:
    """Return the kinds of file this installation accepts."""
    return frozenset(SETTING_NAMES[extension] for extension in settings.ALLOWED_EXTENSIONS)


def _accept(data: bytes, filename: str) -> _File:
    """Check a file and store its content. Raises a ``FileError``."""
    name = display_name(filename)
    if len(data) > settings.MAX_FILE_SIZE:
        limit = settings.MAX_FILE_SIZE / 1_048_576
        raise FileTooLarge(f"The file is larger than {limit:.3g} MB, the limit here.")
    media_type = sniff(data, name, allowed_media_types())
    sha256 = hashlib.sha256(data).hexdigest()
    original = storage.original_save(data, sha256)
    return _File(name, media_type, len(data), sha256, original, data)


def _require_editor(user: User, collection: Collection) -> None:
    if not Collection.objects.editable_by(user).filter(pk=collection.pk).exists():
        raise Forbidden("You may read this collection but not change it.")


def document_upload(
    *,
    user: User,
    data: bytes,
    filename: str,
    collection: Collection | None = None,
    title: str = "",
    author: str = "",
    source: str = "",
) -> Upload:
    """Take in a new document, or return the one that has these bytes already.

    When it returns, row and file are durable. Raises a ``FileError`` for a file
    that is not accepted, ``Forbidden`` without the right to change the collection.
    """
    collection = collection or collection_default(user)
    _require_editor(user, collection)
    file = _accept(data, filename)
    with _discarding(file), transaction.atomic():
        if known := _with_content(collection, file.sha256):
            return Upload(_revived(known, source), duplicate=True)
        document = Document.objects.create(
            collection=collection,
            title=_clean_line(title) or title_from_name(file.name)[:TITLE_LENGTH],
            title_is_set=bool(_clean_line(title)),
            author=_clean_line(author),
            author_is_set=bool(_clean_line(author)),
            source=source,
            created_by=user,
        )
        _add_version(document, file, user, in_bulk=bool(source))
        done("uploaded", document, user)
    return Upload(document, duplicate=False)


def version_add(
    *, user: User, document: Document, data: bytes, filename: str, in_bulk: bool = False
) -> Upload:
    """Add a version to a document; the same bytes as its newest one add nothing.

    ``in_bulk`` lets what the same person uploads by hand be read first.
    """
    _require_editor(user, document.collection)
    file = _accept(data, filename)
    with _discarding(file), transaction.atomic():
        document = Document.objects.select_for_update().get(pk=document.pk)
        if document.deleting:
            raise NotFound
        newest = document.newest_version
        if newest is not None and newest.sha256 == file.sha256:
            return Upload(_revived(document, document.source), duplicate=True)
        _revive(document)
        version = _add_version(document, file, user, in_bulk=in_bulk)
        done("version_added", document, user, version=version.number)
    return Upload(document, duplicate=False)


@contextmanager
def _discarding(file: _File) -> Iterator[None]:
    """Leave nothing of a file on the disk that a quota keeps out."""
    try:
        yield
    except QuotaReached:
        removal.remove_unused(file.original)
        raise


def _with_content(collection: Collection, sha256: str) -> Document | None:
    found: Document | None = (
        Document.objects.select_for_update()
        .filter(collection=collection, versions__sha256=sha256, deleting=False)
        .order_by("created_at")
        .first()
    )
    return found


def _revived(document: Document, source: str) -> Document:
    """Bring a retired document back, and give a failed version another chance."""
    _revive(document)
    if source and not document.source:
        document.source = source
        document.save(update_fields=["source", "updated_at"])
    newest = document.newest_version
    if newest is not None and newest.status == Status.FAILED:
        _requeue(newest)
    return document


def _revive(document: Document) -> None:
    """Let a retired document answer again from its current version."""
    if document.retired_at is None:
        return
    document.retired_at = None
    document.save(update_fields=["retired_at", "updated_at"])
    if document.current_version_id is not None:
        search_index().set_current(document.current_version_id, current=True)
    document_moved.send(sender=Document, document_id=document.pk)


def _add_version(document: Document, file: _File, user: User, *, in_bulk: bool) -> DocumentVersion:
    admission.admit(user, file.size)
    # A deletion of the same content elsewhere may have removed the file since it
    # was written; inside this transaction none can.
    if not storage.original_exists(file.original):
        storage.original_save(file.data, file.sha256)
    last = document.versions.aggregate(last=Max("number"))["last"] or 0
    version: DocumentVersion = DocumentVersion.objects.create(
        document=document,
        number=last + 1,
        filename=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        original=file.original,
        uploaded_by=user,
        queued_for=user.pk,
        in_bulk=in_bulk,
    )
    document.newest_version = version
    document.save(update_fields=["newest_version", "updated_at"])
    remember(version.pk)
    ring()
    return version


def document_update(
    *,
    user: User,
    document: Document,
    title: str | None = None,
    author: str | None = None,
    collection: Collection | None = None,
) -> Document:
    """Rename a document, name its author or move it to another collection."""
    _require_editor(user, document.collection)
    with transaction.atomic():
        document = Document.objects.select_for_update().get(pk=document.pk)
        if title is not None:
            document.title, document.title_is_set = _checked_title(title), True
        if author is not None:
            document.author, document.author_is_set = _clean_line(author), True
        if collection is not None and collection.pk != document.collection_id:
            _move(user, document, collection)
        document.save()
        if title is not None or author is not None:
            done("renamed", document, user)
        if collection is not None:
            document_moved.send(sender=Document, document_id=document.pk)
        if title is not None:
            ring()  # its chunks carry the title in the index
    return document


def _move(user: User, document: Document, collection: Collection) -> None:
    _require_editor(user, collection)
    _refuse_twin(document, collection)
    places = {"before": document.collection_id, "after": collection.pk}
    document.collection = collection
    search_index().move(_version_ids(document), collection.pk)
    done("moved", document, user, **places)


def _refuse_twin(document: Document, collection: Collection) -> None:
    contents = document.versions.values("sha256")
    if Document.objects.filter(
        collection=collection, versions__sha256__in=contents, deleting=False
    ).exists():
        raise Conflict("The other collection has a document with the same content already.")


def _checked_title(title: str) -> str:
    title = _clean_line(title)
    if not title:
        raise InvalidInput("A document needs a title.")
    return title


def _clean_line(text: str) -> str:
    return " ".join(clean(text).split())[:TITLE_LENGTH]


def version_retry(*, user: User, document: Document) -> Document:
    """Read a failed version again. Raises ``Conflict`` when it has not failed."""
    _require_editor(user, document.collection)
    with transaction.atomic():
        document = Document.objects.select_for_update().get(pk=document.pk)
        newest = document.newest_version
        if newest is None or newest.status != Status.FAILED:
            raise Conflict("Only a version that failed can be tried again.")
        _requeue(newest)
        done("retried", document, user, version=newest.number)
    return document


def _requeue(version: DocumentVersion) -> None:
    version.status, version.stage, version.progress = Status.QUEUED, Stage.WAITING, 0.0
    version.attempts = version.interruptions = 0
    version.error_code = version.error_message = ""
    version.save()
    remember(version.pk)
    ring()


def source_keep(document: Document, source: str) -> None:
    """Note where the document's file is now."""
    Document.objects.filter(pk=document.pk).update(source=source)


def document_retire(document: Document) -> None:
    """Stop answering from a document whose file is gone; it comes back with its file."""
    with transaction.atomic():
        Document.objects.filter(pk=document.pk).update(retired_at=timezone.now())
        if document.current_version_id is not None:
            search_index().set_current(document.current_version_id, current=False)
    document_moved.send(sender=Document, document_id=document.pk)


def document_delete(*, user: User, document: Document) -> None:
    """Delete a document and everything made from it.

    It is out of everybody's sight when this returns; the rest is the worker's.
    """
    _require_editor(user, document.collection)

    def note() -> None:
        done("deleted", document, user, collection=document.collection_id)

    removal.withdraw(document.pk, note)


def _version_ids(document: Document) -> list[int]:
    return list(document.versions.values_list("pk", flat=True))
