"""Several files in one request: each is taken in or refused by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from documents.errors import (
    FileError,
    FileTooLarge,
    InvalidInput,
    QuotaReached,
    StorageFailed,
)
from documents.models import Collection
from documents.services.documents import Upload, document_upload
from documents.text.names import display_name


@dataclass(slots=True)
class Batch:
    """What came of a request with several files."""

    uploads: list[Upload] = field(default_factory=list)
    rejected: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    #: Seconds after which what was refused may be sent again, where that is known.
    retry_after: int | None = None

    @property
    def status(self) -> int:
        """The status of a request of which nothing was taken in."""
        return self.statuses[0] if len(set(self.statuses)) == 1 else 400


def read_file(file: UploadedFile[Any]) -> bytes:
    """Return the content of an uploaded file. Raises ``FileTooLarge`` without reading it."""
    if file.size is not None and file.size > settings.MAX_FILE_SIZE:
        limit = settings.MAX_FILE_SIZE / 1_048_576
        raise FileTooLarge(f"The file is larger than {limit:.3g} MB, the limit here.")
    return bytes(file.read())


def take_in(
    user: User,
    files: Sequence[UploadedFile[Any]],
    *,
    collection: Collection,
    title: str = "",
    author: str = "",
) -> Batch:
    """Upload each file. A title is only used where it can be meant: for a single file."""
    if not files:
        raise InvalidInput("Choose at least one file.")
    batch = Batch()
    named: dict[str, Any] = {"title": title if len(files) == 1 else "", "author": author}
    for file in files:
        name = file.name or ""
        try:
            data = read_file(file)
            upload = document_upload(
                user=user, data=data, filename=name, collection=collection, **named
            )
        except (FileError, StorageFailed, QuotaReached) as error:
            batch.retry_after = error.retry_after or batch.retry_after
            batch.rejected.append(
                {"filename": display_name(name), "code": error.code, "message": error.message}
            )
            batch.statuses.append(error.status)
        else:
            batch.uploads.append(upload)
    return batch
