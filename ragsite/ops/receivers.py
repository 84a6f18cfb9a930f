"""What operations do when Celery starts a process."""

from __future__ import annotations

import os
from typing import Any, Final

from celery.signals import worker_init, worker_process_init

from ragsite.db import turns
from ragsite.ops.last_words import log_everything
from ragsite.ops.lifeline import watch_parent

#: How much later than a question a file gets its turn on a busy processor (nice(2), 0 to 19).
_NICENESS: Final = 10


@worker_init.connect
def after_the_web(**kwargs: Any) -> None:  # noqa: ARG001
    """Work and write behind whoever waits for an answer. What the worker starts inherits it."""
    os.nice(_NICENESS)
    turns.stand_behind()


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
