"""What Python would print by itself goes to the log instead: one form, and no values."""

from __future__ import annotations

import logging
import threading

logger = logging.getLogger(__name__)


def log_everything() -> None:
    """Log warnings, and what threads die of. For processes that serve."""
    logging.captureWarnings(capture=True)
    threading.excepthook = thread_broke


def thread_broke(args: threading.ExceptHookArgs) -> None:
    """Log what a thread died of."""
    if args.exc_value is None or isinstance(args.exc_value, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    trace = (args.exc_type, args.exc_value, args.exc_traceback)
    logger.error("the thread %s broke", name, exc_info=trace)
