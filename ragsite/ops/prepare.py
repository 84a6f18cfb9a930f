"""What has to be right before the product starts. Each fault is one sentence."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import IO, Final

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

#: A file of an upload in progress is never older than this, in seconds.
_STALE_SECONDS: Final = 24 * 3600


class NotReady(Exception):
    """The product cannot start. The message is a sentence for the operator."""


def prepare(*, migrate: bool) -> None:
    """Open the database, bring it up to date, and clear what crashes left behind.

    Raises ``NotReady`` for a wrong key, a broken file, a database of a newer release, or one
    that is behind while ``migrate`` is false. Two that prepare at once do so one after the other.
    """
    if (settings.DATA_DIR / "rotating" / "ready.json").exists():
        raise NotReady("A change of the key was interrupted. Complete it: manage.py rotate_key")
    lock = hold(settings.DATA_DIR / "prepare.lock", wait=True)
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        if unknown := unknown_migrations(executor.loader):
            raise NotReady(
                "The database is of a newer release: this one does not know "
                f"{', '.join(unknown[:3])}. Run that release, or restore a backup of this one."
            )
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            if not migrate:
                raise NotReady("The database is not up to date. Run: manage.py migrate")
            call_command("migrate", interactive=False, verbosity=0)
    except (DatabaseError, MigrationSchemaMissing) as error:
        raise NotReady(str(error)) from None
    finally:
        connection.close()
        lock.close()
    remove_stale(settings.TEMP_DIR)


def hold(path: Path, *, wait: bool = False, shared: bool = False) -> IO[bytes]:
    """Return a file that stays locked until it is closed, or its last process has ended.

    Any number may hold it ``shared``. Raises ``NotReady`` when another process holds
    it otherwise, unless told to ``wait``.
    """
    file = path.open("ab")
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        raise NotReady(
            f"Another server runs on the data in {path.parent}. Stop it first."
        ) from None
    return file


def unknown_migrations(loader: MigrationLoader) -> list[str]:
    """Return what was applied to the database and is not in this release, as ``app.name``."""
    replaced = [
        each for migration in loader.disk_migrations.values() for each in migration.replaces
    ]
    unknown = set(loader.applied_migrations) - set(loader.disk_migrations) - set(replaced)
    return sorted(f"{app}.{name}" for app, name in unknown)


def remove_stale(folder: Path, *, older_than: float = _STALE_SECONDS) -> int:
    """Delete the files in ``folder`` that no upload can still be writing. Returns how many."""
    before = time.time() - older_than
    stale = [path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < before]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
