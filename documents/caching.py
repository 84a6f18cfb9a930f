"""What was worked out before, kept for a while where all processes find it.

A cache may be empty, slow or gone at any moment: then everything is worked out again,
and nobody is told but the log. Keys are digests under the installation's own secret, and
values hold ids, numbers and vectors, never text: who reads the cache learns no words.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from documents.signals import cache_asked

logger = logging.getLogger(__name__)


class Cached(StrEnum):
    """What is kept."""

    EMBEDDING = "embedding"
    SEARCH = "search"
    ANSWER = "answer"
    PAGE = "page"


def key_of(kind: Cached, *parts: Any) -> str:
    """Return the key for what depends on these parts, and on nothing else.

    Parts are what JSON can hold, and sets of it, whose order does not matter.
    """
    text = json.dumps(parts, default=_plain, ensure_ascii=False)
    return f"{kind}:{salted_hmac(f'cache:{kind}', text, algorithm='sha256').hexdigest()}"


def _plain(value: object) -> Any:
    return sorted(value) if isinstance(value, AbstractSet) else str(value)


def read(key: str) -> Any:
    """Return what is kept under a key, or ``None``: also where the cache cannot be asked."""
    try:
        return cache.get(key)
    except Exception as error:  # noqa: BLE001  # whatever a cache raises, it is only a cache
        logger.warning("the cache could not be read: %s", type(error).__name__)
        return None


def keep(key: str, value: Any, seconds: int) -> None:
    """Keep a value of plain JSON types for at most so long; 0 keeps nothing."""
    if seconds <= 0:
        return
    try:
        cache.set(key, value, seconds)
    except Exception as error:  # noqa: BLE001  # as above
        logger.warning("the cache could not be written: %s", type(error).__name__)


def tell(kind: Cached, *, hit: bool) -> None:
    """State that a cache was asked, for those who count."""
    cache_asked.send(sender=Cached, kind=kind.value, hit=hit)
