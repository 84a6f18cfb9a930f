"""What people said of answers, and what is measured. Conversations are private: not shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from chat.models import Comparison, Feedback, Notice, QuestionSet, Watch


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
