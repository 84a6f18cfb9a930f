"""The audit log on the admin site: read, filtered, taken along; never changed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from ragsite.audit.models import AuditEntry, described
from ragsite.audit.objects import object_names
from ragsite.audit.services import record

COLUMNS = (
    *("at", "actor_id", "actor_name", "via", "token_id", "action", "object_type", "object_id"),
    *("detail", "outcome", "address", "request_id"),
)
#: What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Entries with filters. What was filtered can be had as CSV."""

    change_list_template = "admin/audit/change_list.html"
    list_display = ["at", "who", "via", "action", "what", "more", "outcome", "address"]
    list_display_links = ["at"]
    list_filter = ["at", "action", "outcome", "via", "object_type"]
    search_fields = ["actor_name", "=object_id", "=request_id", "=address"]
    search_help_text = "A user's name, or the id of an object or of a request, or an address."
    list_per_page = 100
    show_full_result_count = False
    fields = COLUMNS

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look the names of the page's objects up together."""
        changes = super().get_changelist_instance(request)
        entries: list[Any] = list(changes.result_list)
        names = object_names(entries, request.user)
        for entry in entries:
            entry.shown = names.get((entry.object_type, entry.object_id), "")
        changes.result_list = entries
        return changes

    @admin.display(description="who", ordering="actor_name")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_name or "–"

    @admin.display(description="what", ordering="object_type")
    def what(self, entry: Any) -> str:
        name = getattr(entry, "shown", "") or entry.object_id
        return f"{entry.object_type} {name}".strip() or "–"

    @admin.display(description="more")
    def more(self, entry: AuditEntry) -> str:
        return described(entry.detail)

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the CSV."""
        view = self.admin_site.admin_view(self.export)
        return [path("export.csv", view, name="audit_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponse:
        """Send the entries that the filters in the address leave, newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = super().get_changelist_instance(request).get_queryset(request)
        record("audit.exported")
        named = f"audit-{timezone.now():%Y-%m-%d}.csv"
        text = "".join(_lines(rows.values_list(*COLUMNS).iterator(chunk_size=2000)))
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{named}"'
        return response


def _lines(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_plain(cell) for cell in row])


def _plain(cell: Any) -> Any:
    text = described(cell) if isinstance(cell, dict) else "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
