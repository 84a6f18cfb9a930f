"""What people said of answers. Conversations themselves are private and not shown here."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from chat.models import Feedback


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
