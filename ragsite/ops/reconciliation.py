"""The nightly comparison, put into words."""

from __future__ import annotations

from typing import Any, Final

from documents.ingest.reconciling.report import Report
from documents.models import DocumentVersion

#: What was mended, by kind.
MENDED: Final = {
    "documents_versions": "documents that named a wrong version",
    "index_strays": "index entries of chunks that are gone",
    "index_missing": "chunks that the index did not hold",
    "index_places": "index entries in a wrong place",
    "chunks_of_failed": "chunks of versions that failed",
    "embeddings_unused": "kept vectors of nothing",
    "vector_tables": "tables of vectors that nothing uses",
    "originals_unused": "original files of nothing",
    "page_pictures": "versions gone whose page pictures were kept",
    "temporary_files": "temporary files left behind",
}
#: What only a person can mend, and how.
LEFT: Final = {
    "original_missing": "its original file is missing: restore it from a backup, "
    "or upload the file again",
    "original_damaged": "its original file is shorter than it was: restore it from a backup, "
    "or upload the file again",
    "text_missing": "its text is missing: upload the file again",
    "chunks_missing": "passages of it are missing: upload the file again",
    "not_embedded": "passages of it could not be embedded: see manage.py doctor",
}


def sentences(left: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each fault with its document named; what was deleted meanwhile is left out."""
    ids = {fault["version"] for fault in left}
    versions = DocumentVersion.objects.select_related("document").in_bulk(ids)
    return [
        {
            "code": fault["code"],
            "document": str(version.document_id),
            "title": version.document.title,
            "version": version.number,
            "message": f"“{version.document.title}”, version {version.number}: "
            f"{LEFT[fault['code']]}.",
        }
        for fault in left
        if (version := versions.get(fault["version"]))
    ]


def lines(report: Report) -> list[str]:
    """Return the report for a person, line by line."""
    verb = "would be mended" if report.dry_run else "mended"
    looked = ", ".join(f"{count:,} {kind}" for kind, count in report.looked.items())
    found = [f"Compared: {looked}."]
    found += [f"{verb}: {count:,} {MENDED[kind]}" for kind, count in report.mended.items()]
    found += [f"LEFT  {fault['message']}" for fault in sentences(report.left)]
    return found
