"""PDF: pages of text by PDFium, with pypdf for what PDFium cannot open."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from documents.errors import (
    CorruptFile,
    NoPages,
    PasswordRequired,
    TooComplex,
    UnsupportedEncryption,
)
from documents.extract.base import Piece
from documents.extract.naming import named_pages
from documents.extract.pdf_hidden import hides_text
from documents.extract.pdf_layout import page_blocks, read_characters
from documents.extract.pdf_outline import Outline
from documents.types import ExtractedPage, FileMetadata, MediaType, Notice

MAX_PAGES: Final = 5_000
#: Of the whole file; about 8,000 dense pages.
MAX_CHARACTERS: Final = 20_000_000
#: Of one page; the densest real ones have about a hundred thousand.
MAX_PAGE_CHARACTERS: Final = 2_000_000

#: ISO 32000-1, section 7.9.4: everything after the year may be missing.
_DATE: Final = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(?:(\d\d)'?(\d\d)?)?)?"
)
_WRITERS_PREFIX: Final = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ", re.IGNORECASE)


class PdfExtractor:
    """Reads PDF files. Pages count from 1; a page that fails is empty, with a notice."""

    media_type: ClassVar[MediaType] = MediaType.PDF

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield metadata, then every page.

        Raises ``PasswordRequired``, ``UnsupportedEncryption``, ``NoPages``,
        ``TooComplex`` and ``CorruptFile``.
        """
        logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
        document = open_document(data)
        if document is None:
            from documents.extract import pdf_fallback  # noqa: PLC0415 - 0.1 s, rarely needed

            yield from pdf_fallback.read_with_pypdf(data, MAX_PAGES, MAX_CHARACTERS)
            return
        yield from _read(document)


def open_document(data: bytes) -> Any:
    """Return PDFium's document, ``None`` for a file that it cannot open even when mended.

    Raises ``PasswordRequired`` and ``UnsupportedEncryption``.
    """
    document = _open(data)
    if document is not None:
        return document
    from documents.extract import pdf_fallback  # noqa: PLC0415 - 0.1 s, rarely needed

    repaired = pdf_fallback.with_new_trailer(data)
    return _open(repaired) if repaired else None


def _open(data: bytes) -> Any:
    """Return the document, ``None`` when its structure is beyond PDFium."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        # Without pages PDFium reports whatever error it met last, in any file.
        encrypted = b"/Encrypt" in data
        if encrypted and error.err_code == raw.FPDF_ERR_PASSWORD:
            raise PasswordRequired from error
        if encrypted and error.err_code == raw.FPDF_ERR_SECURITY:
            raise UnsupportedEncryption from error
        return None


def _read(document: Any) -> Iterator[Piece]:
    count = len(document)
    if not count:
        raise NoPages
    if count > MAX_PAGES:
        raise TooComplex(f"The file has {count:,} pages, more than {MAX_PAGES:,}.")
    document.init_forms()
    yield _metadata(document, count)
    outline = Outline(document)
    characters = 0
    failed: list[int] = []
    silent: list[int] = []
    hiding: list[int] = []
    for number in range(1, count + 1):
        page = _page(document, number, outline, hiding)
        if page is None:
            failed.append(number)
        elif not page.blocks:
            silent.append(number)
        else:
            characters += sum(len(block.text) for block in page.blocks)
        if characters > MAX_CHARACTERS:
            raise TooComplex
        yield page or ExtractedPage(number, ())
    if len(failed) == count:
        raise CorruptFile
    yield from _notices(failed, silent, hiding)


def _page(document: Any, number: int, outline: Outline, hiding: list[int]) -> ExtractedPage | None:
    """Return the page, ``None`` when PDFium cannot load it.

    The number is added to ``hiding`` when the page has text that nobody can see.
    """
    try:
        page = flat_page(document, number)
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return None
    count = raw.FPDFText_CountChars(textpage)
    if count > MAX_PAGE_CHARACTERS:
        raise TooComplex
    text = read_characters(textpage, count)
    if hides_text(page, textpage, text):
        hiding.append(number)
    blocks = page_blocks(textpage, text, headings=not outline.is_rich)
    extracted = ExtractedPage(number, outline.mark(number - 1, blocks))
    textpage.close()
    page.close()
    return extracted


def flat_page(document: Any, number: int) -> Any:
    """Return a page with what its forms and notes show made part of it.

    Raises ``pdfium.PdfiumError`` when PDFium cannot load the page.
    """
    page = document[number - 1]
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[number - 1]
    return page


def _metadata(document: Any, count: int) -> FileMetadata:
    fields = document.get_metadata_dict()
    return FileMetadata(
        title=_WRITERS_PREFIX.sub("", _one_line(fields.get("Title", ""))),
        author=_one_line(fields.get("Author", "")),
        created=parse_date(fields.get("CreationDate", "")),
        modified=parse_date(fields.get("ModDate", "")),
        page_count=count,
    )


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def parse_date(text: str) -> datetime | None:
    """Return the moment that a PDF date string means, ``None`` when it means none.

    Without a time zone the date is taken as UTC.
    """
    match = _DATE.match(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    try:
        zone = UTC if match[7] in (None, "Z") else timezone(-offset if match[7] == "-" else offset)
        return datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _notices(failed: list[int], silent: list[int], hiding: list[int]) -> Iterator[Notice]:
    if failed:
        yield Notice("pages_failed", f"{named_pages(failed)} could not be read.")
    if silent:
        verb = "has" if len(silent) == 1 else "have"
        yield Notice("pages_without_text", f"{named_pages(silent)} {verb} no text; perhaps a scan.")
    if hiding:
        verb = "has" if len(hiding) == 1 else "have"
        yield Notice(
            "hidden_text", f"{named_pages(hiding)} {verb} text too pale or small to be seen."
        )
