"""What saves bytes on the way: tags that spare an answer, and compression.

Only reads of the API take part. Pages carry the tokens of their forms and are never
compressed (https://breachattack.com), nor stored by a browser; streams of events would
be held back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.middleware.gzip import GZipMiddleware

from documents.api.conditions import is_known, tag_of_bytes
from ragsite.errors import API_PREFIXES

Next = Callable[[HttpRequest], Any]

#: Smaller answers fit into one packet as they are.
LEAST: Final = 1400
_TEXTS: Final = ("application/json", "application/vnd.oai.openapi+json", "text/plain")
#: Reads whose answers no program should have to keep.
_NEVER_KEPT: Final = ("/api/tokens", "/api/health")


def may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether a caller may keep this answer, and ask with its tag whether it still holds."""
    return (
        request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and not response.streaming
        and request.path.startswith(API_PREFIXES)
        and not request.path.startswith(_NEVER_KEPT)
    )


class TransferMiddleware:
    """Tags and compresses. Stands outside of whatever decides who may see an answer."""

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._gzip = GZipMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        if "no-store" not in response.get("Cache-Control", "") and may_be_kept(request, response):
            if not response.has_header("ETag"):
                response["ETag"] = tag_of_bytes(response.content)
            if is_known(request, response["ETag"]):
                response = _not_modified(response)
        if _may_be_compressed(request, response):
            self._gzip.process_response(request, response)  # changes it in place
        return response


def _not_modified(response: HttpResponse) -> HttpResponse:
    """Return 304 with what RFC 9110, 15.4.5, wants of the headers of the whole answer."""
    found = HttpResponseNotModified()
    for name in ("Cache-Control", "ETag", "Vary"):
        if response.has_header(name):
            found[name] = response[name]
    found.cookies = response.cookies
    return found


def _may_be_compressed(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether compressing saves something and tells nobody anything.

    The length of a compressed answer betrays what is in it to who can put words of their
    own beside it and make a browser send the cookie. So a session has to ask from a page
    of this site; a token no other site can send.
    """
    if response.streaming or len(response.content) < LEAST or "Set-Cookie" in response:
        return False
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind not in _TEXTS or not request.path.startswith(API_PREFIXES) or response.cookies:
        return False
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    return is_ours or "Authorization" in request.headers
