"""Which request a version came with, so that what is logged while it is read can name it.

Kept in the cache: it may be lost at any time, and then only the task's own id is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from django.core.cache import cache

from documents.origin import bound, current

logger = logging.getLogger(__name__)

#: A version that waits for longer has lost its request.
_SECONDS: Final = 3 * 24 * 3600


def _key(version_id: int) -> str:
    return f"origin:version:{version_id}"


def remember(version_id: int) -> None:
    """Note that the present request brought this version. Never fails."""
    request_id = current().request_id
    if not request_id:
        return
    try:
        cache.set(_key(version_id), request_id, _SECONDS)
    except Exception as error:  # noqa: BLE001  # whatever a cache raises, an upload goes on
        logger.warning("the request of a version was not noted: %s", type(error).__name__)


@contextmanager
def asked(version_id: int) -> Iterator[None]:
    """Work inside for the request that brought this version, where that is known.

    Else for the task itself: what rang for it may have been the request of another version.
    """
    try:
        found = str(cache.get(_key(version_id), ""))
    except Exception:  # noqa: BLE001  # see above
        found = ""
    origin = current()
    with bound(replace(origin, request_id=found or origin.task_id.replace("-", ""))):
        yield
