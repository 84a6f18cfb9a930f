"""Who looked at which documents, and what everybody did on each day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import TruncDate

from analytics.models import Use
from chat.models import Citation, Message
from documents.models import Document, DocumentVersion

#: Rows of each list.
LISTED = 20
#: Days times people that are listed.
MOST_ACTIVITY = 500
_HOW = ("viewed", "opened", "downloaded")


def accessed(since: datetime) -> list[dict[str, Any]]:
    """Return the documents that were looked at most, with how, by how many, and citations."""
    rows = (
        Use.objects.filter(day__gte=since.date())
        .values("document_id")
        .annotate(
            **{how: Sum(how) for how in _HOW},
            readers=Count("reader", distinct=True),
        )
        .order_by((F("viewed") + F("opened") + F("downloaded")).desc(), "document_id")[:LISTED]
    )
    found: list[Any] = list(rows)
    ids = [row["document_id"] for row in found]
    titles = dict(Document.objects.filter(pk__in=ids).values_list("pk", "title"))
    cited = _citations(ids, since)
    return [
        {
            "id": str(row["document_id"]),
            "title": titles[row["document_id"]],
            **{how: row[how] for how in _HOW},
            "readers": row["readers"],
            "citations": cited.get(row["document_id"], 0),
        }
        for row in found
        if row["document_id"] in titles
    ]


def _citations(ids: list[Any], since: datetime) -> dict[Any, int]:
    rows = Citation.objects.filter(document__in=ids, message__created_at__gte=since)
    return dict(rows.values_list("document_id").annotate(count=Count("pk")).order_by())


def unused() -> dict[str, Any]:
    """Return the documents that nobody has opened and no answer rests on, the oldest first.

    Openings are remembered for ``METRICS_DAYS``.
    """
    rows = _unused()
    oldest = rows.order_by("created_at")[:LISTED]
    return {
        "count": rows.count(),
        "oldest": [{"id": str(row.pk), "title": row.title} for row in oldest],
    }


def _unused() -> QuerySet[Document]:
    rows: QuerySet[Document] = Document.objects.filter(
        current_version__isnull=False, retired_at=None
    )
    opened = Use.objects.filter(document=OuterRef("pk")).exclude(opened=0, downloaded=0)
    cited = Citation.objects.filter(document=OuterRef("pk"))
    return rows.exclude(Exists(opened)).exclude(Exists(cited))


def activity(since: datetime) -> list[dict[str, Any]]:
    """Return what each person did on each day, the latest day first."""
    days: dict[tuple[date, int], dict[str, int]] = defaultdict(
        lambda: {"questions": 0, "opened": 0, "uploads": 0}
    )
    asked = Message.objects.filter(created_at__gte=since).annotate(day=TruncDate("created_at"))
    for day, user, count in asked.values_list("day", "conversation__user").annotate(Count("pk")):
        days[day, user]["questions"] += count
    sent = DocumentVersion.objects.filter(created_at__gte=since, uploaded_by__isnull=False)
    by_day = sent.annotate(day=TruncDate("created_at"))
    for day, user, count in (
        by_day.order_by().values_list("day", "uploaded_by").annotate(Count("pk"))
    ):
        days[day, user]["uploads"] += count
    looked = Use.objects.filter(day__gte=since.date()).order_by()
    for day, user, count in looked.values_list("day", "reader").annotate(Sum("opened")):
        days[day, user]["opened"] += count
    names = dict(
        User.objects.filter(pk__in={user for _, user in days}).values_list("pk", "username")
    )
    rows: list[dict[str, Any]] = [
        {"day": day, "username": names.get(user, "(deleted)"), **counts}
        for (day, user), counts in days.items()
    ]
    rows.sort(key=lambda row: (-row["day"].toordinal(), row["username"]))
    return rows[:MOST_ACTIVITY]
