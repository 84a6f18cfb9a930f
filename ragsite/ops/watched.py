"""What operations tell those who watch: backups, keys and the nightly comparison."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from analytics.panels import Panel
from analytics.probes import Unwell
from documents import storage
from documents.ingest.reconciling.run import last_run
from documents.models import DocumentVersion
from ragsite.ops.models import Backup, latest_backups
from ragsite.ops.reconciliation import MENDED, sentences

#: A backup, or a comparison, that is older was missed twice.
_OLD: Final = timedelta(days=2)
_LISTED: Final = 5


def backup_panel() -> Panel:
    """Return the last backup, whether it was verified, and the age of the last good one."""
    if not settings.BACKUP_KEEP:
        return Panel("Backup", "off", is_well=True, sentences=("Turned off by BACKUP_KEEP.",))
    last = latest_backups().first()
    good = _last_good()
    if last is None:
        return Panel("Backup", "none yet", is_well=True, sentences=("The first is made tonight.",))
    age = good.age(timezone.now()) if good else None
    is_well = last.is_good and age is not None and age < _OLD
    said = last.error or (
        f"{last.size / 2**20:,.1f} MB in {last.seconds:,.0f} s, "
        + ("restored and compared." if last.verified_at else "not verified.")
    )
    numbers = {"backup_age_seconds": age.total_seconds()} if age else {}
    numbers |= {"backup_last_good": float(last.is_good), "backup_bytes": float(last.size)}
    word = "verified" if last.is_good else "failed" if last.error else "not verified"
    return Panel("Backup", word, is_well, last.started_at, (said,), numbers)


def _last_good() -> Backup | None:
    return next((row for row in latest_backups()[:50] if row.is_good), None)


def reconciliation_panel() -> Panel:
    """Return what the last comparison mended, and what it left for a person."""
    last = last_run()
    if last is None:
        said = ("The first follows within minutes of a start.",)
        return Panel("Comparison", "none yet", is_well=True, sentences=said)
    faults = sentences(last.left)
    mended = [f"{count:,} {MENDED[kind]} mended." for kind, count in last.mended.items()]
    age = abs(timezone.now() - last.started_at)
    word = f"{len(faults)} left" if faults else "late" if age > _OLD else "all well"
    told = (*mended, *(fault["message"] for fault in faults[:_LISTED]))
    numbers = {
        "reconciliation_age_seconds": age.total_seconds(),
        "reconciliation_mended": float(sum(last.mended.values())),
        "reconciliation_left": float(len(last.left)),
    }
    is_well = not faults and age <= _OLD
    return Panel("Comparison", word, is_well, last.started_at, told, numbers)


def backup_probe() -> str:
    """Return the age of the last good backup. Raises ``Unwell`` where it is too old or missing."""
    found = backup_panel()
    if not found.is_well:
        raise Unwell(f"{found.word}: {' '.join(found.sentences)}")
    if "backup_age_seconds" not in found.numbers:
        return found.sentences[0]
    hours = found.numbers["backup_age_seconds"] / 3600
    return f"The last good one is {hours:.1f} hours old. {found.sentences[0]}"


def reconciliation_probe() -> str:
    """Return what the last comparison came to. Raises ``Unwell`` where it left something."""
    found = reconciliation_panel()
    if not found.is_well:
        raise Unwell(f"{found.word}: {' '.join(found.sentences)} manage.py reconcile")
    return " ".join(found.sentences) or "Nothing differed."


def key_probe() -> str:
    """Open the newest original. Raises what storage raises where key and file do not fit."""
    newest = DocumentVersion.objects.order_by("-pk").first()
    if newest is None:
        return "It opens the database; there is no file yet."
    storage.original_read(newest.original)
    return "It opens the database and the newest file."


def writable_folder() -> str:
    """Prove that ``DATA_DIR`` can be written. Raises ``OSError``."""
    probe = Path(settings.TEMP_DIR) / ".probe"
    probe.write_bytes(b".")
    probe.unlink(missing_ok=True)
    return "It can be written."
