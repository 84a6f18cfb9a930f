"""How the API knows a caller, and what a token may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ragsite.accounts import services
from ragsite.accounts.models import APIToken


def request_token(request: HttpRequest) -> APIToken | None:
    """Return the valid token that a request carries; it is looked up once."""
    if not hasattr(request, "api_token"):
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        is_bearer = scheme.lower() == "bearer" and secret and " " not in secret.strip()
        request.api_token = services.token_find(secret.strip()) if is_bearer else None  # type: ignore[attr-defined]
    token: APIToken | None = request.api_token  # type: ignore[attr-defined]
    return token


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``. A wrong token never falls back to a cookie."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, APIToken] | None:
        """Return the token's user, or nothing when the header is not there."""
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise AuthenticationFailed("Send the token as: Authorization: Bearer <token>.")
        token = request_token(request._request)  # noqa: SLF001  # DRF wraps Django's request
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        services.token_touch(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Answer 401 with a challenge, not 403."""
        return f'{self.keyword} realm="ragsite"'


class TokenScope(BasePermission):
    """A read-only token may not change anything."""

    message = "This token may only read. Make one with the scope write to change things."

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        token = request.auth
        if not isinstance(token, APIToken) or token.scope == APIToken.Scope.WRITE:
            return True
        return request.method in SAFE_METHODS
