"""Pictures of pages over HTTP."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from documents.api.callers import signed_in
from documents.api.conditions import unless_known
from documents.api.files import picture_response
from documents.api.views import AnyAccept
from documents.errors import InvalidInput
from documents.selectors import version_get
from documents.services import pages

_SPAN: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)
_PNG: Final = OpenApiResponse(OpenApiTypes.BINARY, description="The picture.")


def _span(text: str) -> pages.Span | None:
    if not text:
        return None
    found = _SPAN.fullmatch(text)
    if found is None or int(found[1]) >= int(found[2]):
        raise InvalidInput("A highlight is two offsets into the text, as 120-240.")
    return int(found[1]), int(found[2])


def _width(text: str) -> int:
    if not text:
        return pages.USUAL_WIDTH
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text)):
        raise InvalidInput("The width is a number of pixels.")
    return pages.page_width(int(text))


class PagePictureView(APIView):
    """One page of a version as a picture."""

    content_negotiation_class = AnyAccept
    may_answer = {"422": "There is no picture of this: the file has no pages, or they are too big."}

    @extend_schema(
        operation_id="versions_page_picture",
        parameters=[
            OpenApiParameter("page", int, OpenApiParameter.PATH, description="Counts from 1."),
            OpenApiParameter(
                "highlight", str, description="START-END, offsets into the text, to be marked."
            ),
            OpenApiParameter(
                "width",
                int,
                description="Pixels: 600, 1200, 1800 or 2400, or less for the next of these. "
                "A page much higher than wide is narrower.",
            ),
        ],
        responses={(200, "image/png"): _PNG},
    )
    def get(self, request: Request, document_id: str, number: int, page: int) -> HttpResponse:
        """Return a picture of a page of a PDF; other formats have no pages."""
        version = version_get(signed_in(request), document_id, number)
        pages.page_check(version, page)
        span = _span(request.query_params.get("highlight", ""))
        width = _width(request.query_params.get("width", ""))
        tag = f'"{pages.page_tag(version, page, width, span)}"'
        return unless_known(
            request,
            tag,
            lambda: picture_response(pages.page_picture(version, page, width=width, span=span)),
        )
