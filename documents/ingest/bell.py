"""Rings for a worker. The database is the queue; a bell that is lost loses nothing."""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

DRAIN = "documents.tasks.drain"
REINDEX = "documents.tasks.reindex"


def ring(task: str = DRAIN) -> None:
    """Tell a worker that there is work, once this transaction is committed."""
    transaction.on_commit(partial(_send, task))


def _send(task: str) -> None:
    try:
        current_app.send_task(task, retry=False)
    except (OperationalError, OSError) as error:
        # The upload is safe in the database; the sweep rings again within a minute.
        logger.warning("the broker could not be reached: %s", type(error).__name__)
