"""Where originals lie: encrypted files, named by a keyed hash of their content."""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone

from documents import crypto
from documents.errors import StorageFailed


class EncryptedStorage(FileSystemStorage):
    """A file storage that encrypts what it writes and is durable when it returns.

    A name stands for one content (see ``original_name``), so writing a name that
    exists already is a no-op.
    """

    def __init__(self, location: str | os.PathLike[str] | None = None) -> None:
        super().__init__(location=str(location or settings.ORIGINALS_DIR))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        """Keep the name: equal names are equal contents."""
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not target.exists():
                _write_durably(target, crypto.encrypt(content.read(), settings.FILE_KEY))
        except OSError as error:
            raise StorageFailed from error
        return name

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:  # noqa: ARG002
        try:
            data = Path(self.path(name)).read_bytes()
        except OSError as error:
            raise StorageFailed("The original of this version is missing.") from error
        return ContentFile(crypto.decrypt(data, settings.FILE_KEY), name=name)


def _write_durably(target: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        _sync_folder(target.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def original_name(digest: str) -> str:
    """Return the storage name for a content with this SHA-256 (hexadecimal).

    The name is keyed: a listing of the folder does not tell which known files
    are in it.
    """
    keyed = hmac.new(settings.FILE_KEY, digest.encode(), hashlib.sha256).hexdigest()
    return f"{keyed[:2]}/{keyed}"


def original_save(data: bytes, digest: str) -> str:
    """Store a content and return its name. Raises ``StorageFailed``."""
    return storages["default"].save(original_name(digest), ContentFile(data))


def original_exists(name: str) -> bool:
    """Whether the content is there."""
    return storages["default"].exists(name)


def original_read(name: str) -> bytes:
    """Return the content. Raises ``StorageFailed`` when it is missing or damaged."""
    with storages["default"].open(name) as file:
        return bytes(file.read())


def original_delete(name: str) -> None:
    """Remove a content that nothing refers to any more."""
    storages["default"].delete(name)


def original_folders() -> list[str]:
    """Return the folders that originals lie in, in a fixed order."""
    return [f"{number:02x}" for number in range(256)]


def originals_older(folder: str, age: timedelta) -> list[str]:
    """Return the names of what lies in a folder for longer than ``age``."""
    files = storages["default"]
    if not files.exists(folder):
        return []
    names = [f"{folder}/{name}" for name in files.listdir(folder)[1]]
    return [name for name in names if timezone.now() - files.get_modified_time(name) > age]
