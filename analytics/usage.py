"""How the library is used: what is asked, what is left unanswered, which documents carry answers.

For administrators. With ``ANALYTICS_QUESTIONS`` off, no text of a question leaves the
conversation it was asked in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, F, Max, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from analytics.accesses import accessed, activity, unused
from analytics.grouping import MOST, Asked, Group, grouped
from chat.models import Citation, Feedback, Message
from documents.models import Document, DocumentVersion
from documents.types import Status

#: Rows of each list.
LISTED = 20
_OF_A_DAY = ("questions", "refusals", "users", "uploads", "uploaded_bytes", "uploads_failed")
#: Answers below this confidence are looked at as badly answered.
DOUBTFUL = 0.45


def usage(days: int = 7) -> dict[str, Any]:
    """Return the use of the last days, in the shape of the API."""
    since = timezone.now() - timedelta(days=days)
    return {
        "days": days,
        "totals": totals(since),
        "by_day": by_day(since),
        "popular_questions": [_group(each) for each in popular(since)],
        "unanswered_questions": [_group(each) for each in unanswered(since)],
        "documents_by_citations": cited(since),
        "documents_by_access": accessed(since),
        "documents_never_cited": never_cited(),
        "documents_unused": unused(),
        "users": users(since),
        "activity": activity(since),
        "feedback": feedback(since),
    }


def totals(since: datetime) -> dict[str, Any]:
    """Return the sums of a time: questions and how they went, uploads, people."""
    found = Message.objects.filter(created_at__gte=since).aggregate(
        questions=Count("pk"),
        refusals=Count("pk", filter=Q(refused=True)),
        failed=Count("pk", filter=Q(state=Message.State.FAILED)),
        doubtful=Count("pk", filter=Q(refused=False, answer__gt="", confidence__lt=DOUBTFUL)),
        users=Count("conversation__user", distinct=True),
        mean_confidence=Avg("confidence", filter=Q(refused=False, answer__gt="")),
    )
    mean = found.pop("mean_confidence")
    uploads = DocumentVersion.objects.filter(created_at__gte=since).count()
    return found | {
        "mean_confidence": None if mean is None else round(mean, 3),
        "uploads": uploads,
        "documents": Document.objects.count(),
    }


def by_day(since: datetime) -> list[dict[str, Any]]:
    """Return questions, people who asked, and uploads, for each day that had any."""
    days: dict[Any, dict[str, Any]] = {}
    asked = (
        Message.objects.filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            questions=Count("pk"),
            refusals=Count("pk", filter=Q(refused=True)),
            users=Count("conversation__user", distinct=True),
        )
        .order_by("day")
    )
    uploaded = (
        DocumentVersion.objects.filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            uploads=Count("pk"),
            uploaded_bytes=Sum("size"),
            uploads_failed=Count("pk", filter=Q(status=Status.FAILED)),
        )
        .order_by("day")
    )
    for row in (*asked, *uploaded):
        day = days.setdefault(row["day"], {"day": row["day"]} | dict.fromkeys(_OF_A_DAY, 0))
        day.update(row)
    return [days[day] for day in sorted(days)]


def _asked(since: datetime, **narrowed: Any) -> list[Asked]:
    if not settings.ANALYTICS_QUESTIONS:
        return []
    rows = (
        Message.objects.filter(created_at__gte=since, **narrowed)
        .order_by("-created_at")
        .values_list("question", "refused", "confidence", "feedback__rating")[:MOST]
    )
    return [Asked(question, no, sure, rating or 0) for question, no, sure, rating in rows]


def popular(since: datetime) -> list[Group]:
    """Return what was asked most, questions that are alike together."""
    return grouped(_asked(since))[:LISTED]


def unanswered(since: datetime) -> list[Group]:
    """Return what was refused, doubtful or disliked, most often first, likes together."""
    left = [
        each
        for each in _asked(since, state=Message.State.COMPLETE)
        if each.is_unsolved or each.confidence < DOUBTFUL
    ]
    return grouped(left)[:LISTED]


def _group(group: Group) -> dict[str, Any]:
    return {
        "question": group.question,
        "count": group.count,
        "unsolved": group.unsolved,
        "mean_confidence": round(sum(m.confidence for m in group.members) / group.count, 3),
    }


def cited(since: datetime) -> list[dict[str, Any]]:
    """Return the documents that answers rest on most."""
    rows = (
        Citation.objects.filter(message__created_at__gte=since, document__isnull=False)
        .values(document_pk=F("document"), name=F("document__title"))
        .annotate(citations=Count("pk"), answers=Count("message", distinct=True))
        .order_by("-citations", "name")[:LISTED]
    )
    return [
        {
            "id": str(row["document_pk"]),
            "title": row["name"],
            "citations": row["citations"],
            "answers": row["answers"],
        }
        for row in rows
    ]


def never_cited() -> dict[str, Any]:
    """Return how many documents that could answer never have, and the oldest of them."""
    rows = Document.objects.filter(current_version__isnull=False, retired_at=None).exclude(
        pk__in=Citation.objects.filter(document__isnull=False).values("document")
    )
    oldest = rows.order_by("created_at")[:LISTED]
    return {
        "count": rows.count(),
        "oldest": [{"id": str(row.pk), "title": row.title} for row in oldest],
    }


def users(since: datetime) -> list[dict[str, Any]]:
    """Return who asked, the most active first."""
    rows = (
        Message.objects.filter(created_at__gte=since)
        .values(username=F("conversation__user__username"))
        .annotate(questions=Count("pk"), last=Max("created_at"))
        .order_by("-questions", "username")[:LISTED]
    )
    return list(rows)


def feedback(since: datetime) -> dict[str, Any]:
    """Return how answers were rated, and the latest comments."""
    rows = Feedback.objects.filter(updated_at__gte=since)
    found = rows.aggregate(
        helpful=Count("pk", filter=Q(rating=1)), not_helpful=Count("pk", filter=Q(rating=-1))
    )
    latest = rows.exclude(comment="").order_by("-updated_at")[:LISTED]
    comments = [{"rating": row.rating, "comment": row.comment} for row in latest]
    return found | {"comments": comments if settings.ANALYTICS_QUESTIONS else []}
