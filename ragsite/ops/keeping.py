"""What is done every night so that nothing grows for ever and deleted words leave the disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final

from django.db import connection

from analytics import services as numbers
from analytics.alerts.watching import notices_forget
from analytics.error_groups import groups_forget
from documents.index.upkeep import drop_deleted_words, recount_words
from documents.ingest.removal import checkpoint
from documents.ingest.renewal import renew_vectors
from ragsite.accounts.sessions import SessionStore
from ragsite.audit import services as audit
from ragsite.idempotency import services as idempotency
from ragsite.quotas import services as quotas

logger = logging.getLogger(__name__)

#: Rows of each index that are looked at to plan queries: enough for that, whatever its size.
_SAMPLED: Final = 400


def keep() -> dict[str, int]:
    """Do everything there is to do, in short transactions; return what was done, by name.

    What fails is logged, and does not keep the rest from being done.
    """
    done: dict[str, int] = {}
    for name, work in _WORK:
        try:
            done[name] = work()
        except Exception:  # each is for itself
            logger.exception("%s could not be done", name)
    return done


def _forget() -> int:
    """Forget requests and numbers past their time, until there are none."""
    return sum(_until_none(numbers.forget))


def _thin() -> int:
    """Put minutes into hours, hour after hour, until there are none."""
    return sum(_until_none(numbers.thin))


def _until_none(work: Callable[[], int]) -> Iterator[int]:
    while count := work():
        yield count


def _sessions() -> int:
    SessionStore.clear_expired()
    return 0


def _words() -> int:
    return drop_deleted_words(connection)


def _counts() -> int:
    return recount_words(connection)


def _vectors() -> int:
    return int(renew_vectors())


def _plans() -> int:
    """Let SQLite count again what it plans queries by, where that has changed much."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {_SAMPLED}")
        cursor.execute("PRAGMA optimize")
    return 0


def _log() -> int:
    """Move the write-ahead log into the database and give its room back."""
    checkpoint()
    return 0


_WORK: Final[tuple[tuple[str, Callable[[], int]], ...]] = (
    ("facts_forgotten", _forget),
    ("hours_thinned", _thin),
    ("errors_forgotten", groups_forget),
    ("notices_forgotten", notices_forget),
    ("deeds_forgotten", audit.forget_old),
    ("uses_forgotten", quotas.forget_old),
    ("answers_forgotten", idempotency.forget_old),
    ("sessions", _sessions),
    ("words_merged", _words),
    ("words_recounted", _counts),
    ("vectors_renewed", _vectors),
    ("plans", _plans),
    ("log", _log),
)
