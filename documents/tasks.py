"""Background work of this app. A task carries no text, and may run twice or never."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down
from django.db import DatabaseError, connections

from documents.errors import ServiceError
from documents.ingest import drain as queue
from documents.ingest import lease as leases
from documents.ingest.bell import DRAIN, REINDEX, heard, ring
from documents.ingest.priority import ahead
from documents.ingest.reindex import is_due
from documents.ingest.reindex import reindex as run_reindex

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
#: An environment variable, so that the pool's processes know whose they are.
_WORKER_ID = "RAGSITE_WORKER_ID"
_stop = threading.Event()
#: Shared with the pool's processes, which no signal of Celery tells that the worker stops.
_ending = multiprocessing.get_context("fork").Event()


@shared_task(name=DRAIN)
def drain() -> None:
    """Work on what waits."""
    if _WORKER_ID not in os.environ:  # a task run by hand, outside of a worker
        os.environ[_WORKER_ID] = leases.worker_register().pk
    heard()
    ahead(_drain)


def _drain() -> None:
    if queue.waiting() > 1:
        ring()  # for whoever else has nothing to do
    if queue.drain(os.environ[_WORKER_ID], should_stop=_ending.is_set) and queue.waiting():
        ring()


@shared_task(name="documents.tasks.sweep")
def sweep() -> None:
    """Mend what crashes left behind, and ring for what still waits."""
    if ahead(queue.sweep):
        heard()  # a bell may have been lost with the worker that took it
        ring()
    if is_due():
        ring(REINDEX)


@shared_task(name=REINDEX)
def reindex() -> None:
    """Move to the embedding model that the settings name."""
    try:
        run_reindex()
    except ServiceError as error:
        logger.warning("the new model cannot be used yet: %s", error.message)


@worker_init.connect
def _register(**kwargs: Any) -> None:  # noqa: ARG001
    os.environ[_WORKER_ID] = leases.worker_register().pk
    connections.close_all()  # the pool forks next: a connection must not be shared


@worker_ready.connect
def _start(**kwargs: Any) -> None:  # noqa: ARG001
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


@worker_shutting_down.connect
def _stop_claiming(**kwargs: Any) -> None:  # noqa: ARG001
    _ending.set()


@worker_shutdown.connect
def _end(**kwargs: Any) -> None:  # noqa: ARG001
    _stop.set()
    leases.worker_gone(os.environ.get(_WORKER_ID, ""))
    connections.close_all()


def _beat() -> None:
    """Sweep once, then say every few seconds that the worker lives."""
    first = True
    while True:
        try:
            if first:
                sweep()
                first = False
            leases.worker_seen(os.environ[_WORKER_ID])
        except DatabaseError:
            logger.exception("heartbeat failed")
        finally:
            connections.close_all()
        if _stop.wait(HEARTBEAT_SECONDS):
            return
