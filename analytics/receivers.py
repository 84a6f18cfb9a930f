"""What happens elsewhere, noted as numbers."""

from __future__ import annotations

import uuid
from typing import Any

from celery.signals import worker_init, worker_process_shutdown
from django.conf import settings
from django.dispatch import receiver
from django.utils import timezone

from analytics.metrics import FAILED, WHOLE
from analytics.recording import EVERY_IN_WORKER, note, recorder
from analytics.types import Kind, Measurement, UseRecord
from chat.signals import answer_measured
from documents.signals import document_used, searched, stage_done, version_read


def _measured(kind: Kind, name: str, outcome: str, number: float) -> None:
    if settings.METRICS_DAYS:
        note(Measurement(timezone.now(), kind, name or "none", outcome, number))


@receiver(stage_done)
def stage(sender: object, stage: str, outcome: str, ms: float, **kwargs: Any) -> None:  # noqa: ARG001
    """Note how long a stage of ingestion took."""
    _measured(Kind.INGEST, stage, outcome, ms)


@receiver(version_read)
def version(sender: object, outcome: str, code: str, ms: float, **kwargs: Any) -> None:  # noqa: ARG001
    """Note how long a version took in all, or why an attempt failed.

    What failed for good is counted where that is known: ``analytics.failures``.
    """
    if outcome != FAILED:
        _measured(Kind.INGEST, WHOLE, outcome, ms)
    if code:
        _measured(Kind.FAULT, code, "ingest", ms)


@receiver(searched)
def search(sender: object, mode: str, hits: int, ms: float, **kwargs: Any) -> None:  # noqa: ARG001
    """Note how long a search took, and whether it found anything."""
    _measured(Kind.SEARCH, mode, "found" if hits else "nothing", ms)


@receiver(answer_measured)
def answer(sender: object, model: str, outcome: str, **given: Any) -> None:  # noqa: ARG001
    """Note how an answer went, what it cost and how much of it is carried by its sources."""
    _measured(Kind.ANSWER, model, outcome, given["ms"])
    if given["first_token_ms"] is not None:
        _measured(Kind.FIRST_TOKEN, model, "ok", given["first_token_ms"])
    for part in ("prompt", "completion"):
        if tokens := given[f"{part}_tokens"]:
            _measured(Kind.TOKENS, model, part, tokens)
    if given["sentences"]:
        share = 100 * given["supported"] / given["sentences"]
        _measured(Kind.COVERAGE, model, "supported", share)
    if given["code"]:
        _measured(Kind.FAULT, given["code"], "answer", given["ms"])


@receiver(document_used)
def used(sender: object, document_id: uuid.UUID, user_id: int, how: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Note that somebody looked at a document."""
    if settings.METRICS_DAYS:
        note(UseRecord(timezone.now().date(), document_id, user_id, how))


@worker_init.connect
def write_less_often(**kwargs: Any) -> None:  # noqa: ARG001
    """A worker notes in larger batches; the processes of its pool inherit that."""
    recorder.every = EVERY_IN_WORKER


@worker_process_shutdown.connect
def write_the_rest(**kwargs: Any) -> None:  # noqa: ARG001
    """Write what waits when a process of the worker ends: it runs no other exit handler."""
    recorder.flush()
