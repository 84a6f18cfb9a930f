"""Every part the product leans on, looked at once, with a mend for each fault.

Nothing is changed, and nothing of what documents or questions say is printed.
"""

from __future__ import annotations

import platform
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import sqlite_vec
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from sqlcipher3 import dbapi2

from analytics.metrics import queue, workers
from chat.services.models import configured_model
from documents import storage
from documents.errors import ProductError, StorageFailed
from documents.ingest.reconciling.run import last_run
from documents.models import Chunk, DocumentVersion
from documents.selectors import active_space, configured_embedder, search_index, space_embedder
from ragsite.ops.models import latest_backups
from ragsite.ops.reconciliation import sentences

#: A write-ahead log larger than this is not being moved into the database.
_LARGE_LOG: Final = 512 * 1024 * 1024
#: With less free, backups and uploads begin to fail.
_LITTLE_ROOM: Final = 1024**3
#: A version that waits for longer tells that nobody works.
_LONG_WAIT: Final = 3600.0
_OLD_BACKUP: Final = timedelta(days=2)
#: Originals that are opened, spread over all there are.
_SAMPLED: Final = 50


class Fault(Exception):
    """Something is wrong. Carries what, and what to do about it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Finding:
    """One part, whether it is well, what was seen, and the mend where it is not."""

    part: str
    is_well: bool
    seen: str
    mend: str = ""


def examine() -> Iterator[Finding]:
    """Look at every part, one after the other. A part that breaks is a fault, not an error."""
    for part, look in PARTS:
        try:
            yield Finding(part, True, look())
        except Fault as fault:
            yield Finding(part, False, str(fault), fault.mend)
        except Exception as error:  # noqa: BLE001  # looking must not end the examination
            yield Finding(part, False, _said(error), "See the line above; then docs/deployment.md.")


def _said(error: Exception) -> str:
    if isinstance(error, ProductError):
        return error.message
    return f"{type(error).__name__}: {error}"[:300]


def _engines() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cipher_version")
        cipher = cursor.fetchone()[0]
    python, sqlite = platform.python_version(), dbapi2.sqlite_version
    return f"Python {python}, SQLite {sqlite}, SQLCipher {cipher}, sqlite-vec {_vectors()}"


def _vectors() -> str:
    return str(getattr(sqlite_vec, "__version__", "?"))


def _folder() -> str:
    folder: Path = settings.DATA_DIR
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o007:
        raise Fault(f"{folder} is open to everybody on this machine.", f"chmod 700 {folder}")
    probe = settings.TEMP_DIR / ".doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Fault(
            f"{folder} cannot be written: {error}", "Let the product's user own it."
        ) from error
    return f"{folder}, for its owner alone"


def _disk() -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < _LITTLE_ROOM:
        raise Fault(f"{_size(free)} are free.", "Make room, or move DATA_DIR to a larger disk.")
    return f"{_size(free)} free"


def _database() -> str:
    database = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        if cursor.fetchone() != ("ok",):
            raise Fault("The database is damaged.", "Stop the server; manage.py restore FILE")
    log = database.with_name(f"{database.name}-wal")
    if log.exists() and log.stat().st_size > _LARGE_LOG:
        raise Fault(
            f"Its write-ahead log has grown to {_size(log.stat().st_size)}.",
            "Something reads for very long. Restart the server.",
        )
    return f"{_size(database.stat().st_size)}, opens with its key, no fault found"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Fault(f"{len(plan)} migrations are not applied.", "manage.py migrate")
    return "up to date"


def _originals() -> str:
    rows = dict(DocumentVersion.objects.order_by("pk").values_list("original", "pk"))
    missing = [name for name in rows if not storage.original_exists(name)]
    if missing:
        raise Fault(
            f"{len(missing)} of {len(rows)} original files are missing.",
            "manage.py restore FILE from a backup that has them.",
        )
    names = sorted(rows)
    for name in names[:: max(len(names) // _SAMPLED, 1)]:
        try:
            storage.original_read(name)
        except StorageFailed as error:
            raise Fault(f"{name}: {error.message}", "manage.py restore FILE") from error
    return f"{len(rows)} files, all there; a sample of them opens"


def _index() -> str:
    space = active_space()
    if space is None:
        return "empty: no document was read yet"
    counts = search_index(space).counts()
    chunks = Chunk.objects.filter(version__status="ready").count()
    if not counts.keyword == counts.semantic >= chunks:
        raise Fault(
            f"{chunks} passages, but {counts.keyword} by words and {counts.semantic} by meaning.",
            "Upload or retry the documents that are not found; then manage.py reindex",
        )
    return f"{chunks} passages, by words and by meaning ({space.model}, {space.dimensions})"


def _worker() -> str:
    alive = [worker for worker in workers() if worker["alive"]]
    if not alive:
        raise Fault("No worker was heard of lately.", "script/server, or manage.py serve worker")
    return f"{len(alive)} alive"


def _waiting() -> str:
    found = queue()
    if found.oldest_seconds > _LONG_WAIT:
        raise Fault(
            f"The oldest of {found.queued + found.processing} waits for "
            f"{found.oldest_seconds / 3600:.1f} hours.",
            "Look at the worker's log; manage.py serve worker",
        )
    return f"{found.queued} wait, {found.processing} are being read"


def _counting() -> str:
    key = "doctor"
    cache.set(key, 1, 10)
    if cache.incr(key) != 2:
        raise Fault("The cache does not count.", "Check REDIS_URL, or delete cache.db in DATA_DIR.")
    return "Redis" if settings.REDIS_URL else "in DATA_DIR"


def _backup() -> str:
    if not settings.BACKUP_KEEP:
        return "turned off by BACKUP_KEEP"
    good = next((row for row in latest_backups()[:50] if row.is_good), None)
    if good is None:
        begun = DocumentVersion.objects.filter(created_at__lt=timezone.now() - _OLD_BACKUP)
        if not begun.exists():
            return "none yet; the first is made tonight"
        raise Fault("There is no good backup.", "manage.py backup")
    age = good.age(timezone.now())
    if age > _OLD_BACKUP or not Path(good.path).is_file():
        raise Fault(f"The last good one is {age.days} days old or gone.", "manage.py backup")
    return f"{good.path}, verified"


def _reconciliation() -> str:
    last = last_run()
    if last is None:
        return "none yet; the first follows within minutes of a start"
    if faults := sentences(last.left):
        raise Fault(" ".join(fault["message"] for fault in faults[:3]), "manage.py reconcile")
    if (age := abs(timezone.now() - last.started_at)) > _OLD_BACKUP:
        raise Fault(f"The last comparison is {age.days} days old.", "manage.py reconcile")
    return f"{sum(last.mended.values())} mended on {last.started_at:%Y-%m-%d}, nothing left"


def _embedder() -> str:
    space = active_space()
    embedder = space_embedder(space) if space else configured_embedder()
    embedder.embed_query("a question")
    return f"{embedder.model} answers, {embedder.dimensions} dimensions"


def _model() -> str:
    model = configured_model()
    if model is None:
        return "none: answers quote the documents"
    return (
        f"{model.model} at {settings.OPENAI_BASE_URL or 'OpenAI'} (not asked: that may cost money)"
    )


def _size(size: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            break
        size /= 1024
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"


PARTS: Final[tuple[tuple[str, Callable[[], Any]], ...]] = (
    ("engines", _engines),
    ("data folder", _folder),
    ("disk", _disk),
    ("database", _database),
    ("migrations", _migrations),
    ("originals", _originals),
    ("search index", _index),
    ("embedder", _embedder),
    ("language model", _model),
    ("cache", _counting),
    ("worker", _worker),
    ("queue", _waiting),
    ("backup", _backup),
    ("reconciliation", _reconciliation),
)
