"""Requests that hold only while the caller knows the present state.

The tag of a JSON answer is a digest of its bytes, which ``ragsite.transfer`` puts on every
read. ``If-Match`` on a change compares it with what a read would answer now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from documents.errors import PreconditionFailed

#: What a change says of the state that it is meant for.
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the state to be changed; 412 where it is another by now.",
)


def tag_of(*parts: object) -> str:
    """Return the tag of what these parts determine for ever."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def tag_of_bytes(content: bytes) -> str:
    """Return the tag of an answer with this content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(request: Request | HttpRequest, tag: str) -> bool:
    """Whether ``If-None-Match`` names this tag; the mark of a weak one does not matter."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in given or tag.removeprefix("W/") in {each.removeprefix("W/") for each in given}


def unless_known(
    request: Request | HttpRequest, tag: str, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """Return 304 to who has what bears this tag already, else what ``make`` makes, tagged.

    Call it once the caller is known to be allowed to see it.
    """
    response = HttpResponseNotModified() if is_known(request, tag) else make()
    response["Cache-Control"], response["ETag"] = "private, no-cache", tag
    return response


def require_match(request: Request, shown: Callable[[], Any]) -> None:
    """Raise ``PreconditionFailed`` unless ``If-Match``, where it is given, names what is shown.

    ``shown`` makes what a read answers now. The mark of a weak tag is overlooked: the tag is
    of the bytes before they were compressed, which determine the object. Call it inside
    the transaction that changes the object.
    """
    given = request.headers.get("If-Match")
    if given is None:
        return
    tags = {tag.removeprefix("W/") for tag in parse_etags(given)}
    if tags != {"*"} and tag_of_bytes(JSONRenderer().render(shown())) not in tags:
        raise PreconditionFailed
