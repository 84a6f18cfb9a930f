"""PDF files that PDFium refuses: a new trailer, or the patience of pypdf."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from pypdf import PdfReader

from documents.errors import (
    CorruptFile,
    NoPages,
    PasswordRequired,
    TooComplex,
    UnsupportedEncryption,
)
from documents.extract.base import Piece
from documents.extract.txt import plain_blocks
from documents.types import ExtractedPage, FileMetadata, Notice

_CATALOG: Final = b"/Catalog"
_OBJECT: Final = re.compile(rb"(\d{1,9})\s{1,9}(\d{1,5})\s{1,9}obj\b")
#: A catalogue is one dictionary; this far back its object begins, or it is none.
_REACH: Final = 4000


def with_new_trailer(data: bytes) -> bytes | None:
    """Return ``data`` with a trailer that names the last catalogue found in it.

    A file whose end is missing has lost the entry point, not its pages: PDFium
    rebuilds the cross-references once it knows where to begin. ``None`` when no
    catalogue is in sight.
    """
    at = data.rfind(_CATALOG)
    objects = _OBJECT.findall(data[max(0, at - _REACH) : at]) if at >= 0 else []
    if not objects:
        return None
    number, generation = (part.decode() for part in objects[-1])
    trailer = f"\ntrailer\n<< /Root {number} {generation} R >>\nstartxref\n0\n%%EOF\n"
    return data + trailer.encode()


def read_with_pypdf(data: bytes, max_pages: int, max_characters: int) -> Iterator[Piece]:
    """Yield the pages as pypdf reads them.

    Raises the ``FileError`` that says why there are none.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader, count = _open(data)
    if not count:
        raise NoPages
    if count > max_pages:
        raise TooComplex(f"The file has {count:,} pages, more than {max_pages:,}.")
    yield FileMetadata(page_count=count)
    characters = 0
    for number in range(1, count + 1):
        text = _page_text(reader, number)
        characters += len(text or "")
        if characters > max_characters:
            raise TooComplex
        if text is None:
            yield Notice("page_failed", f"Page {number} could not be read.")
        yield ExtractedPage(number, plain_blocks(text or ""))


def _open(data: bytes) -> tuple[PdfReader, int]:
    """Return a reader and the number of pages."""
    try:
        reader = PdfReader(BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        count = 0 if locked else len(reader.pages)
    except Exception as error:
        # Broken files make pypdf raise almost anything.
        raise (UnsupportedEncryption if b"/Encrypt" in data else CorruptFile) from error
    if locked:
        raise PasswordRequired
    return reader, count


def _page_text(reader: PdfReader, number: int) -> str | None:
    """Return the text of a page, ``None`` when it cannot be read."""
    try:
        return reader.pages[number - 1].extract_text()
    except Exception:  # noqa: BLE001 - broken files make pypdf raise almost anything
        return None
