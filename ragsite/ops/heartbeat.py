"""The web server says every few seconds that it lives, so that others can tell when it does not."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.core.cache import cache

logger = logging.getLogger(__name__)

EVERY: Final = 15.0
_KEY: Final = "web:seen"
_REMEMBERED: Final = 24 * 3600


def web_beats() -> None:
    """Say from now on that this process lives, for as long as it does."""
    threading.Thread(target=_beat, name="web heartbeat", daemon=True).start()


def _beat() -> None:
    pause = threading.Event()
    while True:
        web_seen()
        pause.wait(EVERY)


def web_seen() -> None:
    """Say once that the web server lives. Never fails."""
    try:
        cache.set(_KEY, int(time.time()), _REMEMBERED)
    except Exception as error:  # noqa: BLE001  # whatever a cache raises, the server goes on
        logger.warning("the heartbeat was not noted: %s", type(error).__name__)


def web_silence() -> float | None:
    """Return for how many seconds nothing was heard of a web server; ``None`` if never anything."""
    seen = cache.get(_KEY)
    return None if seen is None else max(time.time() - seen, 0.0)
