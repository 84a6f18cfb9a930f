"""Rings for a worker. The database is the queue; a bell that is lost loses nothing.

A thousand uploads are one bell, until a worker has heard it: the worker takes one message
after another, and what else is to be done would stand behind nine hundred that say nothing new.
"""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.core.cache import cache
from django.db import transaction

logger = logging.getLogger(__name__)

DRAIN = "documents.tasks.drain"
REINDEX = "documents.tasks.reindex"

#: Seconds until a bell that nobody heard is rung once more: its message may be lost.
_UNHEARD = 15
_RUNG = "bell:drain"


def ring(task: str = DRAIN) -> None:
    """Tell a worker that there is work, once this transaction is committed."""
    transaction.on_commit(partial(_send, task))


def heard() -> None:
    """Have the next upload ring again. Called before a worker looks at what waits."""
    try:
        cache.delete(_RUNG)
    except Exception as error:  # noqa: BLE001  # whatever a cache raises, the flag ends by itself
        logger.warning("the bell could not be reset: %s", type(error).__name__)


def _is_first() -> bool:
    """Whether no bell is on its way; true as well where nobody can tell."""
    try:
        return bool(cache.add(_RUNG, 1, _UNHEARD))
    except Exception as error:  # noqa: BLE001  # one bell too many costs nothing
        logger.warning("the bell could not be looked at: %s", type(error).__name__)
        return True


def _send(task: str) -> None:
    if task == DRAIN and not _is_first():
        return
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever a broker raises
        # The upload is safe in the database; the sweep rings again within a minute.
        logger.warning("the broker could not be reached: %s", type(error).__name__)
        heard()  # by nobody; but the next one shall be tried
