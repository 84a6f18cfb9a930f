"""The programs that make up the product, as command lines."""

from __future__ import annotations

import signal
import sys
from collections.abc import Collection, Iterable
from typing import Final

from django.conf import settings

from ragsite.ops.supervise import Program

_CELERY: Final = (sys.executable, "-m", "celery", "--quiet", "-A", "ragsite.celery")
#: Seconds in which the web server, which somebody waits for, has the machine to itself.
_AFTER_YOU: Final = 4.0
_LEVEL: Final = ("--loglevel", "WARNING")


def web(listener: int, *, pass_fds: Iterable[int] = ()) -> Program:
    """Return the web server, which answers on the listening socket ``listener``."""
    argv = (
        *(sys.executable, "-m", "gunicorn"),
        *("--config", "python:ragsite.ops.gunicorn_conf"),
        *("--bind", f"fd://{listener}"),
        *("--workers", str(settings.WEB_CONCURRENCY)),
        *("--log-level", "warning"),
        "ragsite.asgi:application",
    )
    return Program("web", argv, pass_fds=(listener, *pass_fds))


def worker(*, wait: float = 0.0) -> Program:
    """Return the worker. SIGQUIT gives a running task ``worker_soft_shutdown_timeout``."""
    options = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    concurrency = ("--concurrency", str(settings.WORKER_CONCURRENCY))
    argv = (*_CELERY, "worker", "--pool", "prefork", *concurrency, *options, *_LEVEL)
    grace = settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT + 10.0
    return Program("worker", argv, stop_signal=signal.SIGQUIT, grace=grace, wait=wait)


def beat(*, wait: float = 0.0) -> Program:
    """Return the clock that starts what is done regularly."""
    schedule = ("--schedule", settings.CELERY_BEAT_SCHEDULE_FILENAME)
    steady = ("--scheduler", "ragsite.ops.beat:Scheduler")
    return Program("beat", (*_CELERY, "beat", *steady, *schedule, *_LEVEL), grace=5.0, wait=wait)


BACKGROUND: Final = {"worker": worker, "beat": beat}


def background(wanted: Collection[str]) -> list[Program]:
    """Return the wanted programs that need no socket."""
    wait = _AFTER_YOU if "web" in wanted else 0.0
    return [program(wait=wait) for name, program in BACKGROUND.items() if name in wanted]
