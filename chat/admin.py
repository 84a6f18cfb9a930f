"""What people said of answers, and what is measured. Conversations are private: not shown."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.safestring import mark_safe

from chat.answer.calibration import shipped
from chat.answer.curve import reliability_svg
from chat.answer.reliability import Bin
from chat.models import Comparison, Feedback, Notice, QuestionSet, Watch
from chat.ratings import rated_by_confidence
from documents.selectors import active_space


def _calibration() -> dict[str, Any]:
    """Return what the page of the calibration shows."""
    report, space = shipped(), active_space()
    bins = [Bin(**each) for each in report["shipped"]["bins"]]
    drawn = reliability_svg(bins, "Confidence against the share of right answers")
    return {
        "title": "Confidence",
        "report": report,
        "bins": [each for each in bins if each.count],
        "curve": mark_safe(drawn),  # noqa: S308  # drawn here, of numbers alone
        "threshold": settings.SIMILARITY_THRESHOLD,
        "model": space.model if space else "",
        "rated": rated_by_confidence(),
    }


@admin.register(Feedback)
class FeedbackAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Ratings with their comments: what to improve."""

    list_display = ["rating", "comment", "answered_by", "refused", "updated_at"]
    list_filter = ["rating", "message__model", "message__refused"]
    list_select_related = ["message"]
    search_fields = ["comment"]
    fields = ["rating", "comment", "answered_by", "refused", "created_at", "updated_at"]
    readonly_fields = ["rating", "comment", "answered_by", "refused", "created_at", "updated_at"]

    @admin.display(ordering="message__model")
    def answered_by(self, feedback: Feedback) -> str:
        """Return the name of the model that answered."""
        return feedback.message.model

    @admin.display(boolean=True)
    def refused(self, feedback: Feedback) -> bool:
        """Whether the question was not answered."""
        return feedback.message.refused

    def get_urls(self) -> list[URLPattern]:
        """Add the page that shows how far the confidence can be believed."""
        page = self.admin_site.admin_view(self.calibration)
        return [path("calibration/", page, name="chat_calibration"), *super().get_urls()]

    def calibration(self, request: HttpRequest) -> HttpResponse:
        """Show the shipped calibration, the threshold that is set, and the ratings."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | _calibration()
        return render(request, "admin/chat/calibration.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Feedback | None = None) -> bool:  # noqa: ARG002
        return False


class _ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Facts about rows, not what people wrote: that is for the members of the collection."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(QuestionSet)
class QuestionSetAdmin(_ReadOnly):
    """Sets of questions by collection."""

    list_display = ["name", "collection", "created_by", "created_at"]
    list_select_related = ["collection", "created_by"]
    search_fields = ["name", "collection__name"]
    fields = ["name", "collection", "created_by", "created_at"]


@admin.register(Comparison)
class ComparisonAdmin(_ReadOnly):
    """What was compared with what, and what came of it over the whole set."""

    list_display = ["question_set", "state", "progress", "created_by", "created_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["question_set", "created_by"]
    fields = [
        "question_set",
        "state",
        "progress",
        "reason",
        "attempts",
        "live",
        "other",
        "summary",
        "created_by",
        "created_at",
        "finished_at",
    ]


@admin.register(Watch)
class WatchAdmin(_ReadOnly):
    """Who watches how much, and what fails; questions and answers stay private."""

    list_display = ["user", "created_at", "checked_at", "due_at", "attempts", "problem"]
    list_select_related = ["user"]
    fields = ["user", "created_at", "checked_at", "changed_at", "due_at", "attempts", "problem"]


@admin.register(Notice)
class NoticeAdmin(_ReadOnly):
    """Which notices were given, seen and sent."""

    list_display = ["user", "kind", "created_at", "seen_at", "mailed_at", "mail_attempts"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    fields = ["user", "kind", "created_at", "seen_at", "mailed_at", "mail_attempts"]
