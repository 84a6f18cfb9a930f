"""Whether the parts the product leans on are well."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from documents.ingest.lease import is_alive
from documents.models import Worker

#: With less free, an upload or a write-ahead log may fill the disk.
MIN_FREE_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Health:
    """Each part, and whether it is well. ``ready`` ignores what only degrades."""

    database: bool
    migrations: bool
    disk: bool
    worker: bool

    @property
    def ready(self) -> bool:
        """Whether requests can be answered."""
        return self.database and self.migrations and self.disk

    @property
    def status(self) -> str:
        """The whole in a word: ``ok``, ``degraded`` (no worker) or ``unavailable``."""
        if not self.ready:
            return "unavailable"
        return "ok" if self.worker else "degraded"


def health() -> Health:
    """Look at every part."""
    disk = shutil.disk_usage(settings.DATA_DIR).free >= MIN_FREE_BYTES
    try:
        migrated = not migrations_missing()
        worker = migrated and any(is_alive(worker) for worker in Worker.objects.all())
    except DatabaseError:
        return Health(database=False, migrations=False, disk=disk, worker=False)
    return Health(database=True, migrations=migrated, disk=disk, worker=worker)


def migrations_missing() -> int:
    """Return how many migrations of this release are not applied."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
