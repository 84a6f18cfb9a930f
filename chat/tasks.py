"""Background work of this app. A task carries nothing, and may run twice or never."""

from __future__ import annotations

from celery import shared_task

from chat.services.checking import watches_check, watches_due
from chat.services.comparing import (
    COMPARE,
    comparisons_run,
    comparisons_sweep,
    comparisons_waiting,
)
from chat.services.notices import notices_mail
from chat.services.scratch import remove_stale
from chat.services.watching import CHECK
from chat.turns import answers_sweep
from documents.ingest.bell import ring
from documents.ingest.priority import ahead


@shared_task(name=COMPARE, time_limit=1800)
def compare() -> None:
    """Work on one comparison, and ring for the next: a task has only so much time."""
    if comparisons_run(limit=1) and comparisons_waiting():
        ring(COMPARE)


@shared_task(name=CHECK)
def check_watches() -> None:
    """Ask again what is due, and send what came of it."""
    if watches_check() and watches_due():
        ring(CHECK)
    notices_mail()


@shared_task(name="chat.tasks.sweep")
def sweep() -> None:
    """Mend what crashes left behind, and ring for what waits."""
    remove_stale()
    ahead(answers_sweep)
    if comparisons_sweep():
        ring(COMPARE)
    if watches_due():
        ring(CHECK)
    notices_mail()
