"""What every request passes through, beside Django's own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

from documents.origin import Origin, begin
from ragsite import policies
from ragsite.request_id import request_id
from ragsite.transfer import may_be_kept

Next = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id that is logged, answered and shown with errors.

    A caller's own ``X-Request-ID`` is kept when it is plain enough to be logged.
    """

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = request_id(request.headers.get("X-Request-ID", ""))  # type: ignore[attr-defined]
        # Ended by the signal of the end: what streams is made after this has returned.
        begin(Origin(request_id=request.request_id, request=request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class PolicyMiddleware:
    """Adds what Django's own middleware does not say to each response, static files too."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in policies.HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # untyped library
    """WhiteNoise, with each file as one answer.

    Under ASGI a file that is streamed synchronously is read whole anyway, with a
    warning for each request.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """Return the file, or the redirect or the 304 that WhiteNoise decides on."""
        found = static_file.get_response(request.method, request.META)
        with contextlib.closing(found.file or io.BytesIO()) as file:
            response = HttpResponse(file.read(), status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


class PrivateResponseMiddleware:
    """Keeps answers to signed-in callers out of every shared cache.

    What a program reads it may keep for itself, and asks each time whether it still holds.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            kept = may_be_kept(request, response)
            response["Cache-Control"] = "private, no-cache" if kept else "no-store"
        patch_vary_headers(response, ["Cookie", "Authorization"])
        return response
