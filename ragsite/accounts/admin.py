"""The admin site itself, and tokens in it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ragsite.accounts import two_step
from ragsite.accounts.models import APIToken, TwoStep
from ragsite.accounts.views import admin_login, admin_password
from ragsite.people import admin as people_admin  # noqa: F401  # registers the page of users

admin.site.site_header = admin.site.site_title = "ragsite"
admin.site.index_title = "Administration"
admin.site.login = admin_login  # type: ignore[method-assign]
admin.site.password_change = admin_password  # type: ignore[method-assign, assignment]


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


@admin.register(TwoStep)
class TwoStepAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who has a second step. Deleting one switches it off for somebody who lost their phone."""

    list_display = ["user", "confirmed_at"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    fields = ["user", "confirmed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: TwoStep | None = None) -> bool:  # noqa: ARG002
        return False

    def delete_model(self, request: HttpRequest, obj: TwoStep) -> None:  # noqa: ARG002
        """Take the recovery codes away too."""
        two_step.forget(obj.user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Take each away by itself, so that each is written down."""
        for row in queryset.select_related("user"):
            self.delete_model(request, row)
