"""Lets a request with an ``Idempotency-Key`` be carried out once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import resolve
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from documents.errors import ProductError
from ragsite.accounts.authentication import TokenAuthentication, TokenScope
from ragsite.api import problem_response
from ragsite.idempotency.models import KeyedRequest
from ragsite.idempotency.repeats import kept, repeated
from ragsite.idempotency.services import key_read, request_begin, request_keep, request_release

HEADER: Final = "Idempotency-Key"
#: Where the header is heeded: what makes something, and is not told apart from its repetition.
ROUTES: Final = re.compile(r"/api/(?:chat|documents/(?:upload|[0-9a-fA-F-]{36}/versions))")
_BLOCK: Final = 1 << 20


class IdempotencyMiddleware:
    """Answers a repetition as the first was answered. Stands behind whatever knows the caller.

    Who may not carry out the request is left to the view, which tells why.
    """

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_keyed = request.method == "POST" and HEADER in request.headers
        if not (is_keyed and ROUTES.fullmatch(request.path)) or (user := _writer(request)) is None:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)  # the log names the route by it
        try:
            row = request_begin(user, key_read(request.headers[HEADER]), _fingerprint(request))
            if row.status is not None:
                return repeated(row, user)
        except ProductError as error:
            return _told(request, error)
        except (RequestDataTooBig, TooManyFilesSent):
            return problem_response(request, 413, detail="The request is larger than is accepted.")
        except (MultiPartParserError, SuspiciousOperation):
            return problem_response(request, 400, detail="The form cannot be read.")
        return self._carried_out(request, row)

    def _carried_out(self, request: HttpRequest, row: KeyedRequest) -> HttpResponse:
        """Have the view answer, and keep a success; whatever failed gives the key back."""
        is_kept = False
        try:
            response = self.get_response(request)
            if 200 <= response.status_code < 300 and not response.streaming:
                request_keep(row, response.status_code, kept(response))
                is_kept = True
        finally:
            if not is_kept:
                request_release(row)
        return response


def _writer(request: HttpRequest) -> User | None:
    """Return the caller as the API will know them, if they may write."""
    before: Any = getattr(request, "user", None)
    asked = Request(request, authenticators=[TokenAuthentication(), SessionAuthentication()])
    try:
        user = asked.user
    except APIException:
        request.user = before  # the view is to find out for itself why
        return None
    if not isinstance(user, User) or not TokenScope().has_permission(asked, None):
        return None
    return user


def _fingerprint(request: HttpRequest) -> str:
    """Return a digest of method, path and body; of a form its fields, whatever its boundary."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    is_form = request.content_type == "multipart/form-data"
    for part in _form(request) if is_form else (str(request.content_type).encode(), request.body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _form(request: HttpRequest) -> Iterator[bytes]:
    for name, values in sorted(request.POST.lists()):
        yield name.encode("utf-8", "surrogatepass")
        for value in values:
            yield str(value).encode("utf-8", "surrogatepass")
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield b"file " + name.encode("utf-8", "surrogatepass")
            yield (file.name or "").encode("utf-8", "surrogatepass")
            yield from file.chunks(_BLOCK)
            file.seek(0)


def _told(request: HttpRequest, error: ProductError) -> HttpResponse:
    response = problem_response(request, error.status, code=error.code, detail=error.message)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response
