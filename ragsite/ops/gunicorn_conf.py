"""How the web server runs. What differs between installations is given on its command line."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import Any, Final

from django.conf import settings

from ragsite.ops import patience
from ragsite.ops.last_words import log_everything
from ragsite.ops.lifeline import watch_parent

#: Names the pipe on which the first worker that is ready says so.
READY_FD: Final = "RAGSITE_READY_FD"

logger_class = "ragsite.ops.gunicorn_log.ServerLogger"
worker_class = "asgi"  # streams unbuffered, and notices a client that leaves
asgi_lifespan = "off"
# Without a proxy of ours in front, nobody is believed to have spoken HTTPS.
forwarded_allow_ips = "127.0.0.1,::1" if settings.TRUSTED_PROXIES else ""
graceful_timeout = 20  # seconds that open requests get when the server stops
keepalive = 5
control_socket_disable = True
# A private folder in memory: the heartbeat of a worker must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


def post_fork(_server: Any, _worker: Any) -> None:
    """A worker ends with its server, even if that is killed; and waits for no request for ever."""
    watch_parent()
    patience.install()


def post_worker_init(_worker: Any) -> None:
    """Tell whoever started the server that a worker has loaded the application."""
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    _say_alive()
    log_everything()
    if descriptor := os.environ.get(READY_FD):
        with contextlib.suppress(OSError):  # the one who asked may be gone
            os.write(int(descriptor), b".")


def _say_alive() -> None:
    # The cache wants Django set up, as above.
    from ragsite.ops.heartbeat import web_beats  # noqa: PLC0415

    web_beats()


def _warm() -> None:
    """Load the models in the background: the first question must not wait for them."""
    # Django is set up only by now, in the worker.
    from chat.services.models import warm  # noqa: PLC0415

    try:
        warm()
    except Exception:  # a server that cannot warm up still answers
        logging.getLogger(__name__).exception("warming up failed")
