"""The admin site itself, and tokens in it."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from ragsite.accounts.models import APIToken
from ragsite.accounts.views import admin_login

admin.site.site_header = admin.site.site_title = "ragsite"
admin.site.index_title = "Administration"
admin.site.login = admin_login  # type: ignore[method-assign]


@admin.register(APIToken)
class APITokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens can be seen and revoked here. Nobody can make one for somebody else."""

    list_display = ["name", "user", "prefix", "scope", "created_at", "expires_at", "last_used_at"]
    list_filter = ["scope"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    fields = ["name", "user", "prefix", "scope", "created_at", "expires_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: APIToken | None = None) -> bool:  # noqa: ARG002
        return False
