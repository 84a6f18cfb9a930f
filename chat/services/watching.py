"""What people watch, and what makes it due.

The row is the truth. A change of a document makes its watches due a little later, so
that several changes in a row lead to one check after the last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.answer.judging import question_key
from chat.models import Message, SavedQuestion, Watch
from chat.services.asking import scope_kept
from chat.services.questions import asked_text
from chat.services.snapshots import is_outdated, snapshot_of_message
from documents.errors import InvalidInput, NotFound
from documents.ingest.bell import ring
from documents.models import Document
from documents.search.scope import Within

CHECK = "chat.tasks.check_watches"
#: A document that never rests is looked at after so many delays all the same.
LONGEST_WAIT = 10
MAX_WATCHES = 200


def watch_get(user: User, watch_id: int) -> Watch:
    """Return one of the user's watches. Raises ``NotFound``."""
    rows = Watch.objects.visible_to(user).filter(pk=watch_id) if watch_id < 2**63 else None
    found: Watch | None = rows.first() if rows is not None else None
    if found is None:
        raise NotFound
    return found


def message_watch(*, user: User, message: Message) -> Watch:
    """Watch the answer of one of the user's messages, as it stands."""
    if message.state != Message.State.COMPLETE:
        raise InvalidInput("Only an answer that is complete can be watched.")
    watch = _made(user, asked_text(message), message.scope, message=message)
    if not watch.serial:
        snapshot = snapshot_of_message(message, user)
        with transaction.atomic():
            answer_keep(watch, snapshot, checked_at=message.created_at)
            if is_outdated(snapshot):
                _mark(Watch.objects.filter(pk=watch.pk), timezone.now())
    return watch


def question_watch(*, user: User, question: SavedQuestion) -> Watch:
    """Watch a saved question, asked in its collection; its first answer comes by itself."""
    watch = _made(user, question.text, _scope_of(question), saved_question=question)
    if not watch.serial:
        with transaction.atomic():
            Watch.objects.filter(pk=watch.pk).update(due_at=timezone.now())
            ring(CHECK)
    return watch


def watch_of_message(user: User, message: Message) -> Watch | None:
    """Return the user's watch of this question, asked in the same place, if there is one."""
    return _known(user, _key(asked_text(message), message.scope))


def watch_of_question(user: User, question: SavedQuestion) -> Watch | None:
    """Return the user's watch of a saved question, if there is one."""
    return _known(user, _key(question.text, _scope_of(question)))


def watched_questions(user: User, rows: Iterable[SavedQuestion]) -> set[int]:
    """Return the ids of those of the questions, all of one set, that the user watches."""
    by_key = {_key(row.text, _scope_of(row)): row.pk for row in rows}
    known = Watch.objects.visible_to(user).filter(key__in=by_key)
    return {by_key[key] for key in known.values_list("key", flat=True)}


def _known(user: User, key: str) -> Watch | None:
    found: Watch | None = Watch.objects.visible_to(user).filter(key=key).first()
    return found


def _scope_of(question: SavedQuestion) -> dict[str, Any]:
    return scope_kept(Within(collections=[question.question_set.collection_id]))


def _key(question: str, scope: Mapping[str, Any]) -> str:
    where = json.dumps(scope, sort_keys=True)
    return hashlib.sha256(f"{question_key(question)}\n{where}".encode()).hexdigest()


def _made(user: User, question: str, scope: Mapping[str, Any], **more: Any) -> Watch:
    key = _key(question, scope)
    known = _known(user, key)
    if known is not None:
        return known
    if Watch.objects.filter(user=user).count() >= MAX_WATCHES:
        raise InvalidInput(f"You can watch at most {MAX_WATCHES} answers. Stop watching some.")
    made, _ = Watch.objects.get_or_create(
        user=user, key=key, defaults={"question": question, "scope": dict(scope)} | more
    )
    return made


def watch_stop(*, user: User, watch: Watch) -> None:
    """Stop watching. Notices that were given stay."""
    Watch.objects.visible_to(user).filter(pk=watch.pk).delete()


def answer_keep(watch: Watch, snapshot: dict[str, Any], *, checked_at: datetime) -> None:
    """Keep an answer as the last one of a watch, with what it cites."""
    watch.answer, watch.serial, watch.checked_at = snapshot, watch.serial + 1, checked_at
    watch.save(update_fields=["answer", "serial", "checked_at"])
    ids = {c["document_id"] for c in snapshot["citations"] if c["document_id"]}
    watch.documents.set(Document.objects.filter(pk__in=ids))


# --- changes --------------------------------------------------------------------------


def document_changed(document_id: Any) -> None:
    """Make the watches due whose answer cites the document, or that have no answer yet.

    A refusal cites nothing: any document in its owner's reach may bring an answer.
    """
    collection = Document.objects.filter(pk=document_id).values("collection_id")
    waiting = Q(documents=None) & Q(user__memberships__collection_id__in=collection)
    rows = Watch.objects.filter(Q(documents=document_id) | waiting).values("pk")
    _mark(Watch.objects.filter(pk__in=list(rows.values_list("pk", flat=True))), timezone.now())


def _mark(watches: Any, now: datetime) -> None:
    """Make watches due after the delay, which begins anew with each change, but not for ever."""
    delay = timedelta(seconds=settings.WATCH_DELAY)
    latest = LONGEST_WAIT * delay
    for watch in watches:
        first = watch.changed_at or now
        Watch.objects.filter(pk=watch.pk).update(
            changed_at=first,
            due_at=min(now + delay, first + latest),
            changes=F("changes") + 1,
            attempts=0,
            problem="",
        )
