"""The errors of the product: each has a stable code and a sentence for a person.

The web layer turns them into a problem document or a message on the page; the
ingestion stores code and sentence with the version that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class ProductError(Exception):
    """Anything that goes wrong in a way the product foresees.

    ``code`` is stable and for programs, ``message`` is for a person, ``status``
    is the HTTP status it answers with, ``retryable`` says whether the same
    request may succeed later.
    """

    code: ClassVar[str] = "error"
    default_message: ClassVar[str] = "Something went wrong."
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False
    #: Seconds after which to come back, where that is known.
    retry_after: int | None = None

    def __init__(self, message: str = "") -> None:
        self.message = message or self.default_message
        #: More members for the problem document.
        self.extra: dict[str, Any] = {}
        super().__init__(self.message)


class NotFound(ProductError):
    """The object does not exist, or the caller may not know that it does."""

    code = "not_found"
    default_message = "There is nothing here, or you may not see it."
    status = 404


class InvalidInput(ProductError):
    """A request that cannot be carried out as it stands."""

    code = "invalid"
    default_message = "The request cannot be understood."


class Conflict(ProductError):
    """The request contradicts the present state."""

    code = "conflict"
    default_message = "This contradicts the present state."
    status = 409


class PreconditionFailed(ProductError):
    """The object is not what the caller thought it was (``If-Match``)."""

    code = "precondition_failed"
    default_message = "It was changed meanwhile. Read it again, then change it."
    status = 412


class Forbidden(ProductError):
    """The caller may see the object but not do this to it."""

    code = "forbidden"
    default_message = "Your role here does not allow this."
    status = 403


class QuotaReached(ProductError):
    """What a user may have in a day is used up. ``retry_after`` tells when the day ends."""

    code = "quota_reached"
    default_message = "What you may do in a day is used up."
    status = 429
    retryable = True


class StorageQuotaReached(QuotaReached):
    """What a user may have stored is used up; only deleting makes room."""

    code = "storage_quota_reached"
    default_message = "You have as much stored here as you may. Delete something first."
    status = 413
    retryable = False


# --- files that are not accepted, or cannot be read ------------------------------


class FilesRejected(ProductError):
    """None of several files was taken in. Answers with the status of what was wrong."""

    def __init__(
        self,
        rejected: Sequence[Mapping[str, str]],
        *,
        status: int,
        retry_after: int | None = None,
    ) -> None:
        first = rejected[0]
        several = f" {len(rejected) - 1} more were refused too." if len(rejected) > 1 else ""
        super().__init__(f"{first['filename']}: {first['message']}{several}")
        self.code = first["code"]  # type: ignore[misc]  # this one is told by its files
        self.status = status  # type: ignore[misc]
        self.retry_after = retry_after
        self.extra = {"documents": [], "rejected": list(rejected)}


class FileError(ProductError):
    """A file that cannot be taken in or read. The file itself is the reason."""

    code = "unreadable"
    default_message = "The file could not be read."


class EmptyFile(FileError):
    code = "empty_file"
    default_message = "The file is empty."


class FileTooLarge(FileError):
    code = "file_too_large"
    default_message = "The file is larger than this installation accepts."
    status = 413


class UnsupportedType(FileError):
    code = "unsupported_type"
    default_message = "Files of this type are not accepted."
    status = 415


class CorruptFile(FileError):
    code = "corrupt"
    default_message = "The file is damaged and could not be opened."


class PasswordRequired(FileError):
    code = "password_required"
    default_message = (
        "The file is protected by a password. Save it without one and upload it again."
    )


class UnsupportedEncryption(FileError):
    code = "unsupported_encryption"
    default_message = "The file is encrypted in a way that cannot be opened."


class NoPages(FileError):
    code = "no_pages"
    default_message = "The file has no pages."


class NoText(FileError):
    code = "no_text"
    default_message = "No text was found. This may be a scan: it needs text recognition first."


class TooComplex(FileError):
    code = "too_complex"
    default_message = "The file is too large or too complex to be read within the limits."


class UnsafeContent(FileError):
    code = "unsafe_content"
    default_message = "The file contains XML definitions that are refused for safety."


class CrashedRepeatedly(FileError):
    code = "crashed_repeatedly"
    default_message = "Reading this file failed several times. It was given up."


class NoPicture(ProductError):
    """A page that cannot be drawn, though its text could be read."""

    code = "no_picture"
    default_message = "This page cannot be shown as a picture."
    status = 422


# --- parts the product leans on -------------------------------------------------


class ServiceError(ProductError):
    """A part outside the file failed; the same work may succeed later."""

    code = "unavailable"
    default_message = "A service the product needs is not available."
    status = 503
    retryable = True


class Busy(ServiceError):
    code = "busy"
    retry_after = 5
    default_message = "Too many page pictures are being drawn. Try again in a moment."


class EmbeddingFailed(ServiceError):
    code = "embedding_failed"
    default_message = "The embedding service did not answer as it must."


class StorageFailed(ServiceError):
    code = "storage_failed"
    default_message = "The file could not be stored. Is the disk full?"
    status = 507
