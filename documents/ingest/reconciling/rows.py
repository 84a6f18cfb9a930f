"""Whether the rows of documents and versions agree with each other."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Count, F, Max, OuterRef, Q, Subquery

from documents.ingest.reconciling.report import WINDOW, Report, windows
from documents.models import Chunk, Document, DocumentVersion
from documents.types import Status


def look(report: Report) -> None:
    """Compare the versions that documents name with those that there are."""
    report.looked["documents"] = Document.objects.count()
    report.mend("documents_versions", _with_wrong_versions(), _name_versions)
    highest = DocumentVersion.objects.aggregate(last=Max("pk"))["last"] or 0
    for low, high in windows(highest, WINDOW // 2):
        _look_at_versions(report, low, high)


def _with_wrong_versions() -> list[uuid.UUID]:
    """Return the documents that do not name their newest version, or their newest ready one."""
    versions = DocumentVersion.objects.filter(document=OuterRef("pk")).order_by("-number")
    rows = Document.objects.filter(deleting=False).annotate(
        last=Subquery(versions.values("pk")[:1]),
        last_ready=Subquery(versions.filter(status=Status.READY).values("pk")[:1]),
    )
    wrong = rows.exclude(
        (Q(newest_version=F("last")) | Q(newest_version=None, last=None))
        & (Q(current_version=F("last_ready")) | Q(current_version=None, last_ready=None))
    )
    return list(wrong.order_by("pk").values_list("pk", flat=True))


def _name_versions(ids: Sequence[uuid.UUID]) -> int:
    """Name the right versions. The index is brought in line with them afterwards."""
    rows = Document.objects.select_for_update().filter(pk__in=ids, deleting=False)
    for document in rows:
        versions = document.versions.order_by("-number")
        ready = versions.filter(status=Status.READY).first()
        document.newest_version, document.current_version = versions.first(), ready
        document.save(update_fields=["newest_version", "current_version"])
        if ready is not None:
            DocumentVersion.objects.filter(pk=ready.pk).update(superseded_at=None)
    return len(rows)


def _look_at_versions(report: Report, low: int, high: int) -> None:
    ready = DocumentVersion.objects.filter(
        pk__range=(low, high), status=Status.READY, document__deleting=False
    )
    report.looked["versions"] += ready.count()
    for version_id in ready.filter(content=None).values_list("pk", flat=True):
        report.leave("text_missing", version_id)
    counted = Chunk.objects.filter(version__in=ready.values("pk")).values("version_id")
    found = {
        row["version_id"]: row["last"] + 1 == row["count"]
        for row in counted.annotate(count=Count("pk"), last=Max("ordinal")).order_by()
    }
    for version_id in ready.values_list("pk", flat=True):
        if not found.get(version_id):
            report.leave("chunks_missing", version_id)
