"""Opening the data of an installation into a volume, and sealing it into a backup again."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from sqlcipher3 import dbapi2

from documents import crypto
from documents.models import DocumentVersion
from documents.storage import original_path
from ragsite.db.driver import load_vectors, unlock
from ragsite.ops.backup import copies
from ragsite.ops.backup.manifest import DATABASE, MANIFEST, ORIGINALS, Manifest, Part
from ragsite.ops.backup.sealed import SealedReader, SealedWriter

VOLUME: Final = "volume.tar.xz"
WORDS: Final = "What one release has sealed the next one opens."


def volume_write(folder: Path, *, made: str) -> None:
    """Write what this installation holds into ``folder``, opened, and samples of its sealing."""
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / DATABASE
        database = _database(settings.DATABASE_PATH)
        _export(database, plain, "")
        counts, migrations = copies.counts(database), copies.migrations(database)
        parts = {DATABASE: plain.read_bytes()} | _originals()
        database.close()
    manifest = {"product": settings.VERSION, "created_at": made, "counts": counts}
    parts[MANIFEST] = json.dumps(manifest | {"migrations": migrations}, sort_keys=True).encode()
    with lzma.open(folder / VOLUME, "wb", preset=9 | lzma.PRESET_EXTREME) as file:
        _tar(file, parts)
    _samples(folder / "sealed")


def own_faults() -> list[str]:
    """Return what is wrong with the database of this installation."""
    database = _database(settings.DATABASE_PATH)
    try:
        return copies.faults(database)
    finally:
        database.close()


def _database(path: Path) -> Any:
    opened = dbapi2.connect(str(path), isolation_level=None)
    unlock(opened, connection.settings_dict["OPTIONS"]["key"], path.name)
    load_vectors(opened)
    return opened


def _export(source: Any, target: Path, key: str) -> None:
    """Copy a whole database into a file with another key, or in clear."""
    source.execute("ATTACH ? AS target KEY ?", [str(target), f"x'{key}'" if key else ""])
    source.execute("SELECT sqlcipher_export('target')")
    source.execute("DETACH target")


def _originals() -> dict[str, bytes]:
    names = DocumentVersion.objects.order_by("pk").values_list("original", flat=True)
    return {
        ORIGINALS + name: crypto.decrypt(original_path(name).read_bytes(), settings.FILE_KEY)
        for name in names
    }


def _tar(file: Any, parts: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))


def backup_write(volume: Path, target: Path) -> None:
    """Seal a volume into the backup that its release would have written."""
    with lzma.open(volume / VOLUME) as file, tarfile.open(fileobj=file) as tar:
        parts = {entry.name: _content(tar, entry) for entry in tar}
    said = json.loads(parts.pop(MANIFEST))
    parts = {name: _sealed(name, content) for name, content in parts.items()}
    described = {
        name: Part(len(content), hashlib.sha256(content).hexdigest())
        for name, content in parts.items()
    }
    parts[MANIFEST] = Manifest(parts=described, **said).to_json()
    with target.open("wb") as written:
        sealed = SealedWriter(written, settings.BACKUP_KEY)
        _tar(sealed, parts)
        sealed.close()


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    found = tar.extractfile(entry)
    assert found is not None
    return found.read()


def _sealed(name: str, content: bytes) -> bytes:
    if name != DATABASE:
        return crypto.encrypt(content, settings.FILE_KEY)
    with tempfile.TemporaryDirectory() as scratch:
        plain, target = Path(scratch) / "plain", Path(scratch) / "sealed"
        plain.write_bytes(content)
        source = dbapi2.connect(str(plain), isolation_level=None)
        load_vectors(source)
        _export(source, target, connection.settings_dict["OPTIONS"]["key"])
        source.close()
        return target.read_bytes()


def _samples(folder: Path) -> None:
    """Write a few words in each way in which this release encrypts."""
    folder.mkdir()
    (folder / "original").write_bytes(crypto.encrypt(WORDS.encode(), settings.FILE_KEY))
    with (folder / "backup").open("wb") as file:
        sealed = SealedWriter(file, settings.BACKUP_KEY)
        sealed.write(WORDS.encode())
        sealed.close()
    database = _database(folder / "database")
    database.execute("CREATE TABLE words (words TEXT)")
    database.execute("INSERT INTO words VALUES (?)", [WORDS])
    database.close()


def samples_read(folder: Path) -> list[str]:
    """Return the words in each sample."""
    original = crypto.decrypt((folder / "original").read_bytes(), settings.FILE_KEY)
    with (folder / "backup").open("rb") as file:
        backup = SealedReader(file, settings.BACKUP_KEY).read()
    database = _database(folder / "database")
    (row,) = database.execute("SELECT words FROM words").fetchall()
    database.close()
    return [original.decode(), backup.decode(), row[0]]
