"""Who works on what, written down before the work begins.

The database is the queue. A worker claims a version by giving it a lease; while
it works it renews the lease; a lease that ran out, or whose worker is gone, puts
the version back. Nothing here trusts the broker, and nothing is lost with it.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from documents.errors import CrashedRepeatedly, FileError, ProductError
from documents.ingest import turns
from documents.models import DocumentVersion, Worker
from documents.signals import version_failed
from documents.types import Stage, Status

#: Longer than the longest step without a renewal: one batch of embeddings.
LEASE = timedelta(seconds=120)
RENEW_EVERY = 10.0
#: Seconds between two words on how far the work is: each is a write, and most files are
#: read in less.
TELL_EVERY = 0.5
#: A worker on another host that has not been heard of for so long is gone.
SILENT_AFTER = 60.0
#: A lease that ran out so long ago ends although nothing is heard of its worker, which runs.
GIVEN_UP = timedelta(hours=2)
#: Failures of a version while its worker lived: then the file is at fault.
MAX_ATTEMPTS = 3
#: Deaths of the whole worker around a version. They are seldom the file's fault, but
#: a file that does kill its worker must end some day.
MAX_INTERRUPTIONS = 25


class LeaseLost(ProductError):
    """Somebody else holds the version now, or it is gone. The work is to be dropped."""

    code = "lease_lost"
    default_message = "Another worker has taken over."


@dataclass(slots=True)
class Lease:
    """The right to work on one version, as long as it is renewed."""

    version_id: int
    owner: str
    _renewed: float = field(default_factory=time.monotonic)

    def renew(self, *, stage: Stage | None = None, progress: float | None = None) -> None:
        """Keep the lease, and tell how far the work is. Raises ``LeaseLost``."""
        changes: dict[str, object] = {"lease_until": timezone.now() + LEASE}
        if stage is not None:
            changes["stage"] = stage
        if progress is not None:
            changes["progress"] = round(min(max(progress, 0.0), 1.0), 3)
        if not self.held().update(**changes):
            raise LeaseLost
        self._renewed = time.monotonic()

    def advance(self, stage: Stage, progress: float) -> None:
        """Tell how far the work is, unless that was told a moment ago; still hold the lease.

        Raises ``LeaseLost``.
        """
        if time.monotonic() - self._renewed >= TELL_EVERY:
            self.renew(stage=stage, progress=progress)
        elif not self.held().exists():
            raise LeaseLost

    def keep(self, *, progress: float | None = None, every: float = RENEW_EVERY) -> None:
        """Renew when it is time to; cheap enough to be called often."""
        if time.monotonic() - self._renewed >= every:
            self.renew(progress=progress)

    def held(self) -> QuerySet[DocumentVersion]:
        """Return the version's row, as long as it is ours and its document is not deleted."""
        rows: QuerySet[DocumentVersion] = DocumentVersion.objects.filter(
            pk=self.version_id,
            lease_owner=self.owner,
            status=Status.PROCESSING,
            document__deleting=False,
        )
        return rows


def claim(owner: str) -> Lease | None:
    """Take the next version that waits, or nothing when none does.

    The attempt is counted before the work begins, so that a file that kills its
    reader cannot be read for ever. ``documents.ingest.turns`` tells whose turn it is.
    """
    with transaction.atomic():
        version_id = turns.next_version()
        if version_id is None:
            return None
        version = DocumentVersion.objects.select_for_update().get(pk=version_id)
        turns.turn_taken(version.queued_for)
        DocumentVersion.objects.filter(pk=version.pk).update(
            status=Status.PROCESSING,
            stage=Stage.RECOGNISING if version.needs_recognition else Stage.EXTRACTING,
            progress=0.0,
            attempts=version.attempts + 1,
            lease_owner=owner,
            lease_until=timezone.now() + LEASE,
        )
    return Lease(version.pk, owner)


def give_back(lease: Lease, error: ProductError, ms: float | None = None) -> None:
    """End an attempt that failed after ``ms``: again later when that may help, else for good."""
    with transaction.atomic():
        version = lease.held().select_for_update().first()
        if version is None:
            return
        if error.retryable and version.attempts < MAX_ATTEMPTS:
            _requeue(version)
        else:
            _fail(version, error, ms)


def postpone(lease: Lease) -> None:
    """Put the version into the second lane, at its end. The attempt does not count."""
    with transaction.atomic():
        version = lease.held().select_for_update().first()
        if version is None:
            return
        version.attempts = max(0, version.attempts - 1)
        version.needs_recognition = True
        _requeue(version)


def release_lost() -> int:
    """Put back every version whose worker died or went silent. Returns how many."""
    now = timezone.now()
    alive = {worker.pk: worker for worker in Worker.objects.all() if is_alive(worker)}
    released = 0
    for version in DocumentVersion.objects.filter(status=Status.PROCESSING):
        worker = alive.get(version.lease_owner)
        if worker is None or _has_lapsed(version.lease_until, worker, now):
            released += _release(version, worker_died=worker is None)
    return released


def _has_lapsed(until: datetime | None, worker: Worker, now: datetime) -> bool:
    """Whether a lease ran out although its worker lives.

    When the clock jumps, all leases seem to have run out, or to last for hours. Until the
    worker, which speaks up more often than it renews, was heard of by the clock as it is now,
    nothing follows from that.
    """
    if until is None:
        return True
    beyond = max(now - until, until - (now + 2 * LEASE))
    return beyond > GIVEN_UP or (beyond > timedelta() and worker.is_fresh(now, SILENT_AFTER))


def _release(seen: DocumentVersion, *, worker_died: bool) -> bool:
    with transaction.atomic():
        version = (
            DocumentVersion.objects.select_for_update()
            .filter(
                pk=seen.pk,
                status=Status.PROCESSING,
                lease_owner=seen.lease_owner,
                lease_until=seen.lease_until,
            )
            .first()
        )
        if version is None:
            return False
        if worker_died:
            version.attempts = max(0, version.attempts - 1)
            version.interruptions += 1
        if version.attempts >= MAX_ATTEMPTS or version.interruptions > MAX_INTERRUPTIONS:
            _fail(version, CrashedRepeatedly())
        else:
            _requeue(version)
    return True


def _requeue(version: DocumentVersion) -> None:
    version.status, version.progress = Status.QUEUED, 0.0
    version.stage = Stage.RECOGNISING if version.needs_recognition else Stage.WAITING
    version.lease_owner, version.lease_until = "", None
    version.save()


def _fail(version: DocumentVersion, error: ProductError, ms: float | None = None) -> None:
    version.status, version.stage = Status.FAILED, Stage.DONE
    version.lease_owner, version.lease_until = "", None
    version.error_code, version.error_message = error.code, error.message[:500]
    version.save()
    version_failed.send(
        sender=FileError,
        document_id=version.document_id,
        version_id=version.pk,
        code=error.code,
        ms=ms,
    )


# --- workers ----------------------------------------------------------------------


def worker_register() -> Worker:
    """Note this process as a running worker and return its row."""
    return Worker.objects.create(
        id=uuid.uuid4().hex,
        hostname=socket.gethostname(),
        pid=os.getpid(),
        pid_started=_started(os.getpid()),
        seen_at=timezone.now(),
    )


def worker_seen(worker_id: str) -> None:
    """Note that the worker lives."""
    Worker.objects.filter(pk=worker_id).update(seen_at=timezone.now())


def worker_gone(worker_id: str) -> None:
    """Note that the worker has ended in good order."""
    Worker.objects.filter(pk=worker_id).delete()


def forget_dead_workers() -> None:
    """Remove the rows of workers that are gone."""
    for worker in Worker.objects.all():
        if not is_alive(worker):
            worker.delete()


def is_alive(worker: Worker) -> bool:
    """Whether a worker still runs: by its process on this host, by its word elsewhere."""
    if worker.hostname == socket.gethostname():
        return bool(worker.pid_started) and _started(worker.pid) == worker.pid_started
    return worker.is_fresh(timezone.now(), SILENT_AFTER)


def _started(pid: int) -> str:
    """Return the start time of a process in ticks since boot, or nothing when it is gone.

    Field 22 of ``/proc/<pid>/stat`` (proc(5)), counted behind the command's closing
    parenthesis, since a command's name may hold spaces. A zombie counts as gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
