"""Deleting a person on the admin site erases them, and asks first as it does for all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from ragsite.people.erase import refusal, user_erase


class ErasingUserAdmin(UserAdmin):  # type: ignore[type-arg]
    """Django's own page of users. What stands against an erasure is listed before it is asked."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Add the reasons for a refusal to what protects an object, so that nothing is begun."""
        shown, counts, perms, protected = super().get_deleted_objects(objs, request)
        why = [f"{user}: {sentence}" for user in objs if (sentence := refusal(user))]
        return shown, counts, perms, [*protected, *why]

    def delete_model(self, request: HttpRequest, obj: User) -> None:  # noqa: ARG002
        """Erase one person."""
        user_erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[User]) -> None:
        """Erase each."""
        for user in queryset:
            self.delete_model(request, user)


admin.site.unregister(User)
admin.site.register(User, ErasingUserAdmin)
