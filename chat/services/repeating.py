"""The same question again: its answer given once more, while it would still be the same.

Kept is the id of the message that holds the answer, under everything the answer came
from: who asked, the words, where was looked, the state of the library, and the settings.
The answer itself is read and checked anew each time. Nobody is ever given what another
was answered, and who asks again on purpose is answered anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chat.models import Citation, Message
from chat.services.asking import scope_read
from chat.services.explaining import passages_again
from chat.services.models import configured_model
from chat.signals import answer_finished
from chat.traces import searched
from chat.types import AnswerDraft, DeltaEvent, DoneEvent, SourcesEvent, StreamEvent
from documents.caching import Cached, keep, key_of, read, tell
from documents.errors import NotFound
from documents.models import Document
from documents.search.generation import generation
from documents.search.kept import is_still, settled
from documents.search.scope import scope_for
from documents.types import Scope


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where the answer to a question is kept, and the state of the library it is of."""

    key: str
    scope: Scope
    generation: str


def answer_ticket(message: Message, user: User) -> Ticket | None:
    """Return where an answer is kept; nothing for one that has to be worked out each time.

    That is one with turns before it, which change what is asked. Ask for it before
    anything of the answer is read: what changes later then makes it worthless.
    """
    if not settings.ANSWER_CACHE_SECONDS or _has_turns_before(message):
        return None
    try:
        scope = scope_for(user, scope_read(message.scope))
    except NotFound:
        return None  # the search will say so
    state = generation(scope.collections)
    if not state or scope.is_empty:
        return None
    parts = (state, user.pk, message.question, message.scope.get("as_of"))
    return Ticket(key_of(Cached.ANSWER, *parts, *settled(scope), *_settings()), scope, state)


def _has_turns_before(message: Message) -> bool:
    rows = Message.objects.filter(conversation_id=message.conversation_id)
    return bool(rows.filter(place__lt=message.place).exists())


def _settings() -> Iterable[Any]:
    model = configured_model()
    return (
        model.model if model else "",
        settings.CHAT_MODEL,
        settings.EMBEDDING_MODEL,
        settings.MAX_CHUNKS,
        settings.SIMILARITY_THRESHOLD,
        settings.SECOND_OPINION,
    )


def answer_remember(message: Message, user: User, ticket: Ticket) -> None:
    """Have a complete answer given again, unless where it was looked has changed meanwhile."""
    try:
        if not is_still(user, scope_read(message.scope), ticket.scope, ticket.generation):
            return
    except NotFound:
        return
    keep(ticket.key, str(message.pk), settings.ANSWER_CACHE_SECONDS)


def answer_repeat(message: Message, user: User, ticket: Ticket) -> list[StreamEvent] | None:
    """Answer a question as it was answered before, where that still holds.

    Returns the events of the answer, which the message then has; nothing where it must
    be worked out. No model is asked.
    """
    if message.replaces_id is not None:
        return None  # asked again on purpose
    started = time.perf_counter()
    kept = read(ticket.key)
    events = _repeated(message, user, ticket, str(kept), started) if kept else None
    tell(Cached.ANSWER, hit=events is not None)
    return events


@transaction.atomic
def _repeated(
    message: Message, user: User, ticket: Ticket, kept: str, started: float
) -> list[StreamEvent] | None:
    """Check and copy in one: nothing is deleted, moved or switched in between."""
    if generation(ticket.scope.collections) != ticket.generation:
        return None
    source = _source(message, user, kept)
    if source is None:
        return None
    citations = list(source.citations.all())
    if not _all_stand(citations, user, message):
        return None
    passages = passages_again(source, user)
    _copy(message, source, user)
    message.timings = {"cache_ms": round((time.perf_counter() - started) * 1000, 1)}
    message.save()
    for citation in citations:
        citation.pk, citation.message = None, message
    Citation.objects.bulk_create(citations)
    answer_finished.send(
        sender=Message, message_id=message.pk, state=message.state, refused=message.refused
    )
    said = [DeltaEvent(message.answer)] if not message.refused else []
    return [SourcesEvent(tuple(passages)), *said, DoneEvent(_draft(message))]


def _source(message: Message, user: User, kept: str) -> Message | None:
    """Return the user's own message with the answer; none that they disliked, or too old."""
    oldest = timezone.now() - timedelta(seconds=settings.ANSWER_CACHE_SECONDS)
    rows = Message.objects.visible_to(user).filter(
        pk=kept, question=message.question, created_at__gt=oldest
    )
    whole = rows.filter(state=Message.State.COMPLETE, error_code="")
    found: Message | None = whole.exclude(feedback__rating=-1).first()
    return found


def _all_stand(citations: Iterable[Citation], user: User, message: Message) -> bool:
    """Whether each citation is of a document the user may read, in the version that answers."""
    cited = {(citation.document_id, citation.version) for citation in citations}
    rows = Document.objects.visible_to(user).filter(pk__in={pk for pk, _ in cited})
    current = dict(rows.values_list("pk", "current_version__number"))
    if message.scope.get("as_of"):
        return {pk for pk, _ in cited} <= current.keys()
    return cited <= current.items()


def _copy(message: Message, source: Message, user: User) -> None:
    for name in ("standalone_question", "answer", "refused", "confidence", "sentences", "model"):
        setattr(message, name, getattr(source, name))
    message.state = Message.State.COMPLETE
    message.usage = {"prompt_tokens": 0, "completion_tokens": 0}
    told = {"message": str(source.pk), "answered_at": source.created_at.isoformat()}
    message.trace = source.trace | {"repeats": told}
    if "searched" in source.trace:
        message.trace["searched"] = searched(user, scope_read(message.scope))


def _draft(message: Message) -> AnswerDraft:
    """Return the answer for those who follow its events; all of it is with the message."""
    return AnswerDraft(
        question=message.question,
        answer=message.answer,
        refused=message.refused,
        confidence=message.confidence,
        model=message.model,
        timings=message.timings,
    )
