"""Pictures of pages that were drawn before, encrypted, in a folder of bounded size."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile

from documents.errors import StorageFailed
from documents.storage import EncryptedStorage

#: The share of the allowed size that is left when the oldest pictures have to go.
_KEPT = 0.9


def _files() -> EncryptedStorage:
    return EncryptedStorage(settings.PAGES_DIR)


def read(version_id: int, name: str) -> bytes | None:
    """Return what is kept under a name for a version, ``None`` when nothing is.

    What is read counts as new again. A file that is damaged is removed.
    """
    files, path = _files(), f"{version_id}/{name}"
    if not files.exists(path):
        return None
    try:
        with files.open(path) as file:
            data = bytes(file.read())
        os.utime(files.path(path))
    except (StorageFailed, OSError):  # removed meanwhile, or not what was written
        files.delete(path)
        return None
    return data


def keep(version_id: int, name: str, data: bytes) -> None:
    """Keep ``data`` under a name for a version; the oldest of all give way to it.

    Does nothing where the disk is full or the cache has no room for it: what is kept
    can be made again.
    """
    if len(data) > settings.PAGE_CACHE_SIZE:
        return
    files, path = _files(), f"{version_id}/{name}"
    try:
        if files.exists(path):
            files.delete(path)
        files.save(path, ContentFile(data))
        _evict()
    except (StorageFailed, OSError):
        return


def _evict() -> None:
    """Remove the oldest files until all of them fit into the allowed size again."""
    found = list(_all_files())
    total = sum(entry.st_size for _, entry in found)
    if total <= settings.PAGE_CACHE_SIZE:
        return
    for path, entry in sorted(found, key=lambda pair: pair[1].st_mtime):
        path.unlink(missing_ok=True)
        total -= entry.st_size
        if total <= _KEPT * settings.PAGE_CACHE_SIZE:
            return


def _all_files() -> Iterable[tuple[Path, os.stat_result]]:
    for folder in _folders():
        for path in folder.iterdir():
            try:
                yield path, path.stat()
            except FileNotFoundError:  # another process was faster
                continue


def _folders() -> list[Path]:
    root = Path(settings.PAGES_DIR)
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def forget(version_id: int) -> None:
    """Remove all that is kept for a version."""
    shutil.rmtree(Path(settings.PAGES_DIR) / str(version_id), ignore_errors=True)


def kept_versions() -> set[int]:
    """Return the ids of the versions that something is kept for."""
    return {int(path.name) for path in _folders() if path.name.isdecimal()}
