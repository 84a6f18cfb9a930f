"""A new key for database and files, after which the old one opens neither.

Everything is written anew beside the old under the new key, and looked through, before
anything is replaced. The new key is kept next to the old one before the files are
moved, so a crash at any point leaves a state that running it again completes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.utils import timezone
from sqlcipher3 import dbapi2

from documents import crypto, durable
from documents.errors import StorageFailed
from ragsite.audit.services import record
from ragsite.db.driver import load_vectors, unlock
from ragsite.ops.first_secrets import replace_file
from ragsite.ops.prepare import hold

NAME: Final = "DATABASE_KEY"
#: The new key, between being made and taking the old one's place.
NEXT: Final = "DATABASE_KEY_NEXT"
#: Marks that everything lies ready under the new key.
READY: Final = "ready.json"
STAGING: Final = "rotating"

#: Puts a second entry beside the last one of the beginning.
_ROTATED: Final = """
INSERT INTO audit_auditentry (at, actor_id, actor_name, via, token_id, action, object_type,
                              object_id, detail, outcome, address, request_id)
SELECT ?, actor_id, actor_name, via, token_id, 'key.rotated', object_type,
       object_id, detail, outcome, address, request_id
FROM audit_auditentry WHERE action = 'key.rotation_begun' ORDER BY id DESC LIMIT 1
"""

Progress = Callable[[int, int], None]


class CannotRotate(Exception):
    """The key cannot be changed. The message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the key is kept: a ``.env`` file, or a file of its own."""

    path: Path
    is_env: bool

    def read(self, name: str) -> str:
        """Return the value under a name; empty where there is none."""
        path = self.path if self.is_env else self._file(name)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not self.is_env:
            return text.strip()
        found = re.search(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*(\S*)", text, re.MULTILINE)
        return found[1].strip("\"'") if found else ""

    def write(self, name: str, value: str) -> None:
        """Keep a value under a name, durably; an empty one forgets it."""
        if not self.is_env:
            path = self._file(name)
            replace_file(path, f"{value}\n") if value else path.unlink(missing_ok=True)
            return
        text = self.path.read_text(encoding="utf-8")
        line = re.compile(rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=.*\n?", re.MULTILINE)
        kept = line.sub("", text)
        new = f"{name}={value}\n" if value else ""
        end = "" if not kept or kept.endswith("\n") else "\n"
        replace_file(self.path.resolve(), kept + end + new)

    def _file(self, name: str) -> Path:
        return self.path if name == NAME else self.path.with_name(self.path.name + ".next")


def key_place() -> KeyPlace:
    """Return where the key is kept. Raises ``CannotRotate`` where this program cannot write it."""
    if file := os.environ.get(f"{NAME}_FILE"):
        place = KeyPlace(Path(file), is_env=False)
    else:
        place = KeyPlace(settings.BASE_DIR / ".env", is_env=True)
    if not place.read(NAME):
        raise CannotRotate(
            f"{NAME} comes from the environment of this process, where nothing can be kept. Put it "
            f"into {settings.BASE_DIR / '.env'}, or into a file that {NAME}_FILE names."
        )
    if not os.access(place.path, os.W_OK) or not os.access(place.path.parent, os.W_OK):
        raise CannotRotate(f"The key is kept in {place.path}, which cannot be written.")
    return place


def rotate(place: KeyPlace, on_file: Progress = lambda _done, _of: None) -> None:
    """Give database and files a new key, and end a change that was interrupted.

    Raises ``CannotRotate`` and ``NotReady`` for what stands in the way, and
    ``StorageFailed`` for an original that the old key does not open; nothing is
    changed then.
    """
    staging: Path = settings.DATA_DIR / STAGING
    with ExitStack() as resources:
        resources.enter_context(hold(settings.DATA_DIR / "serving.lock"))
        resources.enter_context(hold(settings.DATA_DIR / "prepare.lock", wait=True))
        if not (staging / READY).is_file():
            _write_down("key.rotation_begun")
            try:
                _make_ready(staging, place, on_file)
            except Exception:
                _write_down("key.rotation_failed")
                raise
        connections.close_all()
        _swap(staging, place)


def _write_down(action: str) -> None:
    with suppress(DatabaseError):  # a database before its migrations has no log yet
        record(action)
    connections.close_all()


def _make_ready(staging: Path, place: KeyPlace, on_file: Progress) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    key = secrets.token_hex(crypto.KEY_BYTES)
    _write_anew(staging, key, on_file)
    place.write(NEXT, key)
    (staging / READY).write_text(json.dumps({"version": settings.VERSION}))
    # A power cut from here on finds all that the mark promises.
    durable.sync_tree(staging)
    durable.sync(staging.parent)


def _keys(secret: str) -> tuple[str, bytes]:
    """Return the keys of the database and of the files that come of a secret."""
    master = crypto.master_key(secret)
    return crypto.derive(master, "database").hex(), crypto.derive(master, "files")


def _write_anew(staging: Path, secret: str, on_file: Progress) -> None:
    database_key, file_key = _keys(secret)
    source = _open(settings.DATABASE_PATH, connection.settings_dict["OPTIONS"]["key"])
    target = _open(staging / "database", database_key)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        rows = target.execute(
            "SELECT DISTINCT original, sha256 FROM documents_documentversion"
        ).fetchall()
        for done, (name, sha256) in enumerate(rows, start=1):
            renamed = _rewrite(name, sha256, staging / "originals", file_key)
            target.execute(
                "UPDATE documents_documentversion SET original = ? WHERE original = ?",
                (renamed, name),
            )
            on_file(done, len(rows))
        # It stands in the new database alone: whoever can read it has the new key.
        target.execute(_ROTATED, [timezone.now().replace(tzinfo=None).isoformat(" ")])
        target.commit()
        _prove(target)
    finally:
        source.close()
        target.close()


def _open(path: Path, key: str) -> Any:
    opened = dbapi2.connect(str(path))
    unlock(opened, key, path.name)
    load_vectors(opened)
    return opened


def _rewrite(name: str, sha256: str, folder: Path, key: bytes) -> str:
    """Write one original under the new key, and return its new name."""
    # Names are keyed as well: see documents.storage.original_name.
    keyed = crypto.keyed_name(sha256, key)
    content = crypto.decrypt((settings.ORIGINALS_DIR / name).read_bytes(), settings.FILE_KEY)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StorageFailed(f"The original {name} is damaged. Nothing was changed.")
    path = folder / keyed
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as file:
        path.chmod(0o600)
        file.write(crypto.encrypt(content, key))
    return keyed


def _prove(database: Any) -> None:
    if database.execute("PRAGMA cipher_integrity_check").fetchall() or database.execute(
        "PRAGMA integrity_check"
    ).fetchall() != [("ok",)]:
        raise CannotRotate("The database has faults. Nothing was changed; run: manage.py doctor")


def _swap(staging: Path, place: KeyPlace) -> None:
    """Put the new files and the new key in the place of the old ones; each step may be repeated."""
    old = staging / "old"
    old.mkdir(mode=0o700, exist_ok=True)
    database: Path = settings.DATABASE_PATH
    if (staging / "database").exists():
        for end in ("-wal", "-shm", "-journal", ""):
            path = database.with_name(database.name + end)
            if path.exists():
                path.replace(old / f"database{end}")
        (staging / "database").replace(database)
        database.chmod(0o600)
    if (staging / "originals").exists():
        if settings.ORIGINALS_DIR.exists():
            settings.ORIGINALS_DIR.replace(old / "originals")
        (staging / "originals").replace(settings.ORIGINALS_DIR)
    shutil.rmtree(settings.PAGES_DIR, ignore_errors=True)
    # The key follows when the files it opens are in their place for good.
    for folder in (old, staging, database.parent, settings.ORIGINALS_DIR.parent):
        durable.sync(folder)
    if secret := place.read(NEXT):
        place.write(NAME, secret)
        place.write(NEXT, "")
    shutil.rmtree(staging)
