"""Everything of one person in one file: all of it, and nothing of anybody else's."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from analytics.models import RequestLog, Use
from chat.api.exports import conversation_body
from chat.models import Conversation, Feedback, Judgement, Notice, SavedQuestion, Watch
from documents.models import Collection, DocumentVersion, Membership
from documents.storage import original_read
from documents.text.names import display_name
from ragsite.accounts.models import APIToken, UserSession
from ragsite.accounts.two_step import is_on
from ragsite.audit.models import AuditEntry
from ragsite.audit.services import record
from ragsite.quotas.models import DailyUse
from ragsite.quotas.services import limits_of

Rows = list[dict[str, Any]]


def user_export(user: User, target: Path) -> dict[str, int]:
    """Write a person's data into a ZIP file that only its owner may read; return counts by name.

    Tables are JSON; of uploads there is a list, and the original of each that lies in a
    collection of their own. Secrets are in none of it. The file appears under its name when it is
    whole. Raises ``OSError`` where it cannot be written and ``StorageFailed`` for an
    original that is missing.
    """
    reader = copy(user)
    reader.is_active = True  # who was closed has the same claim; nothing of this is saved
    counts: dict[str, int] = {}
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".export-", delete=False) as file:
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, rows in _tables(reader):
                    counts[name] = len(rows)
                    text = json.dumps(rows, ensure_ascii=False, indent=2, default=str)
                    archive.writestr(f"{name}.json", text)
                counts["originals"] = _originals(archive, reader)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    record("user.exported", about=("user", user.pk))
    return counts


def _tables(user: User) -> Iterator[tuple[str, Rows]]:
    yield "profile", [_profile(user)]
    yield "tokens", _values(APIToken.objects.filter(user=user), "name", "prefix", "scope",
                            "created_at", "expires_at", "last_used_at")  # fmt: skip
    yield "sessions", _values(UserSession.objects.filter(user_id=user.pk), "expire_date")
    yield "collections", _values(Membership.objects.filter(user=user), "collection__name",
                                 "collection__slug", "role", "created_at")  # fmt: skip
    yield "uploads", _values(uploads(user), "document_id", "document__title", "number", "filename",
                             "media_type", "size", "sha256", "status", "created_at")  # fmt: skip
    own = Conversation.objects.filter(user=user).order_by("created_at", "id")
    yield "conversations", [conversation_body(each, user, replaced=True) for each in own]
    yield from _of_quality(user)
    yield from _of_use(user)


def _profile(user: User) -> dict[str, Any]:
    fields = ("username", "email", "first_name", "last_name", "date_joined", "last_login")
    more = {"second_step": is_on(user), "quotas": limits_of(user.pk), "made": timezone.now()}
    return {name: getattr(user, name) for name in fields} | more


def uploads(user: User) -> QuerySet[DocumentVersion]:
    """Return what this person uploaded and may see."""
    rows: QuerySet[DocumentVersion] = DocumentVersion.objects.visible_to(user)
    return rows.filter(uploaded_by=user).order_by("created_at", "id")


def _of_quality(user: User) -> Iterator[tuple[str, Rows]]:
    ratings = Feedback.objects.filter(message__conversation__user=user)
    yield "ratings", _values(ratings, "message_id", "rating", "comment", "updated_at")
    watches = Watch.objects.filter(user=user)
    yield "watches", _values(watches, "question", "answer", "created_at", "checked_at")
    notices = Notice.objects.filter(user=user)
    yield "notices", _values(notices, "kind", "text", "before", "after", "created_at", "seen_at")
    questions = SavedQuestion.objects.visible_to(user).filter(created_by=user)
    yield "questions", _values(questions, "text", "expected", "question_set__name", "created_at")
    judged = Judgement.objects.visible_to(user).filter(by=user)
    yield "judgements", _values(judged, "question__text", "document_id", "version", "start", "end",
                                "quote", "grade", "at")  # fmt: skip


def _of_use(user: User) -> Iterator[tuple[str, Rows]]:
    about = Q(actor_id=user.pk) | Q(object_type="user", object_id=str(user.pk))
    yield "audit", _values(AuditEntry.objects.filter(about), "at", "via", "action", "object_type",
                           "object_id", "outcome", "address")  # fmt: skip
    requests = RequestLog.objects.filter(user=user)
    yield "requests", _values(requests, "at", "method", "route", "status", "ms")
    days = DailyUse.objects.filter(user=user)
    yield "days", _values(days, "day", "files", "bytes", "questions", "tokens")
    uses = Use.objects.filter(reader=user.pk)
    yield "documents_read", _values(uses, "day", "document_id", "viewed", "opened", "downloaded")


def _values(rows: QuerySet[Any], *fields: str) -> Rows:
    return list(rows.values(*fields))


def _originals(archive: zipfile.ZipFile, user: User) -> int:
    owned = Collection.objects.owned_by(user)
    versions = uploads(user).filter(document__collection__in=owned)
    for version in versions:
        name = f"{version.number}-{display_name(version.filename)}"
        content = original_read(version.original)
        archive.writestr(f"originals/{version.document_id}/{name}", content)
    return len(versions)
