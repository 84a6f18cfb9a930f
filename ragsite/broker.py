"""The folder that stands for a broker where there is none, after power cuts and on full disks.

Kombu writes the files of this transport in place, and flushes none of them: a power cut, or a
disk without room, leaves empty ones behind. A message that cannot be read ends the worker that
takes it; a list of an exchange's queues ends every worker that starts, for ever, and every upload.
Here such files count as not there. Messages are bells and nothing more (see
``documents.ingest.bell``), and whoever starts or sends writes the lists anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Reads past what cannot be read. Kombu raises ``ValueError`` for that: it is no JSON."""

    _exchange_file: Callable[[str], Path]

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002  # Kombu's
        while True:
            try:
                return super()._get(queue)
            except ValueError:  # the file is gone by now, so that the next one follows
                logger.warning("a damaged message of the broker was left out")

    def get_table(self, exchange: str) -> Any:
        """Return the queues of an exchange; without a list, those that this process has bound."""
        try:
            return super().get_table(exchange)
        except ValueError:
            bound = [key for key in self.state.bindings or () if key.exchange == exchange]
            return [filesystem.exchange_queue_t(key.routing_key, "", key.queue) for key in bound]

    def _queue_bind(self, exchange: str, *binding: Any) -> None:
        try:
            super()._queue_bind(exchange, *binding)
        except ValueError:
            logger.warning("the broker's damaged list of %s is written anew", exchange)
            self._exchange_file(exchange).unlink(missing_ok=True)
            super()._queue_bind(exchange, *binding)


class Transport(filesystem.Transport):
    """Kombu's own, with this channel."""

    Channel = Channel


def use() -> None:
    """Have ``filesystem://`` mean this transport in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:{Transport.__name__}"
