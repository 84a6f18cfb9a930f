"""One look at each part the product leans on, timed, with a sentence for a person.

What lies above this app (backups, keys) says how it is through ``register``.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from analytics.metrics import queue, workers
from analytics.selectors import MIN_FREE_BYTES, migrations_missing
from chat.services.reaching import model_reached
from documents.embed.base import Embedder
from documents.errors import ProductError
from documents.models import Chunk, Turn
from documents.selectors import active_space, configured_embedder, search_index, space_embedder

#: Seconds after which a broker that does not answer counts as away.
_BROKER_PATIENCE: Final = 3
#: A version that waits for longer tells that nobody works.
_LONG_WAIT: Final = 3600.0


class Unwell(Exception):
    """A part is not well. The message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A part: how to look at it, and whether nothing works without it."""

    name: str
    look: Callable[[], str]
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a part showed. ``ms`` is how long it took."""

    name: str
    state: str
    message: str
    ms: float


_registered: dict[str, Probe] = {}


def register(probe: Probe) -> None:
    """Have a part of the outside looked at too."""
    _registered[probe.name] = probe


def looked_at() -> list[Seen]:
    """Look at every part, one after the other. Nothing is raised."""
    return [_seen(probe) for probe in (*_PARTS, *_registered.values())]


def status_of(found: list[Seen]) -> str:
    """Return the whole in a word: ``ok``, ``degraded`` or ``unavailable``."""
    states = {each.state for each in found}
    if "unavailable" in states:
        return "unavailable"
    return "degraded" if "degraded" in states else "ok"


def _seen(probe: Probe) -> Seen:
    started = time.perf_counter()
    state, message = "ok", ""
    try:
        message = probe.look()
    except Exception as error:  # noqa: BLE001  # a part that breaks is what is looked for
        state, message = "unavailable" if probe.essential else "degraded", _said(error)
    return Seen(probe.name, state, message, round((time.perf_counter() - started) * 1000, 2))


def _said(error: Exception) -> str:
    if isinstance(error, ProductError):
        return error.message
    if isinstance(error, Unwell):
        return str(error)
    return f"{type(error).__name__}: {error}"[:300]


def _database() -> str:
    with transaction.atomic():
        # A row of nobody's, taken back at once: the way to the disk is gone all the same.
        Turn.objects.create(queued_for=2**62, served=0)
        Turn.objects.filter(queued_for=2**62).delete()
    return "It can be written."


def _migrations() -> str:
    if migrations_missing():
        raise Unwell("It is behind this release: manage.py migrate")
    return "The database is up to date."


def _index() -> str:
    space = active_space()
    if space is None:
        return "It is empty: no document was read yet."
    counts = search_index(space).counts()
    if counts.keyword != counts.semantic:
        raise Unwell(
            f"It holds {counts.keyword} passages by words and {counts.semantic} by meaning: "
            "manage.py reconcile"
        )
    return f"It holds {counts.keyword} of {Chunk.objects.count()} passages."


def _cache() -> str:
    key = f"probe-{secrets.token_hex(8)}"
    cache.set(key, 1, 10)
    counted = cache.incr(key)
    cache.delete(key)
    if counted != 2:
        raise Unwell("It does not count, so that limits do not hold.")
    return "It counts, in Redis." if settings.REDIS_URL else "It counts, in DATA_DIR."


def _broker() -> str:
    with current_app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, timeout=_BROKER_PATIENCE)
    return "It takes tasks."


def _embedder() -> str:
    embedder = _used_embedder()
    embedder.embed_query("a question")
    return f"{embedder.model} answers."


def _used_embedder() -> Embedder:
    space = active_space()
    return space_embedder(space) if space else configured_embedder()


def _disk() -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free
    said = f"{free / 2**20:,.0f} MB are free."
    if free < MIN_FREE_BYTES:
        raise Unwell(f"{said} Make room, or move DATA_DIR to a larger disk.")
    return said


def _workers() -> str:
    alive = [worker for worker in workers() if worker["alive"]]
    if not alive:
        raise Unwell("No worker was heard of lately: nothing is read.")
    last = min(worker["seen_seconds_ago"] for worker in alive)
    return f"{len(alive)} alive, last heard of {last:.0f} s ago."


def _queue() -> str:
    found = queue()
    said = f"{found.queued} wait and {found.processing} are read"
    if found.oldest_seconds > _LONG_WAIT:
        raise Unwell(f"{said}; the oldest waits for {found.oldest_seconds / 3600:.1f} hours.")
    return f"{said}."


_PARTS: Final = (
    Probe("database", _database, essential=True),
    Probe("migrations", _migrations, essential=True),
    Probe("disk", _disk, essential=True),
    Probe("index", _index),
    Probe("cache", _cache),
    Probe("broker", _broker),
    Probe("embedder", _embedder),
    Probe("model", model_reached),
    Probe("worker", _workers),
    Probe("queue", _queue),
)
