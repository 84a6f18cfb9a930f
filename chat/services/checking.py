"""Watched answers that are due: asked again, and told once when they changed.

A check takes a lease, asks, and keeps what came only if nobody else did meanwhile: the
answer, its number and the notice are written in one transaction.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.answer.retrieval import retriever
from chat.models import Notice, Watch
from chat.services.asking import scope_read
from chat.services.metered import metered
from chat.services.models import configured_model
from chat.services.running import draft_of
from chat.services.snapshots import is_news, snapshot_of, visible_documents
from chat.services.watching import LONGEST_WAIT, answer_keep
from documents.errors import NotFound, ProductError

logger = logging.getLogger(__name__)

#: Longer than any answer may take.
LEASE = timedelta(minutes=2)
#: Between two tries of a check that failed; it grows with each.
RETRY_AFTER = timedelta(minutes=2)
MAX_ATTEMPTS = 5


def watches_check(seconds: float = 300.0) -> int:
    """Ask again what is due, until nothing is or the time is over. Returns how many were asked."""
    deadline, done = time.monotonic() + seconds, 0
    while time.monotonic() < deadline and (watch := _claim()) is not None:
        try:
            _check(watch)
        except ProductError as error:
            _try_later(watch, error.message)
        except Exception:  # the worker must live on, and the watch must be tried again
            logger.exception("watch %s broke", watch.pk)
            _try_later(watch, "Something went wrong on our side. It has been logged.")
        done += 1
    return done


def watches_due() -> int:
    """Return how many watches wait for a check now."""
    return int(_due(timezone.now()).count())


def _due(now: datetime) -> Any:
    # What lies further in the future than is ever planned was planned before the clock was
    # put back.
    longest = timedelta(seconds=LONGEST_WAIT * settings.WATCH_DELAY) + MAX_ATTEMPTS * RETRY_AFTER
    free = Q(lease_until=None) | Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * LEASE)
    return Watch.objects.filter(free, Q(due_at__lte=now) | Q(due_at__gt=now + longest))


def _claim() -> Watch | None:
    now = timezone.now()
    with transaction.atomic():
        watch: Watch | None = _due(now).select_for_update().order_by("due_at", "pk").first()
        if watch is None:
            return None
        watch.lease_until, watch.attempts = now + LEASE, watch.attempts + 1
        watch.save(update_fields=["lease_until", "attempts"])
    return watch


def _try_later(watch: Watch, problem: str) -> None:
    """Give a check back that failed; after several the next change tries again."""
    gives_up = watch.attempts >= MAX_ATTEMPTS
    later = None if gives_up else timezone.now() + watch.attempts * RETRY_AFTER
    Watch.objects.filter(pk=watch.pk, changes=watch.changes).update(
        due_at=later, lease_until=None, problem=problem[:500]
    )
    Watch.objects.filter(pk=watch.pk).update(lease_until=None)


def _check(watch: Watch) -> None:
    started, user = timezone.now(), watch.user
    if not _may_go_on(watch, user):
        _settle(watch, problem="Some of what it rests on may no longer be read.")
        return
    model = metered(configured_model(), user.pk)
    try:
        within = scope_read(watch.scope)
        retrieve = retriever(user, within, compare=model is None)
        draft = draft_of(
            watch.question,
            retrieve=retrieve,
            model=model,
            threshold=settings.SIMILARITY_THRESHOLD,
        )
    except NotFound:
        _settle(watch, problem="Where it was asked is no longer there, or may not be read.")
        return
    snapshot = snapshot_of(draft)
    changed = bool(watch.serial) and is_news(watch, snapshot)
    _conclude(watch, snapshot, started, changed=changed)


def _may_go_on(watch: Watch, user: User) -> bool:
    """Whether the owner is active and may read what the answer rests on, as far as it exists.

    Losing access to a source must not be told as a change of the answer.
    """
    if not user.is_active:
        return False
    ids = set(watch.documents.filter(retired_at=None).values_list("pk", flat=True))
    return ids <= set(visible_documents(user, [str(pk) for pk in ids]))


def _settle(watch: Watch, problem: str = "") -> None:
    """End a check without a word; a change that came meanwhile makes it due again."""
    Watch.objects.filter(pk=watch.pk, changes=watch.changes).update(
        due_at=None, changed_at=None, attempts=0, problem=problem
    )
    Watch.objects.filter(pk=watch.pk).update(lease_until=None)


@transaction.atomic
def _conclude(watch: Watch, snapshot: dict[str, Any], started: datetime, *, changed: bool) -> None:
    """Keep what came, unless another check did, and tell of a change: both or neither."""
    held = Watch.objects.select_for_update().filter(pk=watch.pk, serial=watch.serial).first()
    if held is None:
        return
    if changed or not held.serial:
        if changed:
            _tell(held, snapshot)
        answer_keep(held, snapshot, checked_at=started)
    else:
        Watch.objects.filter(pk=held.pk).update(checked_at=started)
    _settle(watch)


def _tell(watch: Watch, snapshot: dict[str, Any]) -> None:
    Notice.objects.create(
        user=watch.user,
        kind=Notice.Kind.ANSWER_CHANGED,
        text=watch.question,
        watch=watch,
        serial=watch.serial + 1,
        before=watch.answer,
        after=snapshot,
    )
