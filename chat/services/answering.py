"""Answering a kept question, and keeping what comes of it."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import asdict, replace
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from django.db import close_old_connections, transaction
from django.utils import timezone

from chat.answer.engine import AnswerRun, Asked
from chat.answer.retrieval import retriever
from chat.answer.trace import answer_trace
from chat.errors import ModelTimeout
from chat.models import Citation, Message
from chat.selectors import history, withdrawn
from chat.services.asking import scope_read
from chat.services.measures import measures
from chat.services.metered import metered
from chat.services.models import configured_model
from chat.services.opinion import opinion_keep, second_opinion
from chat.services.pauses import with_pauses
from chat.services.repeating import Ticket, answer_remember, answer_repeat, answer_ticket
from chat.signals import answer_finished, answer_measured
from chat.traces import searched
from chat.types import AnswerDraft, CitationDraft, DeltaEvent, DoneEvent, ErrorEvent, StreamEvent
from documents.errors import NotFound, ProductError, QuotaReached
from documents.models import Document

#: How often an answer that is streaming is written down, and its asker looked at, seconds.
KEEP_EVERY = 1.0
#: How often the asker is looked at while a model is silent, seconds.
LOOK_EVERY = 5.0
State = Message.State
BROKEN = "Something went wrong on our side. It has been logged."

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def in_database(function: Callable[P, T]) -> Callable[P, Any]:
    """Return an awaitable form that gives its connection back before anything else is awaited."""

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return sync_to_async(run)


async def answer_events(message: Message, user: User) -> AsyncGenerator[StreamEvent, None]:
    """Answer a kept question, writing down what arrives as it arrives.

    However it ends, the message ends with it: complete, failed, or stopped with
    what had come. Closing the iterator stops the model.
    """
    run: AnswerRun | None = None
    kept = False
    try:
        ticket, again = await in_database(_answered_before)(message, user)
        if again is not None:
            kept = True
            for event in again:
                yield event
            return
        run = await in_database(_prepared)(message, user)
        async with aclosing(_watched(run, message, user)) as events:
            async for event in events:
                if isinstance(event, DoneEvent):
                    kept = True
                    await in_database(_keep)(message, event.answer, run, State.COMPLETE)
                    if ticket is not None and run.found.whole:
                        await in_database(answer_remember)(message, user, ticket)
                    await _ask_again(message, event.answer, run)
                elif isinstance(event, ErrorEvent):
                    kept = True
                    await in_database(_keep_failure)(message, event, run)
                yield event
    except ProductError as error:
        kept = True
        told = ErrorEvent(error.code, error.message, error.retryable, retry_after=error.retry_after)
        yield await _failed(message, run, told)
    except Exception:  # whatever breaks, the reader gets an end and the message keeps it
        logger.exception("message %s: the answer broke", message.pk)
        kept = True
        yield await _failed(message, run, ErrorEvent("server_error", BROKEN))
    finally:
        if not kept:
            # The reader is gone or has stopped: a short write, even while cancelled.
            await asyncio.shield(in_database(_keep_stopped)(message, run))


async def _watched(
    run: AnswerRun, message: Message, user: User
) -> AsyncGenerator[StreamEvent, None]:
    """Yield the run's events, write down what arrives, and end when nobody may read it.

    While a model is silent its reader is looked at too. Whatever it waits for, after
    ``ANSWER_SECONDS`` it ends with ``ModelTimeout``.
    """
    began = seen = time.monotonic()
    async with (
        aclosing(run.events()) as answer,
        aclosing(with_pauses(answer, LOOK_EVERY)) as events,
    ):
        async for event in events:
            arrived = event is None or isinstance(event, DeltaEvent)
            if arrived and time.monotonic() - began > settings.ANSWER_SECONDS:
                raise ModelTimeout
            if arrived and time.monotonic() - seen > KEEP_EVERY:
                seen = time.monotonic()
                if not await in_database(_touch)(message, user, run.text):
                    return
            if event is not None:
                yield event


async def _failed(message: Message, run: AnswerRun | None, told: ErrorEvent) -> ErrorEvent:
    """Keep a fault with what had arrived, and return it as the reader is told of it."""
    partial = await asyncio.to_thread(run.partial) if run else None
    event = replace(told, partial=partial)
    await in_database(_keep_failure)(message, event, run)
    return event


async def _ask_again(message: Message, draft: AnswerDraft, run: AnswerRun) -> None:
    """Ask the model for its own view of the verdicts, where that is switched on."""
    if not settings.SECOND_OPINION or draft.refused:
        return
    try:
        model = metered(configured_model(), message.conversation.user_id, in_database)
        found = await second_opinion(draft, run.passages, model)
        if found:
            await in_database(opinion_keep)(message, found)
    except QuotaReached:
        logger.info("message %s: no tokens are left for a second opinion", message.pk)
    except Exception:  # the answer is kept and complete, whatever becomes of a second opinion
        logger.exception("message %s: the second opinion broke", message.pk)


def answer_now(message: Message, user: User | None = None) -> Message:
    """Answer a kept question to its end and return it."""
    asker = user or message.conversation.user

    async def run() -> None:
        async with aclosing(answer_events(message, asker)) as events:
            async for _ in events:
                pass

    async_to_sync(run)()
    message.refresh_from_db()
    return message


def _answered_before(
    message: Message, user: User
) -> tuple[Ticket | None, list[StreamEvent] | None]:
    """Return where the answer is kept, if anywhere, and its events, if it is."""
    ticket = answer_ticket(message, user)
    return ticket, answer_repeat(message, user, ticket) if ticket else None


def _prepared(message: Message, user: User) -> AnswerRun:
    asked = Asked(
        question=message.question,
        history=history(message, user),
        threshold=settings.SIMILARITY_THRESHOLD,
    )
    model = metered(configured_model(), user.pk, in_database)
    retrieve = retriever(user, scope_read(message.scope), compare=model is None)
    return AnswerRun(asked, retrieve=retrieve, model=model)


def _touch(message: Message, user: User, text: str) -> bool:
    """Write down what has arrived. False when nobody may go on reading it."""
    active = User.objects.filter(pk=user.pk, is_active=True).exists()
    rows = Message.objects.filter(pk=message.pk)
    return active and bool(rows.update(answer=text, touched_at=timezone.now()))


def _keep(message: Message, draft: AnswerDraft, run: AnswerRun | None, state: str) -> None:
    if run:
        message.standalone_question = run.standalone
        message.trace = _trace(message, draft, run)
    _write(message, draft, state)
    answer_measured.send(sender=Message, **measures(message, draft, state))


@transaction.atomic
def _write(message: Message, draft: AnswerDraft, state: str) -> None:
    if not Message.objects.filter(pk=message.pk).exists():
        return  # its conversation was deleted while it was answered
    message.answer, message.refused = draft.answer, draft.refused
    message.confidence = draft.confidence
    message.sentences = [_sentence(asdict(sentence)) for sentence in draft.sentences]
    message.model, message.timings = draft.model, dict(draft.timings)
    message.usage = {
        "prompt_tokens": draft.prompt_tokens,
        "completion_tokens": draft.completion_tokens,
    }
    message.state = state
    present = set(
        Document.objects.filter(
            pk__in={c.document_id for c in draft.citations}, deleting=False
        ).values_list("pk", flat=True)
    )
    gone = {c.n for c in draft.citations if uuid.UUID(c.document_id) not in present}
    if gone:  # deleted while it was answered: nothing of it is kept
        message.answer, message.sentences = withdrawn(message, gone)
    message.save()
    message.citations.all().delete()
    Citation.objects.bulk_create(_citation(message, c, gone) for c in draft.citations)
    answer_finished.send(sender=Message, message_id=message.pk, state=state, refused=draft.refused)


def _trace(message: Message, draft: AnswerDraft, run: AnswerRun) -> dict[str, Any]:
    """Return how the answer came about; for a refusal also what was searched."""
    kept = answer_trace(run, refused=draft.refused)
    if draft.refused:
        with suppress(NotFound):  # what was asked is gone meanwhile: nothing to tell
            kept["searched"] = searched(message.conversation.user, scope_read(message.scope))
    return kept


def _citation(message: Message, citation: CitationDraft, gone: set[int]) -> Citation:
    is_gone = citation.n in gone
    return Citation(
        message=message,
        n=citation.n,
        document_id=None if is_gone else citation.document_id,
        title=citation.title,
        version=citation.version,
        page=citation.page,
        start=citation.start,
        end=citation.end,
        quote="" if is_gone else citation.quote,
    )


def _sentence(sentence: dict[str, Any]) -> dict[str, Any]:
    lists = ("citations", "evidence", "missing", "invented")
    return sentence | {name: list(sentence[name]) for name in lists}


def _keep_failure(message: Message, event: ErrorEvent, run: AnswerRun | None) -> None:
    message.error_code, message.error_message = event.code, event.message[:500]
    _keep(message, event.partial or _nothing(message, run), run, State.FAILED)


def _keep_stopped(message: Message, run: AnswerRun | None) -> None:
    partial = run.partial() if run else None
    _keep(message, partial or _nothing(message, run, run.text if run else ""), run, State.STOPPED)


def _nothing(message: Message, run: AnswerRun | None, text: str = "") -> AnswerDraft:
    """Return an answer of which nothing arrived but perhaps ``text``."""
    name = run.model_name if run else ""
    return AnswerDraft(message.question, text, refused=False, confidence=0.0, model=name)
