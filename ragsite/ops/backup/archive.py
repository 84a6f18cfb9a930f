"""Making a backup while everything goes on."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.utils import timezone

from documents import durable, storage
from documents.scratch import scratch_folder
from ragsite.ops.backup import copies
from ragsite.ops.backup.manifest import DATABASE, MANIFEST, ORIGINALS, Manifest, Part
from ragsite.ops.backup.sealed import SealedWriter

SUFFIX: Final = ".backup"
_BLOCK: Final = 1 << 20

Progress = Callable[[int, int], None]


def backup_write(folder: Path, on_file: Progress = lambda _done, _of: None) -> Path:
    """Write a backup into ``folder`` and return its path.

    It holds the database as it is at one moment, and every original that the database
    refers to at that moment: none is deleted meanwhile. The file appears under its name
    only when it is whole and on the disk. Raises ``OSError`` where it cannot be written,
    and ``StorageFailed`` when an original is missing.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = timezone.now()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as file:
        try:
            _fill(file, now, on_file)
            file.flush()
            os.fsync(file.fileno())
            target = _free_name(folder, now)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    with suppress(OSError):  # some file systems cannot; the file itself is on the disk
        durable.sync(folder)
    return target


def _fill(file: IO[bytes], now: datetime, on_file: Progress) -> None:
    sealed = SealedWriter(file, settings.BACKUP_KEY)
    with (
        storage.originals_kept(),
        scratch_folder("backing-up-") as scratch,
        # Streamed: tarfile never seeks, so memory stays at a block whatever the size.
        tarfile.open(fileobj=sealed, mode="w|", format=tarfile.PAX_FORMAT) as tar,  # type: ignore[call-overload]
    ):
        copy = scratch / DATABASE
        copies.copy_database(copy)
        with copies.opened(copy) as database:
            counts, migrations = copies.counts(database), copies.migrations(database)
            names = sorted(copies.originals(database))
        parts = {DATABASE: _add(tar, DATABASE, copy)}
        for done, name in enumerate(names, start=1):
            parts[ORIGINALS + name] = _add(tar, ORIGINALS + name, storage.original_path(name))
            on_file(done, len(names))
        manifest = Manifest(settings.VERSION, now.isoformat(), counts, migrations, parts)
        _add_bytes(tar, MANIFEST, manifest.to_json())
    sealed.close()


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Part:
    size = path.stat().st_size
    with path.open("rb") as file:
        hashed = _Hashed(file)
        tar.addfile(_entry(name, size), hashed)
    return Part(size, hashed.digest.hexdigest())


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_entry(name, len(data)), io.BytesIO(data))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _free_name(folder: Path, now: datetime) -> Path:
    """Return a name by the time that nothing has yet."""
    stem = f"ragsite-{now:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{f'-{n}' if n else ''}{SUFFIX}" for n in range(1000))
    return next(folder / name for name in names if not (folder / name).exists())
