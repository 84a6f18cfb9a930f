"""One page of a PDF as a picture, with its characters and where they stand."""

from __future__ import annotations

import array
import ctypes
import logging
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from documents.errors import CorruptFile, NotFound, TooComplex
from documents.extract.pdf import MAX_PAGE_CHARACTERS, flat_page, open_document
from documents.extract.pdf_layout import read_characters
from documents.extract.pdf_rtl import in_reading_order, runs_leftward
from documents.types import PAGE_UNITS, Box, PageLetters

#: A picture may be this many times as high as it is wide before it gets narrower.
_TALLEST: Final = 5 / 3
_POINTS_PER_INCH: Final = 72.0
#: Of a picture for recognition: an A3 page at 300 dots an inch has 17 million.
_MAX_PIXELS: Final = 20_000_000
_LINE: Final = re.compile(r"[^\r\n\x02]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a page: ``width`` in pixels, or ``dpi`` for recognition, in grey."""

    page: int
    width: int = 0
    dpi: int = 0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A page as it was drawn: rows of RGB, or of grey, without gaps between them."""

    width: int
    height: int
    pixels: bytes
    letters: PageLetters


def picture_size(width: float, height: float, wanted: Wanted) -> tuple[int, int]:
    """Return width and height in pixels for a page of ``width`` by ``height`` points.

    The picture keeps the page's proportions. It is as wide as asked unless it would be
    more than 5/3 times as high; one with ``dpi`` has at most 20 million pixels.
    """
    width, height = max(width, 1e-3), max(height, 1e-3)
    if wanted.dpi:
        scale = wanted.dpi / _POINTS_PER_INCH
        scale = min(scale, math.sqrt(_MAX_PIXELS / (width * height)))
        longest = float(_MAX_PIXELS)
    else:
        scale = min(wanted.width / width, wanted.width * _TALLEST / height)
        longest = wanted.width * _TALLEST
    sides = (min(max(round(side * scale), 1), longest) for side in (width, height))
    across, down = (int(side) for side in sides)
    return across, down


def draw(data: bytes, wanted: Wanted) -> Drawing:
    """Draw a page and read its characters.

    Raises ``NotFound`` for a page that there is not, ``CorruptFile`` for a file or a
    page that PDFium cannot open, ``TooComplex``, and what ``open_document`` raises.
    """
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
    document = open_document(data)
    if document is None:
        raise CorruptFile
    if not 1 <= wanted.page <= len(document):
        raise NotFound
    document.init_forms()
    try:
        page = flat_page(document, wanted.page)
        letters = _letters(page)
    except pdfium.PdfiumError as error:
        raise CorruptFile from error
    size = picture_size(page.get_width(), page.get_height(), wanted)
    return Drawing(*size, _pixels(page, *size, grey=bool(wanted.dpi)), letters)


def _pixels(page: Any, width: int, height: int, *, grey: bool) -> bytes:
    kind = raw.FPDFBitmap_Gray if grey else raw.FPDFBitmap_BGR
    bitmap = pdfium.PdfBitmap.new_native(width, height, kind, rev_byteorder=not grey)
    raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
    flags = raw.FPDF_ANNOT | (raw.FPDF_GRAYSCALE if grey else raw.FPDF_REVERSE_BYTE_ORDER)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    row, rows = width * bitmap.n_channels, memoryview(bitmap.buffer)
    if bitmap.stride == row:
        return bytes(rows)
    return b"".join(rows[y * bitmap.stride :][:row] for y in range(height))


class _Places:
    """From the coordinates of a page to those of its picture, by rotation and crop."""

    def __init__(self, page: Any) -> None:
        wide, high = max(page.get_width(), 1e-3), max(page.get_height(), 1e-3)
        scale = PAGE_UNITS / max(wide, high)
        self.width, self.height = max(1, round(wide * scale)), max(1, round(high * scale))
        self._page = page
        self._span = max(wide, high)
        self._origin = x0, y0 = self._device(0.0, 0.0)
        (x1, y1), (x2, y2) = self._device(self._span, 0.0), self._device(0.0, self._span)
        self._across, self._up = (x1 - x0, y1 - y0), (x2 - x0, y2 - y0)

    def _device(self, x: float, y: float) -> tuple[int, int]:
        left, top = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page, 0, 0, self.width, self.height, 0, x, y, left, top)
        return left.value, top.value

    def box(self, left: float, bottom: float, right: float, top: float) -> Box | None:
        """Return the box of a rectangle of the page, ``None`` when it is not in sight."""
        x1, y1 = self._point(left, bottom)
        x2, y2 = self._point(right, top)
        if not math.isfinite(x1 + y1 + x2 + y2):
            return None
        if x1 > x2:
            x1, x2 = x2, x1
        if y1 > y2:
            y1, y2 = y2, y1
        if x2 <= 0 or y2 <= 0 or x1 >= self.width or y1 >= self.height:
            return None
        return Box(
            int(max(x1, 0)), int(max(y1, 0)), int(min(x2, self.width)), int(min(y2, self.height))
        )

    def _point(self, x: float, y: float) -> tuple[float, float]:
        right, up = x / self._span, y / self._span
        (x0, y0), (x1, y1), (x2, y2) = self._origin, self._across, self._up
        return x0 + right * x1 + up * x2, y0 + right * y1 + up * y2


def _letters(page: Any) -> PageLetters:
    textpage = page.get_textpage()
    count = raw.FPDFText_CountChars(textpage)
    if count > MAX_PAGE_CHARACTERS:
        raise TooComplex
    places = _Places(page)
    text = _whole(read_characters(textpage, count))
    boxes = list(_boxes(textpage.raw, count, places))
    parts: list[tuple[str, list[Box | None]]] = []
    cut = 0
    for line in _LINE.finditer(text):
        if runs_leftward(line[0]):
            parts.append((text[cut : line.start()], boxes[cut : line.start()]))
            parts.append(_read_leftward(line[0], boxes[line.start() : line.end()]))
            cut = line.end()
    parts.append((text[cut:], boxes[cut:]))
    edges = array.array("I")
    for _, group in parts:
        for box in group:
            edges.extend((box.left, box.top, box.right, box.bottom) if box else (0, 0, 0, 0))
    return PageLetters(places.width, places.height, "".join(p for p, _ in parts), edges)


def _whole(text: str) -> str:
    """Return the text, one code point for each character of PDFium, without surrogates.

    The first half of a pair becomes the character, the second nothing, as does a half
    that is alone.
    """
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    pair = re.compile("[\ud800-\udbff][\udc00-\udfff]")
    joined = pair.sub(
        lambda m: m[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le") + "\0", text
    )
    return re.sub("[\ud800-\udfff]", "\0", joined)


def _boxes(handle: Any, count: int, places: _Places) -> Iterator[Box | None]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for index in range(count):
        known = raw.FPDFText_GetCharBox(handle, index, left, right, bottom, top)
        if known and (right.value != left.value or top.value != bottom.value):
            yield places.box(left.value, bottom.value, right.value, top.value)
        else:
            yield None


def _read_leftward(line: str, boxes: list[Box | None]) -> tuple[str, list[Box | None]]:
    """Return a line of Arabic or Hebrew in the order of reading, as the extractor does.

    Every character gets the box of its word: within a word the letters change places.
    """
    middles = [(box.left + box.right) / 2 if box else 0.0 for box in boxes]
    waiting: dict[str, list[Box | None]] = defaultdict(list)
    for word in re.finditer(r"\S+", line):
        placed = [box for box in boxes[word.start() : word.end()] if box]
        whole = placed[0] if placed else None
        for box in placed[1:]:
            whole = whole.joined(box) if whole else box
        waiting["".join(sorted(word[0]))].append(whole)
    ordered = in_reading_order(line, middles)
    places: list[Box | None] = []
    for word in re.finditer(r"\S+|\s", ordered):
        known = waiting.get("".join(sorted(word[0])))
        places += [known.pop(0) if known else None] * len(word[0])
    return ordered, places
