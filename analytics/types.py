"""Plain values of what is watched. Nothing here holds text of documents, questions or keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Kind(StrEnum):
    """What a duration is of."""

    REQUEST = "request"
    SEARCH = "search"
    ANSWER = "answer"
    FIRST_TOKEN = "first_token"  # noqa: S105  # of a model's answer
    INGEST = "ingest"
    CACHE = "cache"
    #: Not durations, but counted alike: tokens of an answer, the percent of its sentences that
    #: its sources carry, and what failed by its code (with the time that took).
    TOKENS = "tokens"  # of a model's answer
    COVERAGE = "coverage"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and its response. Sizes are bytes; ``ms`` lasts until the last byte."""

    at: datetime
    request_id: str
    method: str
    route: str
    status: int
    ms: float
    request_bytes: int
    response_bytes: int
    user_id: int | None = None
    token_id: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One duration in milliseconds, or a number that is counted as durations are (see ``Kind``).

    ``name`` and ``outcome`` are from small, fixed sets.
    """

    at: datetime
    kind: Kind
    name: str
    outcome: str
    ms: float


@dataclass(frozen=True, slots=True)
class UseRecord:
    """Somebody looked at a document: at what it is, at its text or pages, or took its file."""

    day: date
    document_id: UUID
    reader: int
    how: Literal["viewed", "opened", "downloaded"]


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One error that happened. ``trace`` is text without values; ``where`` a route or a task."""

    at: datetime
    fingerprint: str
    kind: str
    title: str
    said: str
    trace: str
    where: str
    request_id: str
    release: str


Fact = RequestRecord | Measurement | UseRecord | ErrorRecord
