"""A page of a PDF as people see it, with the passage marked, ready for a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from documents.errors import NoPicture, NotFound, ServiceError
from documents.models import DocumentVersion
from documents.services import pages
from documents.types import Box, MediaType
from documents.views.reading import Portion

#: What each zoom is called, and how wide its picture is drawn.
ZOOMS: Final[Mapping[str, tuple[str, int]]] = {
    "fit": ("Fit", 1200),
    "150": ("150 %", 1800),
    "200": ("200 %", 2400),
}


@dataclass(frozen=True, slots=True)
class Zoom:
    """One of the sizes a page can be looked at in, with the address that shows it."""

    name: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """What the template needs of a page. ``problem`` says why there is no picture.

    ``url`` is the picture's address, ``marks`` the places of the passage on a page of
    ``width`` by ``height``; ``goes_on`` is the page where the passage ends when that is
    another one.
    """

    number: int
    count: int
    zoom: str
    url: str = ""
    pixels: int = 0
    width: int = 0
    height: int = 0
    marks: tuple[Box, ...] = ()
    quote: str = ""
    previous_url: str = ""
    next_url: str = ""
    text_url: str = ""
    zooms: tuple[Zoom, ...] = ()
    goes_on: int = 0
    recognised: bool = False
    problem: str = ""

    @property
    def pixel_height(self) -> int:
        """The height of the picture in pixels as far as a browser must know it early."""
        return round(self.pixels * self.height / self.width) if self.width else 0


def has_pictures(version: DocumentVersion) -> bool:
    """Whether pages of this version can be looked at."""
    return version.media_type == MediaType.PDF and bool(version.pages)


def page_view(
    version: DocumentVersion, part: Portion, *, span: pages.Span | None, zoom: str
) -> PageView:
    """Return the view of the page that ``part`` is the text of.

    The picture is drawn here already: what the page then asks for is there, and one
    that cannot be drawn is told of in words.
    """
    zoom = zoom if zoom in ZOOMS else "fit"
    width = ZOOMS[zoom][1]
    addresses = _Addresses(version, span)
    view = PageView(
        number=part.number,
        count=part.count,
        zoom=zoom,
        quote=part.passage,
        previous_url=addresses.page(part.number - 1, zoom) if part.number > 1 else "",
        next_url=addresses.page(part.number + 1, zoom) if part.number < part.count else "",
        text_url=addresses.text(part.number),
        recognised=part.number in version.recognised_pages,
    )
    try:
        pages.page_picture(version, part.number, width=width)
        marks = pages.page_marks(version, part.number, span)
    except NotFound:
        return replace(view, problem="This page has no picture.")
    except (NoPicture, ServiceError) as error:
        return replace(view, problem=error.message)
    return replace(
        view,
        url=addresses.picture(part.number, width),
        pixels=width,
        width=marks.width,
        height=marks.height,
        marks=marks.boxes,
        zooms=tuple(
            Zoom(name, addresses.page(part.number, key), key == zoom)
            for key, (name, _) in ZOOMS.items()
        ),
        goes_on=_last_page(version, span, part.number),
    )


def _last_page(version: DocumentVersion, span: pages.Span | None, number: int) -> int:
    """Return the page on which the passage ends when it is not this one, else 0."""
    if span is None:
        return 0
    last = sum(start < span[1] for start in version.content.page_starts)
    return last if last > number else 0


class _Addresses:
    """The addresses of a version's pages, the passage along with each."""

    def __init__(self, version: DocumentVersion, span: pages.Span | None) -> None:
        self._key = [version.document_id, version.number]
        self._span = span
        self._query = {"start": span[0], "end": span[1]} if span else {}

    def page(self, number: int, zoom: str) -> str:
        query = {"page": number, **self._query, **({"zoom": zoom} if zoom != "fit" else {})}
        return f"{reverse('passage', args=self._key)}?{urlencode(query)}"

    def text(self, number: int) -> str:
        query = {"page": number, "view": "text", **self._query}
        return f"{reverse('passage', args=self._key)}?{urlencode(query)}"

    def picture(self, number: int, width: int) -> str:
        query: dict[str, object] = {"width": width}
        if self._span and self._span[0] < self._span[1]:
            query["highlight"] = f"{self._span[0]}-{self._span[1]}"
        return f"{reverse('page_picture', args=[*self._key, number])}?{urlencode(query)}"
