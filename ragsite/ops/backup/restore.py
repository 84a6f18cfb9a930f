"""Putting a backup in the place of what is there, or of nothing."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from documents import durable
from ragsite.audit.services import record
from ragsite.ops.backup.manifest import ORIGINALS, Manifest
from ragsite.ops.backup.revocations import Revoked, revoke, standing
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.backup.unpack import Unpacked, check, unknown_migrations, unpack
from ragsite.ops.prepare import hold


class NotEmpty(Exception):
    """There is data where the backup should go. The message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. ``kept`` is where the data lies that was there before, if any was."""

    manifest: Manifest
    kept: Path | None
    revoked: Revoked


def is_empty() -> bool:
    """Whether there is no database and no original here."""
    database = settings.DATABASE_PATH
    has_database = database.exists() and database.stat().st_size > 0
    return not has_database and not any(p.is_file() for p in settings.ORIGINALS_DIR.rglob("*"))


def restore(path: Path, *, force: bool = False, revoke_tokens: bool = False) -> Restored:
    """Unpack a backup, check all of it, and only then put it into place.

    What was there is moved aside, never deleted. Everybody has to sign in again, and what
    was revoked in the database that is replaced stays so: nothing that was ended since the
    backup may live once more. With ``revoke_tokens`` no API token outlives it. Raises
    ``NotEmpty`` where there is data and ``force`` is not given, ``NotReady`` while a
    server runs on it, and ``Unreadable`` for a backup that is damaged or of a newer release.
    """
    was_empty = is_empty()
    if not (force or was_empty):
        raise NotEmpty(
            f"There is data in {settings.DATA_DIR} already. With --force it is moved aside, "
            "into a folder beside it, and the backup takes its place."
        )
    with ExitStack() as resources:
        resources.enter_context(hold(settings.DATA_DIR / "serving.lock"))
        resources.enter_context(hold(settings.DATA_DIR / "prepare.lock", wait=True))
        staging = Path(
            resources.enter_context(
                tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix="restoring-")
            )
        )
        backup = checked(path, staging)
        present = None if was_empty else standing(settings.DATABASE_PATH)
        revoked = revoke(backup.database, present, all_tokens=revoke_tokens)
        durable.sync_tree(staging)  # before anything of it takes the place of what is there
        kept = _move_aside(was_empty=was_empty)
        _place(backup)
    call_command("migrate", interactive=False, verbosity=0)
    told = {"tokens": revoked.tokens, "passwords": revoked.passwords, "accounts": revoked.accounts}
    made = backup.manifest.created_at[:19]
    record("backup.restored", detail={"made": made, "all_tokens": revoke_tokens, **told})
    return Restored(backup.manifest, kept, revoked)


def checked(path: Path, folder: Path) -> Unpacked:
    """Unpack a backup into an empty folder. Raises ``Unreadable`` for any fault in it."""
    backup = unpack(path, folder)
    if unknown := unknown_migrations(backup.manifest):
        raise Unreadable(
            f"The backup was made by a newer release ({backup.manifest.product}): this one does "
            f"not know {', '.join(unknown[:3])}. Install that release or a later one first."
        )
    if faults := check(backup):
        raise Unreadable(" ".join(faults))
    return backup


def _database_files() -> list[Path]:
    database: Path = settings.DATABASE_PATH
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]


def _move_aside(*, was_empty: bool) -> Path | None:
    """Move the present data into a folder of its own, the log files of the database with it."""
    connections.close_all()
    # Kept pictures are named by versions of the data that goes.
    shutil.rmtree(settings.PAGES_DIR, ignore_errors=True)
    present = [path for path in _database_files() if path.exists()]
    if was_empty:
        for path in present:
            path.unlink()
        return None
    folder: Path = settings.DATA_DIR / f"replaced-{timezone.now():%Y%m%dT%H%M%SZ}"
    folder.mkdir(mode=0o700)
    for path in present:
        shutil.move(path, folder / path.name)
    settings.ORIGINALS_DIR.rename(folder / "originals")
    settings.ORIGINALS_DIR.mkdir(mode=0o700)
    return folder


def _place(backup: Unpacked) -> None:
    """Move the files into place, the database last: with it the restore is complete."""
    unpacked = backup.folder / ORIGINALS
    if unpacked.exists():
        settings.ORIGINALS_DIR.rmdir()
        unpacked.rename(settings.ORIGINALS_DIR)
    durable.sync(settings.ORIGINALS_DIR.parent)
    shutil.move(backup.database, settings.DATABASE_PATH)
    durable.sync(settings.DATABASE_PATH)
    durable.sync(settings.DATABASE_PATH.parent)
