"""Files and folders of this machine, kept in step with a collection."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from documents.errors import FileError, FileTooLarge, ProductError, StorageFailed
from documents.models import Collection, Document
from documents.services.documents import (
    Upload,
    document_retire,
    document_upload,
    source_keep,
    version_add,
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one file. ``outcome`` is new, version, unchanged, duplicate or rejected."""

    path: str
    outcome: str
    document: Document | None = None
    error: ProductError | None = None


def printable(path: Path) -> str:
    """Return a path as text that can be stored and shown, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files named, and those in the folders named, in a stable order.

    Hidden files inside a folder are left out, and links to folders not followed.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, subfolders, names in os.walk(path):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            yield from (Path(folder, n) for n in sorted(names) if not n.startswith("."))


def file_take_in(*, user: User, collection: Collection, path: Path) -> Taken:
    """Upload a file, or add it as a version to the document that this path made before."""
    source = printable(path.resolve())
    try:
        data = _read(path)
        known = Document.objects.filter(collection=collection, source=source, deleting=False)
        document = known.select_related("collection", "newest_version").first()
        if document is not None:
            upload = version_add(
                user=user, document=document, data=data, filename=path.name, in_bulk=True
            )
            outcome = "unchanged" if upload.duplicate else "version"
        else:
            upload = document_upload(
                user=user, data=data, filename=path.name, collection=collection, source=source
            )
            outcome = "duplicate" if upload.duplicate else "new"
    except (FileError, StorageFailed) as error:
        return Taken(source, "rejected", error=error)
    return Taken(source, outcome, _moved(upload, source))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > settings.MAX_FILE_SIZE:
            raise FileTooLarge
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"The file could not be read: {error.strerror}.") from None


def _moved(upload: Upload, source: str) -> Document:
    """Follow a file that was moved: its old path is gone, its bytes are here."""
    document = upload.document
    if upload.duplicate and document.source and not Path(document.source).exists():
        source_keep(document, source)
    return document


def folder_prune(
    *, collection: Collection, folders: Sequence[Path], seen: Iterable[Taken]
) -> list[Document]:
    """Retire the documents whose file was in one of the folders and is there no longer."""
    present = {taken.document.pk for taken in seen if taken.document is not None}
    present_paths = {taken.path for taken in seen}
    roots = tuple(printable(folder.resolve()).rstrip("/") + "/" for folder in folders)
    gone = [
        document
        for document in Document.objects.filter(collection=collection, retired_at=None).exclude(
            source=""
        )
        if document.source.startswith(roots)
        and document.pk not in present
        and document.source not in present_paths
    ]
    for document in gone:
        document_retire(document)
    return gone
