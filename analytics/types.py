"""Plain values of what is watched. Nothing here holds text of documents, questions or keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a duration is of."""

    REQUEST = "request"
    SEARCH = "search"
    ANSWER = "answer"
    FIRST_TOKEN = "first_token"  # noqa: S105  # of a model's answer
    INGEST = "ingest"
    CACHE = "cache"


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
    """One duration in milliseconds. ``name`` and ``outcome`` are from small, fixed sets."""

    at: datetime
    kind: Kind
    name: str
    outcome: str
    ms: float
