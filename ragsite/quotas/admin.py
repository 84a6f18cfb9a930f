"""Other quotas for single users."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ragsite.quotas.models import QuotaOverride

_FIELDS = (
    *("stored_files", "stored_bytes", "files_a_day", "bytes_a_day"),
    *("questions_a_day", "tokens_a_day"),
)


@admin.register(QuotaOverride)
class QuotaOverrideAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A field left empty follows the settings; 0 lifts the limit."""

    list_display = ["user", *_FIELDS]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    autocomplete_fields = ["user"]
    fields = ["user", *_FIELDS]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Say what an empty field and a 0 mean."""
        meaning = dict.fromkeys(_FIELDS, "Empty: as in the settings. 0: no limit.")
        return super().get_form(request, obj, change, **kwargs | {"help_texts": meaning})
