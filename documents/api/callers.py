"""Who calls: a user, by the time a view runs."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request


def signed_in(request: Request | HttpRequest) -> User:
    """Return the user that permissions have let through. Raises ``NotAuthenticated``."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
