"""Watched answers: asked again when what they cite changes; told once when they changed.

The row is the truth. A change of a document makes its watches due a little later, so
that several changes in a row lead to one check after the last. A check takes a lease,
asks, and keeps what came only if nobody else did meanwhile: the answer, its number and
the notice are written in one transaction.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chat.answer.changes import Said, is_changed
from chat.answer.judging import located, question_key
from chat.answer.retrieval import retriever
from chat.models import Message, Notice, SavedQuestion, Watch
from chat.selectors import answer_of, passage_url, withdrawn
from chat.services.asking import scope_kept, scope_read
from chat.services.models import configured_model
from chat.services.questions import asked_text
from chat.services.running import draft_of
from chat.types import AnswerDraft
from documents.errors import InvalidInput, NotFound, ProductError
from documents.ingest.bell import ring
from documents.models import Document, DocumentVersion
from documents.search.scope import Within

logger = logging.getLogger(__name__)

CHECK = "chat.tasks.check_watches"
#: Longer than any answer may take.
LEASE = timedelta(minutes=2)
#: A document that never rests is looked at after so many delays all the same.
LONGEST_WAIT = 10
#: Between two tries of a check that failed; it grows with each.
RETRY_AFTER = timedelta(minutes=2)
MAX_ATTEMPTS = 5
MAX_WATCHES = 200
_KEPT = ("answer", "refused", "model", "sentences")
_KEPT_OF_CITATIONS = ("n", "document_id", "title", "version", "page", "quote", "start", "end")


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
        answer = answer_of(message, user)
        snapshot = {key: answer[key] for key in _KEPT} | {
            "citations": [{key: c[key] for key in _KEPT_OF_CITATIONS} for c in answer["citations"]]
        }
        with transaction.atomic():
            _keep_answer(watch, snapshot, checked_at=message.created_at)
            if _is_outdated(snapshot):
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
    """Return kept answers as the user may read them now, with addresses; one query for all."""
    kept = list(snapshots)
    cited = {c["document_id"] for snapshot in kept for c in snapshot.get("citations", ())}
    seen = {str(pk) for pk in _visible(user, cited - {None})}
    return [_readable(snapshot, seen) for snapshot in kept]


def _readable(snapshot: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    citations = snapshot.get("citations", ())
    shown = shown_without(snapshot, {c["n"] for c in citations if c["document_id"] not in seen})
    return shown | {"citations": [_with_address(c) for c in shown.get("citations", ())]}


def _with_address(citation: dict[str, Any]) -> dict[str, Any]:
    if not citation["document_id"]:
        return citation | {"title": "A source you can no longer read", "url": None}
    place = (citation["version"], citation["start"], citation["end"])
    return citation | {"url": passage_url(citation["document_id"], *place)}


def _visible(user: User, ids: Iterable[str]) -> Iterable[uuid.UUID]:
    rows: Iterable[uuid.UUID] = (
        Document.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)
    )
    return rows


# --- checks ---------------------------------------------------------------------------


def watches_check(seconds: float = 300.0) -> int:
    """Ask again what is due, until nothing is or the time is over. Returns how many were asked."""
    deadline, done = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (watch := _claim()) is not None:
        try:
            _check(watch)
        except ProductError as error:
            _try_later(watch, error.message)
        except Exception:  # the worker must live on, and the watch must be tried again
            logger.exception("watch %s broke", watch.pk)
            _try_later(watch, "Something went wrong on our side. It has been logged.")
        done += 1
    return done


def watches_due() -> int:
    """Return how many watches wait for a check now."""
    return int(_due(timezone.now()).count())


def _due(now: datetime) -> Any:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return Watch.objects.filter(free, due_at__lte=now)


def _claim() -> Watch | None:
    now = timezone.now()
    with transaction.atomic():
        watch: Watch | None = _due(now).select_for_update().order_by("due_at", "pk").first()
        if watch is None:
            return None
        watch.lease_until, watch.attempts = now + LEASE, watch.attempts + 1
        watch.save(update_fields=["lease_until", "attempts"])
    return watch


def _try_later(watch: Watch, problem: str) -> None:
    """Give a check back that failed; after several the next change tries again."""
    gives_up = watch.attempts >= MAX_ATTEMPTS
    later = None if gives_up else timezone.now() + watch.attempts * RETRY_AFTER
    Watch.objects.filter(pk=watch.pk, changes=watch.changes).update(
        due_at=later, lease_until=None, problem=problem[:500]
    )
    Watch.objects.filter(pk=watch.pk).update(lease_until=None)


def _check(watch: Watch) -> None:
    started, user = timezone.now(), watch.user
    if not _may_go_on(watch, user):
        _settle(watch, problem="Some of what it rests on may no longer be read.")
        return
    model = configured_model()
    try:
        within = scope_read(watch.scope)
        retrieve = retriever(user, within, compare=model is None)
        draft = draft_of(
            watch.question,
            retrieve=retrieve,
            model=model,
            threshold=settings.SIMILARITY_THRESHOLD,
        )
    except NotFound:
        _settle(watch, problem="Where it was asked is no longer there, or may not be read.")
        return
    snapshot = snapshot_of(draft)
    changed = bool(watch.serial) and _is_news(watch, snapshot)
    _conclude(watch, snapshot, started, changed=changed)


def _may_go_on(watch: Watch, user: User) -> bool:
    """Whether the owner is active and may read what the answer rests on, as far as it exists.

    Losing access to a source must not be told as a change of the answer.
    """
    if not user.is_active:
        return False
    ids = set(watch.documents.filter(retired_at=None).values_list("pk", flat=True))
    return ids <= set(_visible(user, [str(pk) for pk in ids]))


def _settle(watch: Watch, problem: str = "") -> None:
    """End a check without a word; a change that came meanwhile makes it due again."""
    Watch.objects.filter(pk=watch.pk, changes=watch.changes).update(
        due_at=None, changed_at=None, attempts=0, problem=problem
    )
    Watch.objects.filter(pk=watch.pk).update(lease_until=None)


@transaction.atomic
def _conclude(watch: Watch, snapshot: dict[str, Any], started: datetime, *, changed: bool) -> None:
    """Keep what came, unless another check did, and tell of a change: both or neither."""
    held = Watch.objects.select_for_update().filter(pk=watch.pk, serial=watch.serial).first()
    if held is None:
        return
    if changed or not held.serial:
        if changed:
            _tell(held, snapshot)
        _keep_answer(held, snapshot, checked_at=started)
    else:
        Watch.objects.filter(pk=held.pk).update(checked_at=started)
    _settle(watch)


def _tell(watch: Watch, snapshot: dict[str, Any]) -> None:
    Notice.objects.create(
        user=watch.user,
        kind=Notice.Kind.ANSWER_CHANGED,
        text=watch.question,
        watch=watch,
        serial=watch.serial + 1,
        before=watch.answer,
        after=snapshot,
    )


def _keep_answer(watch: Watch, snapshot: dict[str, Any], *, checked_at: datetime) -> None:
    watch.answer, watch.serial, watch.checked_at = snapshot, watch.serial + 1, checked_at
    watch.save(update_fields=["answer", "serial", "checked_at"])
    ids = {c["document_id"] for c in snapshot["citations"] if c["document_id"]}
    watch.documents.set(Document.objects.filter(pk__in=ids))


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


# --- what counts as a change ----------------------------------------------------------


def _is_news(watch: Watch, snapshot: dict[str, Any]) -> bool:
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
        document_id=citation["document_id"], status="ready"
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


def _is_outdated(snapshot: Mapping[str, Any]) -> bool:
    """Whether a document has another version by now than the one that is cited."""
    cited = {(c["document_id"], c["version"]) for c in snapshot["citations"]}
    current = dict(
        Document.objects.filter(pk__in=[key for key, _ in cited if key]).values_list(
            "pk", "current_version__number"
        )
    )
    now = {str(key): number for key, number in current.items()}
    return any(now.get(str(key)) != version for key, version in cited)
