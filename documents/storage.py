"""Where originals lie: encrypted files, named by a keyed hash of their content."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, storages
from django.utils import timezone

from documents import crypto, durable
from documents.errors import StorageFailed

#: How long a backup waits for deletions to let go of the originals, seconds.
_PATIENCE = 10.0


class EncryptedStorage(FileSystemStorage):
    """A file storage that encrypts what it writes and is durable when it returns.

    A name stands for one content (see ``original_name``), so writing a name that
    exists already is a no-op, unless the file has been damaged.
    """

    def __init__(self, location: str | os.PathLike[str] | None = None) -> None:
        super().__init__(location=str(location or settings.ORIGINALS_DIR))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        """Keep the name: equal names are equal contents."""
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        folder = target.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_sound(target):
                _write_durably(target, crypto.encrypt(content.read(), settings.FILE_KEY))
            # Also where it was there: whoever wrote it may not have come so far yet.
            durable.sync(folder)
            _sync_name(folder)
        except OSError as error:
            raise StorageFailed from error
        return name

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:  # noqa: ARG002
        try:
            data = Path(self.path(name)).read_bytes()
        except OSError as error:
            raise StorageFailed("The original of this version is missing.") from error
        return ContentFile(crypto.decrypt(data, settings.FILE_KEY), name=name)


@lru_cache(maxsize=1024)
def _sync_name(folder: Path) -> None:
    """Wait until the name of a folder is on the disk: once, by each process that uses it.

    That it was there is not enough: another process may have made it a moment ago.
    """
    durable.sync(folder.parent)


def _is_sound(path: Path) -> bool:
    """Whether the file is there and opens with the key."""
    try:
        crypto.decrypt(path.read_bytes(), settings.FILE_KEY)
    except (FileNotFoundError, StorageFailed):
        return False
    return True


def _write_durably(target: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def original_name(digest: str) -> str:
    """Return the storage name for a content with this SHA-256 (hexadecimal)."""
    return crypto.keyed_name(digest, settings.FILE_KEY)


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
    """Remove a content that nothing refers to any more.

    While ``originals_kept`` is in force it stays, for the sweep of orphans to find.
    """
    with _folder_locked(fcntl.LOCK_SH) as may_delete:
        if may_delete:
            storages["default"].delete(name)


@contextmanager
def originals_kept() -> Iterator[None]:
    """Let no original be deleted meanwhile, by any process.

    Raises ``StorageFailed`` when somebody else keeps them for more than some seconds.
    """
    with _folder_locked(fcntl.LOCK_EX, patience=_PATIENCE) as is_held:
        if not is_held:
            raise StorageFailed("Another backup is being made. Try again when it is done.")
        yield


@contextmanager
def _folder_locked(kind: int, *, patience: float = 0.0) -> Iterator[bool]:
    """Lock the folder of the originals; give whether that was possible within so many seconds."""
    descriptor = os.open(settings.ORIGINALS_DIR, os.O_RDONLY)
    until = time.monotonic() + patience
    try:
        while not (is_locked := _locked(descriptor, kind)) and time.monotonic() < until:
            time.sleep(0.02)
        yield is_locked
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def original_path(name: str) -> Path:
    """Return where the encrypted content lies. Raises ``StorageFailed`` when it is missing."""
    path = Path(storages["default"].path(name))
    if not path.is_file():
        raise StorageFailed("The original of a version is missing.")
    return path


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
