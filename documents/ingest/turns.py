"""Whose turn it is: people take turns, however many files each of them has queued.

Among those who have something waiting, the one with the fewest files being read is
served, and of these the one who was served longest ago. Of one person's files, those
uploaded by hand go before those that came with a folder, and what was interrupted or
has failed before goes last. Pages that wait for recognition follow when nothing else
waits.
"""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.db.models import Max

from documents.models import Document, DocumentVersion, Turn
from documents.types import Status

_VERSIONS: Final = DocumentVersion._meta.db_table  # noqa: SLF001  # Django's documented way
_DOCUMENTS: Final = Document._meta.db_table  # noqa: SLF001
_TURNS: Final = Turn._meta.db_table  # noqa: SLF001

# The people are found by jumping from one to the next in the index ``version_by_turn``
# (a "loose index scan"): the cost grows with the people who wait, not with their files.
# Literals, not parameters: a partial index is only used where its condition is plain.
_NEXT: Final = f"""
    WITH RECURSIVE person(id) AS (
        SELECT min(queued_for) FROM {_VERSIONS}
        WHERE status = '{Status.QUEUED}' AND needs_recognition = %s
        UNION ALL
        SELECT (
            SELECT min(queued_for) FROM {_VERSIONS}
            WHERE status = '{Status.QUEUED}' AND needs_recognition = %s
            AND queued_for > person.id
        ) FROM person WHERE person.id IS NOT NULL
    ), first(person, version) AS (
        SELECT person.id, (
            SELECT v.id FROM {_VERSIONS} AS v
            JOIN {_DOCUMENTS} AS d ON d.id = v.document_id
            WHERE v.status = '{Status.QUEUED}' AND v.needs_recognition = %s
            AND v.queued_for = person.id AND NOT d.deleting
            ORDER BY v.in_bulk, v.interruptions, v.attempts, v.id LIMIT 1
        ) FROM person WHERE person.id IS NOT NULL
    )
    SELECT first.version FROM first
    LEFT JOIN {_TURNS} AS turn ON turn.queued_for = first.person
    WHERE first.version IS NOT NULL
    ORDER BY (
        SELECT count(*) FROM {_VERSIONS}
        WHERE status = '{Status.PROCESSING}' AND queued_for = first.person
    ), coalesce(turn.served, 0), first.version
    LIMIT 1
"""  # noqa: S608  # names of tables and states, no values


def next_version() -> int | None:
    """Return the id of the version whose turn it is, ``None`` when nothing waits.

    To be called in the transaction that claims it.
    """
    with connection.cursor() as cursor:
        for needs_recognition in (False, True):
            cursor.execute(_NEXT, [needs_recognition] * 3)
            if row := cursor.fetchone():
                return int(row[0])
    return None


def turn_taken(queued_for: int) -> None:
    """Note that somebody was served now. Counted, not timed: a clock may be put back."""
    last = Turn.objects.aggregate(last=Max("served"))["last"] or 0
    Turn.objects.bulk_create(
        [Turn(queued_for=queued_for, served=last + 1)],
        update_conflicts=True,
        unique_fields=["queued_for"],
        update_fields=["served"],
    )


def explained() -> list[str]:
    """Return how the database goes about finding the next version, line by line."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {_NEXT}", [False] * 3)
        return [str(row[-1]) for row in cursor.fetchall()]
