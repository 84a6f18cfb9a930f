"""How many answers may be written at the same time, by one user and by all.

An answer that is being written says so in its row, and touches that row every few seconds.
Those rows are what is counted: a process that dies takes no place away for longer than
``HELD_FOR``.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.utils import timezone

from chat.errors import TooManyAnswers
from chat.models import Message
from chat.selectors import around
from chat.spending import ledger

#: How long an answer holds its place without a touch. It is touched every five seconds at most.
HELD_FOR = timedelta(seconds=30)


def answer_admit(user: User) -> None:
    """Let one more question of this user in, or raise ``TooManyAnswers`` or ``QuotaReached``.

    Call it inside the transaction that keeps the question: of several at the same time
    each sees the ones before it.
    """
    alive = around(timezone.now(), HELD_FOR)
    writing = Message.objects.filter(state=Message.State.ANSWERING, touched_at__range=alive)
    counted = writing.aggregate(
        everybody=Count("pk"), own=Count("pk", filter=Q(conversation__user_id=user.pk))
    )
    if counted["own"] >= settings.MAX_ANSWERS_PER_USER:
        raise TooManyAnswers("Other answers of yours are still being written. Wait for their end.")
    if counted["everybody"] >= settings.MAX_ANSWERS:
        raise TooManyAnswers
    ledger().question(user.pk)
