"""What operations do when Celery starts a process."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init, worker_process_init
from django.db import close_old_connections

from analytics.recording import recorder
from documents.ingest.priority import stand_back
from ragsite.db import turns
from ragsite.ops.last_words import log_everything
from ragsite.ops.lifeline import watch_parent


@worker_init.connect
def write_behind(**kwargs: Any) -> None:  # noqa: ARG001
    """Write behind whoever waits for an answer. The pool inherits it."""
    turns.stand_behind()


@worker_process_init.connect
def work_behind(**kwargs: Any) -> None:  # noqa: ARG001
    """Work behind whoever waits for an answer, in each process of the pool.

    But not what holds the write lock often: the numbers, and ``documents.ingest.priority``.
    """
    recorder.start()
    stand_back(after=close_old_connections)


@worker_process_init.connect
def bind_pool_process(**kwargs: Any) -> None:  # noqa: ARG001
    """A process of the pool ends with its worker, even if that is killed.

    Otherwise it would go on with its task beside the worker that takes over.
    """
    watch_parent()


@worker_init.connect
def log_all(**kwargs: Any) -> None:  # noqa: ARG001
    """What a worker would print goes to the log; its pool inherits that."""
    log_everything()
