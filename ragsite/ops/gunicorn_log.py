"""The web server's own lines, written like all others."""

from __future__ import annotations

import logging.config
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger  # type: ignore[import-untyped]


class ServerLogger(Logger):  # type: ignore[misc]  # untyped library
    """Hands what the server says to the root logger, which the settings have set up."""

    def setup(self, cfg: Any) -> None:
        """Set up, in the server's first process too, which loads no application."""
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
