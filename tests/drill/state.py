"""Says what an installation holds, from within: ``python -m tests.drill.state`` prints JSON.

Run with the installation's own environment, beside its server or after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from typing import Any

import django

JSON = dict[str, Any]


def state() -> JSON:
    """Return counts, digests and what does not fit together.

    ``documents`` maps ids to status, versions and digests of their passages;
    ``faults`` are sentences, empty for a sound library.
    """
    # Models can be imported only when Django is set up.
    from django.db import connection  # noqa: PLC0415

    from chat.models import Citation, Conversation, Message  # noqa: PLC0415
    from ragsite.accounts.models import APIToken  # noqa: PLC0415

    documents, faults = _documents()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        faults += [f"integrity_check: {row[0]}" for row in cursor.fetchall() if row[0] != "ok"]
        cursor.execute("PRAGMA cipher_integrity_check")
        faults += [f"cipher_integrity_check: {row[0]}" for row in cursor.fetchall()]
        cursor.execute("PRAGMA foreign_key_check")
        faults += [f"foreign_key_check: {row[0]}" for row in cursor.fetchall()]
    answers = Message.objects.order_by("pk").values_list("question", "answer", "state")
    tokens = APIToken.objects.order_by("pk").values_list("digest", flat=True)
    return {
        "documents": documents,
        "conversations": Conversation.objects.count(),
        "messages": dict(Counter(state for _, _, state in answers)),
        "answers": _digest(json.dumps(list(answers))),
        "citations": Citation.objects.count(),
        "tokens": _digest("".join(tokens)),
        "faults": faults,
    }


def _documents() -> tuple[JSON, list[str]]:
    from documents import storage  # noqa: PLC0415
    from documents.errors import StorageFailed  # noqa: PLC0415
    from documents.models import Chunk, DocumentVersion  # noqa: PLC0415
    from documents.selectors import search_index  # noqa: PLC0415

    faults: list[str] = []
    by_version: dict[int, list[str]] = {}
    chunks_in_order = Chunk.objects.order_by("version_id", "ordinal")
    for version_id, *parts in chunks_in_order.values_list(
        "version_id", "start", "end", "page", "text"
    ):
        by_version.setdefault(version_id, []).append(" ".join(map(str, parts)))
    found: JSON = {}
    for version in DocumentVersion.objects.select_related("document").order_by("pk"):
        try:
            original = hashlib.sha256(storage.original_read(version.original)).hexdigest()
        except StorageFailed as error:
            original = error.message
        if original != version.sha256:
            faults.append(f"the original of {version.document_id} cannot be read: {original}")
        chunks = by_version.get(version.pk, [])
        if (version.status == "ready") != bool(chunks):
            faults.append(f"{version.document_id} is {version.status} with {len(chunks)} passages")
        known = found.setdefault(
            str(version.document_id), {"title": version.document.title, "versions": {}}
        )
        known["deleting"] = version.document.deleting
        known["versions"][str(version.number)] = {
            "status": version.status,
            "error": version.error_code,
            "sha256": version.sha256,
            "passages": len(chunks),
            "text": _digest("\0".join(chunks)),
            "current": version.document.current_version_id == version.pk,
        }
    counts = search_index().counts()
    passages = sum(len(chunks) for chunks in by_version.values())
    if not passages == counts.keyword == counts.semantic:
        faults.append(
            f"{passages} passages, {counts.keyword} by words, {counts.semantic} by meaning"
        )
    return found, faults


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
    django.setup()
    json.dump(state(), sys.stdout)
