"""Answers as watches and notices keep them: made, read again, compared, and forgotten.

A kept answer is ``{"answer", "refused", "model", "sentences", "citations"}``, in the
shapes of the API.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from chat.answer.changes import Said, is_changed
from chat.answer.judging import located
from chat.models import Message, Notice, Watch
from chat.selectors import answer_of, passage_url, withdrawn
from chat.types import AnswerDraft
from documents.models import Document, DocumentVersion
from documents.selectors import PageFacts, page_facts
from documents.types import PageKind, Status

_KEPT = ("answer", "refused", "model", "sentences")
_KEPT_OF_CITATIONS = ("n", "document_id", "title", "version", "page", "quote", "start", "end")


def snapshot_of(draft: AnswerDraft) -> dict[str, Any]:
    """Return an answer in the form in which a watch keeps it."""
    return {
        "answer": draft.answer,
        "refused": draft.refused,
        "model": draft.model,
        "sentences": [
            {
                "text": sentence.text,
                "citations": list(sentence.citations),
                "verdict": sentence.verdict.value,
                "support": sentence.support,
                "start": sentence.start,
                "end": sentence.end,
            }
            for sentence in draft.sentences
        ],
        "citations": [
            {
                "n": c.n,
                "document_id": c.document_id,
                "title": c.title,
                "version": c.version,
                "page": c.page,
                "quote": c.quote,
                "start": c.start,
                "end": c.end,
            }
            for c in draft.citations
        ],
    }


def snapshot_of_message(message: Message, user: User) -> dict[str, Any]:
    """Return the answer of a message, as far as the user may read it, as a watch keeps it."""
    answer = answer_of(message, user)
    return {key: answer[key] for key in _KEPT} | {
        "citations": [{key: c[key] for key in _KEPT_OF_CITATIONS} for c in answer["citations"]]
    }


# --- reading --------------------------------------------------------------------------


def without_document(snapshot: dict[str, Any], document_id: str) -> dict[str, Any]:
    """Return a kept answer without the words of one document."""
    lost = [c for c in snapshot.get("citations", ()) if c["document_id"] == document_id]
    return shown_without(snapshot, {c["n"] for c in lost})


def shown_without(snapshot: dict[str, Any], lost: set[int]) -> dict[str, Any]:
    """Return a kept answer without these citations and what only they carry."""
    if not lost:
        return snapshot
    text, sentences = withdrawn(
        Message(answer=snapshot["answer"], sentences=snapshot["sentences"]), lost
    )
    citations = [
        c | {"quote": "", "document_id": None} if c["n"] in lost else c
        for c in snapshot["citations"]
    ]
    return snapshot | {"answer": text, "sentences": sentences, "citations": citations}


def readable(snapshots: Iterable[dict[str, Any]], user: User) -> list[dict[str, Any]]:
    """Return kept answers as the user may read them now, with addresses; two queries for all."""
    kept = list(snapshots)
    cited = [c for snapshot in kept for c in snapshot.get("citations", ())]
    seen = set(visible_documents(user, {c["document_id"] for c in cited} - {None}))
    paged = {c["document_id"] for c in cited if c["page"]}
    pages = page_facts(pk for pk in seen if str(pk) in paged)
    return [_readable(snapshot, set(map(str, seen)), pages) for snapshot in kept]


def _readable(snapshot: dict[str, Any], seen: set[str], pages: PageFacts) -> dict[str, Any]:
    citations = snapshot.get("citations", ())
    shown = shown_without(snapshot, {c["n"] for c in citations if c["document_id"] not in seen})
    return shown | {"citations": [_with_address(c, pages) for c in shown.get("citations", ())]}


def _with_address(citation: dict[str, Any], pages: PageFacts) -> dict[str, Any]:
    document, version = citation["document_id"], citation["version"]
    if not document:
        gone = {"title": "A source you can no longer read", "url": None}
        return citation | gone | {"page_kind": PageKind.PAGE.value}
    return citation | {
        "url": passage_url(document, version, citation["start"], citation["end"]),
        "page_kind": pages.kind(uuid.UUID(document), version).value,
    }


def visible_documents(user: User, ids: Iterable[str]) -> Iterable[uuid.UUID]:
    """Return those of the documents that the user may read."""
    rows: Iterable[uuid.UUID] = (
        Document.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)
    )
    return rows


def forget_document(document_id: Any) -> None:
    """Take the words of a deleted document out of kept answers and notices."""
    key = str(document_id)
    for watch in Watch.objects.filter(answer__icontains=key):
        watch.answer = without_document(watch.answer, key)
        watch.save(update_fields=["answer"])
    for notice in Notice.objects.filter(Q(before__icontains=key) | Q(after__icontains=key)):
        notice.before = without_document(notice.before, key)
        notice.after = without_document(notice.after, key)
        notice.save(update_fields=["before", "after"])


# --- what counts as a change ----------------------------------------------------------


def is_news(watch: Watch, snapshot: dict[str, Any]) -> bool:
    """Whether an answer tells the owner of a watch something else than the one that is kept."""
    gone = [c["quote"] for c in watch.answer["citations"] if not _stands(c)]
    fresh = [c["quote"] for c in snapshot["citations"] if _is_fresh(c, watch.checked_at)]
    return is_changed(_said(watch.answer), _said(snapshot), gone=gone, fresh=fresh)


def _said(snapshot: Mapping[str, Any]) -> Said:
    quotes = tuple(c["quote"] for c in snapshot["citations"])
    return Said(snapshot["answer"], snapshot["refused"], snapshot["model"], quotes)


def _stands(citation: Mapping[str, Any]) -> bool:
    """Whether the words of a citation stand in what its document says now."""
    text = (
        Document.objects.filter(pk=citation["document_id"], retired_at=None)
        .values_list("current_version__content__text", flat=True)
        .first()
    )
    return bool(text) and _holds(str(text), citation["quote"])


def _is_fresh(citation: Mapping[str, Any], since: datetime | None) -> bool:
    """Whether the words of a citation came with a version that is newer than the last answer."""
    versions = DocumentVersion.objects.filter(
        document_id=citation["document_id"], status=Status.READY
    ).order_by("-number")
    if (
        since is None
        or not versions.filter(number=citation["version"], ready_at__gt=since).exists()
    ):
        return False
    old = versions.filter(ready_at__lte=since).select_related("content").first()
    return old is None or not _holds(old.content.text, citation["quote"])


def _holds(text: str, quote: str) -> bool:
    return bool(quote) and located("", quote, text).start is not None


def is_outdated(snapshot: Mapping[str, Any]) -> bool:
    """Whether a document has another version by now than the one that is cited."""
    cited = {(c["document_id"], c["version"]) for c in snapshot["citations"]}
    current = dict(
        Document.objects.filter(pk__in=[key for key, _ in cited if key]).values_list(
            "pk", "current_version__number"
        )
    )
    now = {str(key): number for key, number in current.items()}
    return any(now.get(str(key)) != version for key, version in cited)
