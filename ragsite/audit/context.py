"""Who acts at this moment, through which request."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from ragsite.addresses import client_address
from ragsite.audit.models import AuditEntry

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)
Via = AuditEntry.Via


class AuditMiddleware:
    """Remembers the request while it is answered, so that deeds know who did them."""

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``user_id`` is nothing for somebody who is not known."""

    user_id: int | None
    name: str
    via: str
    token_id: int | None = None
    address: str = ""
    request_id: str = ""


def actor(user: Any = None) -> Actor:
    """Return who acts now: in the request that is answered, else at the command line.

    ``user`` is the one in whose name something is done, where the request does not say.
    """
    request = _request.get()
    if request is None:
        return Actor(*_named(user), Via.COMMAND)
    token = getattr(request, "api_token", None)
    signed_in = token.user if token else getattr(request, "user", None)
    known = signed_in is not None and signed_in.is_authenticated
    via = Via.TOKEN if token else Via.SESSION if known else Via.NOBODY
    return Actor(
        *_named(signed_in if known else user),
        via,
        token_id=token.pk if token else None,
        address=client_address(request),
        request_id=getattr(request, "request_id", ""),
    )


def _named(user: Any) -> tuple[int | None, str]:
    return (None, "") if user is None else (user.pk, user.get_username()[:150])
