"""Opening a backup in a place of its own, and comparing it with what it says of itself."""

# ruff: noqa: S608 - the names of tables are constants.

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from sqlcipher3 import dbapi2

from documents import crypto
from documents.errors import StorageFailed
from documents.index.schema import KEYWORD_TABLE, SCOPE_TABLE
from ragsite.ops.backup import copies
from ragsite.ops.backup.manifest import DATABASE, MANIFEST, ORIGINALS, Manifest, Part, manifest_read
from ragsite.ops.backup.sealed import SealedReader, Unreadable

_ORIGINAL: Final = re.compile(re.escape(ORIGINALS) + r"[0-9a-f]{2}/[0-9a-f]{64}")
_BLOCK: Final = 1 << 20
#: A manifest has some hundred bytes for each original.
_LONGEST_MANIFEST: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup that lies open in ``folder``: ``database`` and ``originals/``."""

    folder: Path
    manifest: Manifest
    found: dict[str, Part]

    @property
    def database(self) -> Path:
        """Where the copy of the database lies."""
        return self.folder / DATABASE


@dataclass(slots=True)
class _Contents:
    manifest: Manifest | None = None
    found: dict[str, Part] = field(default_factory=dict)


def unpack(path: Path, folder: Path) -> Unpacked:
    """Decrypt a backup into an empty folder. All in it stays encrypted under its own keys.

    Raises ``Unreadable`` for a file that is not a whole backup under this key, and
    ``OSError`` where it cannot be read or written.
    """
    contents = _Contents()
    with path.open("rb") as file:
        reader = SealedReader(file, settings.BACKUP_KEY)
        try:
            with tarfile.open(fileobj=reader, mode="r|") as tar:  # type: ignore[call-overload]
                for entry in tar:
                    _take(tar, entry, folder, contents)
        except tarfile.TarError as error:
            raise Unreadable(f"The backup cannot be unpacked: {error}.") from None
        while reader.read(_BLOCK):  # what follows the archive is authenticated too
            pass
    if contents.manifest is None:
        raise Unreadable("The backup has no manifest: it was cut off.")
    return Unpacked(folder, contents.manifest, contents.found)


def _take(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, into: _Contents) -> None:
    source = tar.extractfile(entry) if entry.isreg() else None
    if source is None or (
        entry.name not in {DATABASE, MANIFEST} and not _ORIGINAL.fullmatch(entry.name)
    ):
        raise Unreadable("The backup holds something that does not belong there.")
    if entry.name == MANIFEST:
        into.manifest = manifest_read(source.read(_LONGEST_MANIFEST))
    else:
        into.found[entry.name] = _write(source, folder / entry.name)


def _write(source: IO[bytes], target: Path) -> Part:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        target.chmod(0o600)
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    return Part(size, digest.hexdigest())


def check(backup: Unpacked) -> list[str]:
    """Return what is wrong with an unpacked backup, a sentence each; nothing when it is good.

    Parts against the manifest; the database in itself and against the manifest; the
    search index against its own rows; every original against the version it is of.
    """
    faults = _differing(backup)
    if DATABASE not in backup.found:
        return faults
    try:
        with copies.opened(backup.database) as database:
            faults += copies.faults(database)
            faults += _miscounted(backup.manifest, database)
            faults += _unindexed(database)
            faults += _lost(backup, copies.originals(database).items())
    except dbapi2.Error as error:
        faults.append(f"The database of the backup cannot be read: {error}.")
    return faults


def _differing(backup: Unpacked) -> list[str]:
    said, found = backup.manifest.parts, backup.found
    wrong = sorted(name for name in said.keys() | found.keys() if said.get(name) != found.get(name))
    return [f"{name} is not as the manifest says." for name in wrong[:20]]


def _miscounted(manifest: Manifest, database: Any) -> list[str]:
    counted = copies.counts(database)
    names = sorted(manifest.counts.keys() | counted.keys())
    return [
        f"The table {name} has {counted.get(name, 'no')} rows, not {manifest.counts.get(name)}."
        for name in names
        if counted.get(name) != manifest.counts.get(name)
    ]


def _unindexed(database: Any) -> list[str]:
    """Say whether the search index does not hold what it says it holds."""
    try:
        database.execute(f"INSERT INTO {KEYWORD_TABLE}({KEYWORD_TABLE}) VALUES ('integrity-check')")
    except dbapi2.DatabaseError:
        return ["The full-text index is damaged."]
    one, other = (
        database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in (SCOPE_TABLE, f"{KEYWORD_TABLE}_docsize")
    )
    return [] if one == other else ["The full-text index lacks passages."]


def _lost(backup: Unpacked, originals: Iterable[tuple[str, str]]) -> list[str]:
    faults = []
    for name, sha256 in originals:
        path = backup.folder / ORIGINALS / name
        try:
            content = crypto.decrypt(path.read_bytes(), settings.FILE_KEY)
        except (OSError, StorageFailed):
            faults.append(f"The original {name} is missing or damaged.")
            continue
        if hashlib.sha256(content).hexdigest() != sha256:
            faults.append(f"The original {name} is not the file of its version.")
    return faults[:20]


def unknown_migrations(manifest: Manifest) -> list[str]:
    """Return the migrations of a backup that this release does not have: it is too old for it."""
    # Without a connection: a place that is still empty stays so.
    loader = MigrationLoader(None, ignore_no_migrations=True)
    disk = loader.disk_migrations
    replaced = [each for migration in disk.values() for each in migration.replaces]
    known = {f"{app}.{name}" for app, name in [*disk, *replaced]}
    return sorted(set(manifest.migrations) - known)
