"""Whether every original is there, and every file belongs to something."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db.models import Max

from documents import page_cache, storage
from documents.errors import StorageFailed
from documents.ingest.reconciling.report import Report, windows
from documents.ingest.removal import ORPHAN_AGE, remove_orphan_pages, remove_orphans
from documents.models import DocumentVersion
from documents.scratch import is_in_use

#: A backup that is being verified, or a comparison of settings, may work for hours.
SCRATCH_AGE: Final = timedelta(hours=24)
#: How every part of a file is called that is being written.
_UNFINISHED: Final = ".part-*"


def look(report: Report) -> None:
    """Compare the files with the rows, both ways."""
    _originals(report)
    for folder in storage.original_folders():
        orphans = _orphans(folder)
        removed = len(orphans) if report.dry_run or not orphans else remove_orphans(folder)
        _count(report, "originals_unused", removed)
    _count(report, "page_pictures", _orphan_pages() if report.dry_run else remove_orphan_pages())
    stale = [*_stale_scratch(), *_unfinished_pictures()]
    for path in stale if not report.dry_run else ():
        _remove(path)
    _count(report, "temporary_files", len(stale))


def _count(report: Report, kind: str, number: int) -> None:
    if number:
        report.mended[kind] += number


def _originals(report: Report) -> None:
    highest = DocumentVersion.objects.aggregate(last=Max("pk"))["last"] or 0
    for window in windows(highest):
        rows = DocumentVersion.objects.filter(pk__range=window, document__deleting=False)
        for pk, original, size in rows.values_list("pk", "original", "size"):
            report.looked["originals"] += 1
            # Where something is wrong: it may have been deleted since its row was read.
            if (code := _fault(original, size)) and _is_kept(pk):
                report.leave(code, pk)


def _is_kept(version_id: int) -> bool:
    rows = DocumentVersion.objects.filter(pk=version_id, document__deleting=False)
    return bool(rows.exists())


def _fault(original: str, size: int) -> str:
    """Return what is wrong with a file as far as its size tells; ``doctor`` opens some."""
    try:
        length = storage.original_path(original).stat().st_size
    except (StorageFailed, OSError):
        return "original_missing"
    return "original_damaged" if length < size else ""


def _orphans(folder: str) -> list[str]:
    names = storage.originals_older(folder, ORPHAN_AGE)
    used = set(
        DocumentVersion.objects.filter(original__in=names).values_list("original", flat=True)
    )
    return [name for name in names if name not in used]


def _orphan_pages() -> int:
    kept = page_cache.kept_versions()
    return len(kept) - DocumentVersion.objects.filter(pk__in=kept).count()


def _stale_scratch() -> Iterator[Path]:
    for path in Path(settings.TEMP_DIR).iterdir():
        if _untouched_for(path) > SCRATCH_AGE.total_seconds() and not is_in_use(path):
            yield path


def _unfinished_pictures() -> Iterator[Path]:
    for path in Path(settings.PAGES_DIR).rglob(_UNFINISHED):
        if _untouched_for(path) > ORPHAN_AGE.total_seconds():
            yield path


def _untouched_for(path: Path) -> float:
    """Return the seconds since a file, or the last one below a folder, was written."""
    newest = 0.0
    for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
        try:
            newest = max(newest, each.lstat().st_mtime)
        except FileNotFoundError:  # somebody is at work here
            return 0.0
    return time.time() - newest


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
