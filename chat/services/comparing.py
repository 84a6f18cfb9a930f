"""Comparisons: asked for, worked on in the background, and never left hanging.

The row is the truth: a worker takes it with a lease that it renews as it goes. A lease
that ran out puts the comparison back; three attempts, then it has failed with a reason.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import Comparison, QuestionSet
from chat.services.measuring import (
    JudgedQuestion,
    Measured,
    Progress,
    counted,
    judged_questions,
    measure,
    side_by_side,
    summary,
)
from chat.services.scratch import corpus_of, measured_apart, refuse_too_big
from chat.services.setups import Setup, live_setup, setup_read
from documents.errors import Conflict, Forbidden, InvalidInput, NotFound, ProductError
from documents.ingest.bell import ring
from documents.models import Collection
from documents.search.scope import Within

logger = logging.getLogger(__name__)

COMPARE = "chat.tasks.compare"
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 3
#: Comparisons that one set keeps; older ones make room.
KEPT = 20
#: Comparisons of one set that may wait at a time.
MAX_WAITING = 5
State = Comparison.State
_INTERRUPTED = "It was begun three times and interrupted each time."
_BROKEN = "Something went wrong on our side. It has been logged."
_NO_RIGHT = "Who asked for it may no longer read the collection."


class LeaseLost(ProductError):
    """Another worker has taken over, or the comparison is gone. The work is to be dropped."""

    code = "lease_lost"


def comparison_get(user: User, comparison_id: int) -> Comparison:
    """Return a comparison the user may read. Raises ``NotFound``."""
    rows = Comparison.objects.visible_to(user).select_related("question_set__collection")
    found: Comparison | None = (
        rows.filter(pk=comparison_id).first() if comparison_id < 2**63 else None
    )
    if found is None:
        raise NotFound
    return found


def comparison_create(*, user: User, question_set: QuestionSet, **values: Any) -> Comparison:
    """Ask for a comparison of what is live with other ``values`` of ``Setup``.

    Raises ``Forbidden`` without the right to change the collection, ``InvalidInput`` for
    values that make no sense, for an empty set and for a collection that is too big.
    """
    collection = question_set.collection
    if not Collection.objects.editable_by(user).filter(pk=collection.pk).exists():
        raise Forbidden("Only editors of the collection may make comparisons.")
    if not question_set.questions.exists():
        raise InvalidInput("There is no question in the set yet.")
    live = live_setup()
    other = setup_read(values, live)
    if other == live:
        raise InvalidInput("Change something to compare it with what is live.")
    if other.cut != live.cut:
        refuse_too_big(collection)
    with transaction.atomic():
        unfinished = question_set.comparisons.filter(state__in=(State.QUEUED, State.RUNNING))
        if unfinished.count() >= MAX_WAITING:
            raise Conflict("Several comparisons of this set are under way. Wait for them first.")
        made: Comparison = Comparison.objects.create(
            question_set=question_set, created_by=user, live=asdict(live), other=asdict(other)
        )
        outdated = question_set.comparisons.order_by("-pk").values_list("pk", flat=True)[KEPT:]
        Comparison.objects.filter(pk__in=list(outdated)).delete()
        ring(COMPARE)
    return made


# --- in the background ----------------------------------------------------------------


def comparisons_run(limit: int | None = None) -> int:
    """Work on what waits, at most on ``limit``. Returns how many were worked on."""
    done = 0
    while done != limit and (taken := _claim()) is not None:
        _run(taken)
        done += 1
    return done


def comparisons_waiting() -> int:
    """Return how many wait for a worker."""
    return int(Comparison.objects.filter(state=State.QUEUED).count())


def comparisons_sweep() -> int:
    """Put back what lost its worker, or end it. Returns how many wait."""
    now = timezone.now()
    # Longer than any lease is given: the clock was put back, and its worker may be gone.
    valid = (now, now + 2 * LEASE)
    lost = Comparison.objects.filter(state=State.RUNNING).exclude(lease_until__range=valid)
    lost.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED, reason=_INTERRUPTED, finished_at=now, lease_until=None
    )
    lost.update(state=State.QUEUED, progress=0.0, lease_owner="", lease_until=None)
    return comparisons_waiting()


def _claim() -> Comparison | None:
    owner = uuid.uuid4().hex
    with transaction.atomic():
        found: Comparison | None = (
            Comparison.objects.select_for_update()
            .filter(Q(state=State.QUEUED))
            .order_by("attempts", "pk")
            .first()
        )
        if found is None:
            return None
        found.state, found.attempts = State.RUNNING, found.attempts + 1
        found.lease_owner, found.lease_until = owner, timezone.now() + LEASE
        found.save()
    return found


def _run(taken: Comparison) -> None:
    try:
        _compare(taken)
    except LeaseLost:
        logger.info("comparison %s: another worker took over", taken.pk)
    except NotFound:
        _end(taken, state=State.FAILED, reason=_NO_RIGHT)
    except ProductError as error:
        _end(taken, state=State.FAILED, reason=error.message[:500])
    except Exception:  # the worker must live on, and the comparison must reach an end
        logger.exception("comparison %s broke", taken.pk)
        _end(taken, state=State.FAILED, reason=_BROKEN)


def _compare(taken: Comparison) -> None:
    question_set, user = taken.question_set, taken.created_by
    if user is None or not QuestionSet.objects.visible_to(user).filter(pk=question_set.pk).exists():
        raise NotFound
    questions = judged_questions(user, question_set)
    live, other = Setup(**taken.live), Setup(**taken.other)
    if live.cut == other.cut and live.cut == live_setup().cut:
        sides = _in_the_live_index(taken, user, (live, other), questions)
    else:
        sides = _apart(taken, (live, other), questions)
    results = list(side_by_side(*sides))
    _end(
        taken,
        state=State.DONE,
        progress=1.0,
        results=results,
        summary={
            "live": summary(questions, sides[0]),
            "other": summary(questions, sides[1]),
            "changes": counted(results),
        },
    )


def _in_the_live_index(
    taken: Comparison,
    user: User,
    setups: tuple[Setup, Setup],
    questions: list[JudgedQuestion],
) -> list[list[Measured]]:
    within = Within(collections=[taken.question_set.collection_id])
    return [
        measure(user, within, setup, questions, _share(taken, side / 2, (side + 1) / 2))
        for side, setup in enumerate(setups)
    ]


def _apart(
    taken: Comparison, setups: tuple[Setup, Setup], questions: list[JudgedQuestion]
) -> list[list[Measured]]:
    """Measure both sides in indexes of their own: the live one holds other collections too."""
    collection = taken.question_set.collection
    refuse_too_big(collection)
    corpus = corpus_of(collection, _share(taken, 0.0, 0.2))
    return [
        measured_apart(setup, corpus, questions, _share(taken, 0.2 + 0.4 * side, 0.6 + 0.4 * side))
        for side, setup in enumerate(setups)
    ]


def _share(taken: Comparison, begin: float, end: float) -> Progress:
    def report(share: float) -> None:
        progress = round(begin + share * (end - begin), 3)
        if not _held(taken).update(progress=progress, lease_until=timezone.now() + LEASE):
            raise LeaseLost

    return report


def _held(taken: Comparison) -> Any:
    return Comparison.objects.filter(
        pk=taken.pk, state=State.RUNNING, lease_owner=taken.lease_owner
    )


def _end(taken: Comparison, **changes: Any) -> None:
    _held(taken).update(finished_at=timezone.now(), lease_owner="", lease_until=None, **changes)
