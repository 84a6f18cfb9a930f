"""Pictures of the pages of a version, with a passage marked on them."""

from __future__ import annotations

import array
import hashlib
import json
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from documents import page_cache, storage
from documents.caching import Cached, tell
from documents.errors import NotFound
from documents.extract import recognition
from documents.extract.pages import TURNS, Picture, draw_page
from documents.models import DocumentVersion
from documents.text.placing import boxes_of_span
from documents.types import Box, MediaType, PageLetters, Status

if TYPE_CHECKING:
    from PIL.Image import Image

#: The widths in pixels that pictures are drawn in; what is asked is brought to the next.
WIDTHS: Final = (600, 1200, 1800, 2400)
USUAL_WIDTH: Final = 1200
#: Another number makes browsers and the cache forget what was drawn before.
_DRAWN_BY: Final = 1
_LETTERS: Final = "letters"
#: The paper shines through the mark: white becomes this, black stays black.
_MARK: Final = (255, 228, 122)
_EDGE: Final = (196, 126, 0)
#: Pixels that a mark reaches beyond its letters, in a picture of the usual width.
_MARGIN: Final = 3.0
#: Quick, and as small as slower ones for pages of text.
_COMPRESSION: Final = 3

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageMarks:
    """Where a passage stands on a page of ``width`` by ``height``, in the units of ``Box``."""

    width: int
    height: int
    boxes: tuple[Box, ...]


def page_check(version: DocumentVersion, page: int) -> None:
    """Raise ``NotFound`` unless the version has such a page that can have a picture."""
    has_pages = version.status == Status.READY and version.media_type == MediaType.PDF
    if not has_pages or not 1 <= page <= (version.pages or 0):
        raise NotFound


def page_width(asked: int) -> int:
    """Return the width in which a picture is drawn for ``asked`` pixels."""
    return next((width for width in WIDTHS if width >= asked), WIDTHS[-1])


def page_tag(version: DocumentVersion, page: int, width: int, span: Span | None) -> str:
    """Return a name that one picture has for ever: the text of a version never changes."""
    parts = (_DRAWN_BY, version.pk, version.sha256, page, width, span)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def page_picture(
    version: DocumentVersion, page: int, *, width: int = USUAL_WIDTH, span: Span | None = None
) -> bytes:
    """Return a PNG of a page, ``span`` of the version's text marked on it.

    ``width`` is one of ``WIDTHS``. Raises ``NotFound``, ``NoPicture`` for a page that
    cannot be drawn, and ``Busy`` when too many are.
    """
    page_check(version, page)
    data = _drawn(version, page, width)
    marks = page_marks(version, page, span) if span else None
    return _marked(data, marks, width) if marks and marks.boxes else data


def page_marks(version: DocumentVersion, page: int, span: Span | None) -> PageMarks:
    """Return the size of a page and where ``span`` stands on it. Raises as ``page_picture``."""
    page_check(version, page)
    letters = _letters(version, page)
    boxes = _boxes(version, page, letters, span) if span else ()
    return PageMarks(letters.width, letters.height, boxes)


def _boxes(
    version: DocumentVersion, page: int, letters: PageLetters, span: Span
) -> tuple[Box, ...]:
    text, starts = version.content.text, version.content.page_starts
    if page > len(starts):
        return ()
    first = starts[page - 1]
    last = starts[page] if page < len(starts) else len(text)
    start, end = max(span[0], first), min(span[1], last)
    if start >= end:
        return ()
    return boxes_of_span(letters, text[first:last], start - first, end - first)


# --- drawn once, then kept ---------------------------------------------------------------


def _drawn(version: DocumentVersion, page: int, width: int) -> bytes:
    name = f"{page}-{width}-{_DRAWN_BY}"
    kept = page_cache.read(version.pk, name)
    tell(Cached.PAGE, hit=kept is not None)
    if kept is not None:
        return kept
    with TURNS.taken():
        kept = page_cache.read(version.pk, name)  # somebody may have waited for the same
        if kept is not None:
            return kept
        drawn = draw_page(storage.original_read(version.original), page, width=width)
    data = _png(_image(drawn))
    _keep(version, name, data)
    _keep(version, f"{page}-{_LETTERS}-{_DRAWN_BY}", _packed(drawn.letters))
    return data


def _letters(version: DocumentVersion, page: int) -> PageLetters:
    if page in version.recognised_pages:
        row = version.recognitions.get(number=page)
        return recognition.letters_of(recognition.unpacked(row.content))
    name = f"{page}-{_LETTERS}-{_DRAWN_BY}"
    kept = page_cache.read(version.pk, name)
    if kept is not None:
        return _unpacked(kept)
    with TURNS.taken():
        drawn = draw_page(storage.original_read(version.original), page, width=USUAL_WIDTH)
    _keep(version, name, _packed(drawn.letters))
    return drawn.letters


def _keep(version: DocumentVersion, name: str, data: bytes) -> None:
    page_cache.keep(version.pk, name, data)
    rows = DocumentVersion.objects.filter(pk=version.pk, document__deleting=False)
    if not rows.exists():  # it was deleted while this was drawn
        page_cache.forget(version.pk)


def _packed(letters: PageLetters) -> bytes:
    head = json.dumps([letters.width, letters.height, letters.text]).encode()
    edges = array.array("I", letters.edges).tobytes()
    return zlib.compress(head + b"\n" + edges, level=1)


def _unpacked(data: bytes) -> PageLetters:
    head, _, edges = zlib.decompress(data).partition(b"\n")
    width, height, text = json.loads(head)
    return PageLetters(width, height, text, array.array("I", edges))


# --- pictures ------------------------------------------------------------------------------


def _image(drawn: Picture) -> Image:
    """Return the picture of a drawing; one without colours is grey, which is a third."""
    from PIL import Image, ImageChops  # noqa: PLC0415 - 40 ms that most requests do not need

    image = Image.frombytes("RGB", (drawn.width, drawn.height), drawn.pixels)
    red, green, blue = image.split()
    coloured = any(ImageChops.difference(red, other).getbbox() for other in (green, blue))
    return image if coloured else red


def _png(image: Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=_COMPRESSION)
    return file.getvalue()


def _marked(data: bytes, marks: PageMarks, width: int) -> bytes:
    """Return the PNG with the boxes marked, as with a felt pen."""
    from PIL import Image, ImageChops, ImageDraw  # noqa: PLC0415 - as above

    image = Image.open(BytesIO(data)).convert("RGB")
    scale, margin = image.width / marks.width, _MARGIN * width / USUAL_WIDTH
    for box in marks.boxes:
        left, top = max(0, int(box.left * scale - margin)), max(0, int(box.top * scale - margin))
        right = min(image.width, int(box.right * scale + margin) + 1)
        bottom = min(image.height, int(box.bottom * scale + margin) + 1)
        area = (left, top, max(right, left + 1), max(bottom, top + 1))
        part = image.crop(area)
        image.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _MARK)), area[:2])
        frame = (area[0], area[1], area[2] - 1, area[3] - 1)
        ImageDraw.Draw(image).rectangle(frame, outline=_EDGE)
    return _png(image)
