"""Reads of conversations and answers, as their owner or another reader may see them now."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from chat.masking import for_reader
from chat.models import Citation, Conversation, Message
from chat.provenance import UNREADABLE, Source, Standing, provenance
from chat.traces import annotated
from chat.types import Turn
from chat.verdicts import UNTOLD, evidence_documents, reason
from documents.errors import NotFound
from documents.models import Document
from documents.selectors import PageFacts, page_facts

#: An answer that was not written to for so long lost its process.
ANSWER_SILENT_AFTER = timedelta(seconds=90)
INTERRUPTED = {
    "code": "interrupted",
    "message": "The answer was interrupted. What had arrived was kept.",
}
WITHDRAWN = "(You can no longer read the source of this sentence.)"


def conversation_list(user: User) -> QuerySet[Conversation]:
    """Return the user's conversations, the latest first."""
    rows: QuerySet[Conversation] = Conversation.objects.visible_to(user)
    return rows.order_by("-updated_at", "id").select_related("user", "shared_with")


def conversations_shared(user: User) -> QuerySet[Conversation]:
    """Return what others let the user read, the latest first."""
    rows: QuerySet[Conversation] = Conversation.objects.shared_to(user)
    return rows.order_by("-updated_at", "id").select_related("user", "shared_with")


def conversations_readable(user: User, *, shared: bool | None = None) -> QuerySet[Conversation]:
    """Return one's own and what others share, the latest first; with ``shared`` one of both."""
    if shared is not None:
        return conversations_shared(user) if shared else conversation_list(user)
    rows: QuerySet[Conversation] = Conversation.objects.readable_by(user)
    return rows.order_by("-updated_at", "id").select_related("user", "shared_with")


def _key(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise NotFound from None


def conversation_get(user: User, conversation_id: object) -> Conversation:
    """Return one of the user's conversations. Raises ``NotFound``."""
    key = _key(conversation_id)
    rows = Conversation.objects.visible_to(user).select_related("user", "shared_with")
    found: Conversation | None = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def conversation_read(user: User, conversation_id: object) -> Conversation:
    """Return a conversation that the user may read, their own or shared. Raises ``NotFound``."""
    rows = Conversation.objects.readable_by(user).select_related("user", "shared_with")
    found: Conversation | None = rows.filter(pk=_key(conversation_id)).first()
    if found is None:
        raise NotFound
    return found


def message_read(user: User, message_id: object) -> Message:
    """Return a message that the user may read, their own or shared. Raises ``NotFound``."""
    rows = Message.objects.readable_by(user).select_related("conversation")
    found: Message | None = rows.filter(pk=_key(message_id)).first()
    if found is None:
        raise NotFound
    return found


def message_get(user: User, message_id: object) -> Message:
    """Return one of the user's messages. Raises ``NotFound``."""
    rows = Message.objects.visible_to(user).select_related("conversation", "feedback")
    found: Message | None = rows.filter(pk=_key(message_id)).first()
    if found is None:
        raise NotFound
    return found


def answer_of(message: Message, user: User) -> dict[str, Any]:
    """Return an answer in the shape of the API."""
    return answers_of([message], user)[0]


def answers_of(messages: Iterable[Message], user: User) -> list[dict[str, Any]]:
    """Return answers in the shape of the API, with at most three queries for all of them.

    Two more where some were refused: a refusal tells what is near.

    What cites a document that the user may no longer read, or that is gone, shows
    neither its quote nor the sentences that nothing else carries. Who did not ask
    sees less: what ``chat.masking`` leaves.
    """
    messages = list(messages)
    cited: dict[uuid.UUID, list[Citation]] = {message.pk: [] for message in messages}
    for citation in Citation.objects.filter(message__in=messages).order_by("n"):
        cited[citation.message_id].append(citation)
    ids = {c.document_id for group in cited.values() for c in group}
    ids |= {key for message in messages for key in evidence_documents(message.sentences)}
    rows = Document.objects.visible_to(user).filter(pk__in=ids)
    found = rows.values_list("pk", "current_version__number", "newest_version__number", "title")
    readable = {pk: Standing(*standing) for pk, *standing in found}
    pages = page_facts(_paged(messages, cited) & readable.keys())
    own = {message.pk for message in messages if message.conversation.user_id == user.pk}
    answers = [
        _answer(message, cited[message.pk], readable, pages, is_own=message.pk in own)
        for message in messages
    ]
    return [
        answer if message.pk in own else for_reader(answer)
        for message, answer in zip(messages, annotated(messages, answers, user), strict=True)
    ]


def _paged(
    messages: Iterable[Message], cited: Mapping[uuid.UUID, list[Citation]]
) -> set[uuid.UUID | None]:
    """Return the documents of which a numbered page is named."""
    named: set[uuid.UUID | None] = {c.document_id for g in cited.values() for c in g if c.page}
    return named | evidence_documents(
        {"evidence": [span for span in sentence.get("evidence") or () if span["page"]]}
        for message in messages
        for sentence in message.sentences
    )


def _answer(
    message: Message,
    citations: list[Citation],
    readable: Mapping[uuid.UUID, Standing],
    pages: PageFacts,
    *,
    is_own: bool,
) -> dict[str, Any]:
    lost = {c.n for c in citations if c.document_id not in readable}
    sources = [_source(c, readable, is_own=is_own) for c in citations]
    text, sentences = withdrawn(message, lost)
    state, error = _state(message)
    return {
        "id": str(message.pk),
        "conversation_id": str(message.conversation_id),
        "replaces": str(message.replaces_id) if message.replaces_id else None,
        "question": message.question,
        "standalone_question": message.standalone_question,
        "answer": text,
        "state": state,
        "error": error,
        "refused": message.refused,
        "confidence": message.confidence,
        "sentences": [_checked(sentence, readable, pages) for sentence in sentences],
        "citations": [
            _citation(c, available=c.n not in lost)
            | {"recognised": pages.is_recognised(c.document_id, c.version, c.page)}
            | {"page_kind": pages.kind(c.document_id, c.version).value}
            | source.age()
            for c, source in zip(citations, sources, strict=True)
        ],
        **provenance(sources, message.scope),
        "model": message.model,
        "usage": message.usage,
        "timings": message.timings,
        "created_at": message.created_at.isoformat(),
    }


def _state(message: Message) -> tuple[str, dict[str, str] | None]:
    silent = abs(timezone.now() - message.touched_at) > ANSWER_SILENT_AFTER
    if message.state == Message.State.ANSWERING and silent:
        return Message.State.STOPPED.value, INTERRUPTED
    if message.error_code:
        return message.state, {"code": message.error_code, "message": message.error_message}
    return message.state, None


def around(now: datetime, span: timedelta) -> tuple[datetime, datetime]:
    """Return the moments within which something is as good as now.

    Later ones count as well as earlier ones, and not those beyond: when the clock is put back,
    what was written before lies in the future, for hours.
    """
    return now - span, now + span


def withdrawn(message: Message, lost: set[int]) -> tuple[str, list[dict[str, Any]]]:
    """Return text and sentences with what only lost citations carry taken out."""
    text, shown, cut = message.answer, [], 0
    parts: list[str] = []
    for sentence in message.sentences:
        numbers = sentence["citations"]
        if lost and numbers and set(numbers) <= lost:
            parts += [text[cut : sentence["start"]], WITHDRAWN]
            start = sum(map(len, parts)) - len(WITHDRAWN)
            cut = sentence["end"]
            sentence = sentence | UNTOLD | {"text": WITHDRAWN}  # noqa: PLW2901
        else:
            parts.append(text[cut : sentence["start"]])
            start = sum(map(len, parts))
            parts.append(text[sentence["start"] : sentence["end"]])
            cut = sentence["end"]
        shown.append(sentence | {"start": start, "end": start + len(parts[-1])})
    return "".join([*parts, text[cut:]]), shown


def _checked(
    sentence: dict[str, Any], readable: Mapping[uuid.UUID, Standing], pages: PageFacts
) -> dict[str, Any]:
    """Return a sentence with the reason of its verdict and the evidence that may be read."""
    evidence = [
        span
        | {
            "title": readable[key].title,
            "page_kind": pages.kind(key, span["version"]).value,
            "url": passage_url(key, span["version"], span["start"], span["end"]),
        }
        for span in sentence.get("evidence") or ()
        if (key := uuid.UUID(str(span["document_id"]))) in readable
    ]
    known = {"missing": [], "basis": "facts", "contradicted": False, "invented": []}
    told = {"evidence": evidence, "reason": reason(sentence)}
    return {"second_opinion": None} | known | sentence | told


def _source(citation: Citation, readable: Mapping[uuid.UUID, Standing], *, is_own: bool) -> Source:
    """Return what a citation rests on; a deleted document is named to who asked of it."""
    document_id = citation.document_id
    is_named = is_own if document_id is None else document_id in readable
    title = citation.title if is_named else UNREADABLE
    standing = None if document_id is None else readable.get(document_id)
    return Source(document_id if standing else None, title, citation.version, standing)


def _citation(citation: Citation, *, available: bool) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document_id": str(citation.document_id) if available else None,
        "title": citation.title if available else UNREADABLE,
        "version": citation.version,
        "page": citation.page,
        "quote": citation.quote if available else "",
        "start": citation.start,
        "end": citation.end,
        "url": citation_url(citation) if available else None,
        "available": available,
    }


def citation_url(citation: Citation) -> str:
    """Return the address of the page that shows the passage in its document."""
    return passage_url(citation.document_id, citation.version, citation.start, citation.end)


def passage_url(document_id: object, version: int, start: int, end: int) -> str:
    """Return the address at which a span of a version is shown, marked."""
    return f"/documents/{document_id}/versions/{version}/?start={start}&end={end}#passage"


def history(message: Message, user: User, limit: int = 4) -> tuple[Turn, ...]:
    """Return the turns before this one, oldest first, as far as the user may still read them.

    Of what was asked more than once the last answer counts, also before a turn that
    was asked in between.
    """
    rows = (
        Message.objects.newest()
        .filter(conversation_id=message.conversation_id, place__lt=message.place)
        .exclude(answer="")
        .select_related("conversation")
        .order_by("-place", "-created_at")[:limit]
    )
    answers = answers_of(reversed(rows), user)
    return tuple(
        Turn(answer["standalone_question"] or answer["question"], answer["answer"])
        for answer in answers
    )
