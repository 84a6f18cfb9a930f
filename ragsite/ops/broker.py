"""The folder that stands for a broker, after a crash.

Kombu writes its files in place and flushes none of them. A power cut leaves such files behind
empty: a message then ends the worker that takes it, and a list of an exchange's queues ends
every worker that starts, for ever. Messages are bells and nothing more (see
``documents.ingest.bell``), and Kombu writes its lists anew where there are none.
"""

from __future__ import annotations

import fcntl
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

#: A file that was touched so few seconds ago may be in the middle of being written.
_BUSY: Final = 0.5


def broker_mend(folder: Path) -> int:
    """Remove the files of a file system broker that nobody can read. Returns how many."""
    damaged = [path for path in _files(folder) if _is_damaged(path)]
    for path in damaged:
        path.unlink(missing_ok=True)
    if damaged:
        logger.warning("removed %d damaged files of the broker", len(damaged))
    return len(damaged)


def _files(folder: Path) -> Iterator[Path]:
    yield from (folder / "control").glob("*.exchange")
    yield from (folder / "queue").glob("*.msg")


def _is_damaged(path: Path) -> bool:
    """Whether what is in it is no JSON, and nobody is at work on it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # writers lock it exclusively
            json.loads(file.read())
    except ValueError:
        return _is_at_rest(path)
    except OSError:  # locked, or taken meanwhile
        return False
    return False


def _is_at_rest(path: Path) -> bool:
    try:
        # The distance, whichever is later: the clock may have been put back since.
        return abs(time.time() - path.stat().st_mtime) > _BUSY
    except OSError:
        return False
