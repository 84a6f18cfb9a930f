"""Backups as a routine: make one, prove it by restoring it, keep the last few."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from documents.errors import ProductError
from documents.scratch import scratch_folder
from ragsite.ops.backup.archive import SUFFIX, Progress, backup_write
from ragsite.ops.backup.restore import checked
from ragsite.ops.backup.sealed import Unreadable
from ragsite.ops.models import Backup, latest_backups

#: The share of the disk that a scheduled backup leaves free.
_LEFT_FREE: Final = 0.05
#: Runs remembered.
_REMEMBERED: Final = 200


def backup_make(folder: Path, on_file: Progress = lambda _done, _of: None) -> Backup:
    """Make a backup, write down that it was made, and return its row.

    Raises ``OSError`` or ``ProductError`` when it cannot be made; that is written down too.
    """
    started, clock = timezone.now(), time.monotonic()
    try:
        path = backup_write(folder, on_file)
    except (OSError, ProductError) as error:
        said = str(error) or type(error).__name__
        Backup.objects.create(
            started_at=started, seconds=time.monotonic() - clock, error=f"Not made: {said}"[:500]
        )
        raise
    return Backup.objects.create(
        path=str(path),
        started_at=started,
        seconds=time.monotonic() - clock,
        size=path.stat().st_size,
    )


def backup_verify(path: Path) -> None:
    """Restore a backup into a scratch place and compare it. Raises ``Unreadable`` for any fault.

    What it finds is written to the backup's row, where it has one.
    """
    row = Backup.objects.filter(path=str(path)).first()
    error = ""
    try:
        with scratch_folder("verifying-") as folder:
            checked(path, folder)
    except (Unreadable, OSError) as found:
        error = str(found)
        raise
    finally:
        if row is not None:
            row.verified_at, row.error = timezone.now(), error[:500]
            row.save(update_fields=["verified_at", "error"])


def backup_routine() -> Backup:
    """Make a backup in ``BACKUP_DIR``, verify it, and forget the oldest beyond ``BACKUP_KEEP``.

    Raises what ``backup_make`` and ``backup_verify`` raise, and ``OSError`` rather than
    fill the disk.
    """
    folder: Path = settings.BACKUP_DIR
    _check_room(folder)
    row = backup_make(folder)
    backup_verify(Path(row.path))
    prune(settings.BACKUP_KEEP)
    row.refresh_from_db()
    return row


def _check_room(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    originals = sum(p.stat().st_size for p in settings.ORIGINALS_DIR.rglob("*") if p.is_file())
    database = Path(connection.settings_dict["NAME"]).stat().st_size
    # The archive holds both; making and verifying it need the database and all of it again.
    for place, needed in (
        (folder, originals + database),
        (settings.TEMP_DIR, originals + 2 * database),
    ):
        disk = shutil.disk_usage(place)
        if disk.free - needed < _LEFT_FREE * disk.total:
            message = f"There is not enough room in {place}: about {needed:,} bytes are needed."
            Backup.objects.create(started_at=timezone.now(), error=f"Not made: {message}"[:500])
            raise OSError(message)


def prune(keep: int) -> list[Path]:
    """Delete the oldest backups beyond ``keep`` good ones; return their paths.

    Only verified ones count, and only files this product made are touched. The last good
    one stays whatever ``keep`` says, and so does everything newer than it.
    """
    good = [row for row in latest_backups() if _is_there(row) and row.is_good]
    removed = []
    if len(good) > max(keep, 1):
        oldest = good[max(keep, 1) - 1].pk
        for row in Backup.objects.filter(pk__lt=oldest):
            if _is_there(row):
                Path(row.path).unlink()
                removed.append(Path(row.path))
            row.delete()
    stale = latest_backups().values_list("pk", flat=True)[_REMEMBERED:]
    Backup.objects.filter(pk__in=list(stale), path="").delete()
    return removed


def _is_there(row: Backup) -> bool:
    return row.path.endswith(SUFFIX) and Path(row.path).is_file()
