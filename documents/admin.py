"""Content in the admin site: collections are edited, documents only seen and deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from documents.ingest.removal import remove_document, withdraw
from documents.models import Collection, Document, DocumentVersion, Membership


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 1
    autocomplete_fields = ["user"]


@admin.register(Collection)
class CollectionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug"]
    inlines = [MembershipInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Collection | None = None) -> list[str]:  # noqa: ARG002
        """Keep the slug of what exists: links use it."""
        return ["slug"] if obj else []


class _Seen:
    """What the product itself writes is only looked at here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Document)
class DocumentAdmin(_Seen, admin.ModelAdmin):  # type: ignore[type-arg]
    """Deleting here takes away index, text and file, as it does everywhere."""

    list_display = ["title", "collection", "newest_version", "created_by", "created_at"]
    list_filter = ["collection", "newest_version__status"]
    list_select_related = ["collection", "newest_version__document", "created_by"]
    search_fields = ["title", "author", "source"]
    fields = [
        "title",
        "author",
        "collection",
        "source",
        "current_version",
        "newest_version",
        "created_by",
        "created_at",
        "updated_at",
        "retired_at",
    ]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the documents alone: their parts may be many thousands of rows."""
        allowed = self.has_delete_permission(request)
        needed = set() if allowed else {str(self.opts.verbose_name)}
        return [str(document) for document in objs], {"documents": len(objs)}, needed, []

    def delete_model(self, request: HttpRequest, obj: Document) -> None:  # noqa: ARG002
        """Take a document out of everybody's sight, then remove all that was made from it."""
        withdraw(obj.pk)
        remove_document(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        """Delete one by one: each leaves the index, too."""
        for document in queryset:
            self.delete_model(request, document)


@admin.register(DocumentVersion)
class DocumentVersionAdmin(_Seen, admin.ModelAdmin):  # type: ignore[type-arg]
    """The facts about a version's file; its text is for the members of its collection."""

    list_display = ["document", "number", "status", "stage", "media_type", "size", "created_at"]
    list_filter = ["status", "media_type", "error_code"]
    list_select_related = ["document"]
    search_fields = ["filename", "document__title", "sha256"]
    fields = [
        "document",
        "number",
        "filename",
        "media_type",
        "size",
        "sha256",
        "pages",
        "status",
        "stage",
        "progress",
        "attempts",
        "interruptions",
        "error_code",
        "error_message",
        "notices",
        "uploaded_by",
        "created_at",
        "ready_at",
        "superseded_at",
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Versions go with their document, never alone."""
        return False
