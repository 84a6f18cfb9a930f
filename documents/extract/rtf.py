"""RTF: text with its headings, lists, tables and notes; pictures and objects are passed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

from documents.errors import CorruptFile
from documents.extract.base import Piece
from documents.extract.rtf_reader import Document, read_rtf
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice


class RtfExtractor:
    """Reads Rich Text Format. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.RTF

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield what the file says of itself, then the body, then headers and footers.

        Raises ``CorruptFile`` for what does not begin as RTF, ``TooComplex`` for
        absurd nesting.
        """
        begin = data[:4096].find(b"{\\rtf")
        if begin < 0:
            raise CorruptFile
        document = read_rtf(data[begin:])
        yield FileMetadata(
            title=_one_line(document.info.get("title", "")),
            author=_one_line(document.info.get("author", "")),
            created=_moment(document.times.get("creatim", {})),
            modified=_moment(document.times.get("revtim", {})),
        )
        if document.hidden:
            yield Notice("hidden_text", "Text that is marked as hidden was left out.")
        yield ExtractedPage(None, (*document.blocks, *_margins(document)))


def _margins(document: Document) -> Iterator[Block]:
    """Yield headers and footers, no text twice, none that is a number only."""
    for text in dict.fromkeys(document.margins):
        if text and not text.isdecimal():
            yield Block(text, BlockKind.NOTE)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _moment(parts: dict[str, int]) -> datetime | None:
    """Return a time that is given in parts: year, month, day, hour and minute."""
    try:
        return datetime(
            parts["yr"],
            parts["mo"],
            parts["dy"],
            parts.get("hr", 0),
            parts.get("min", 0),
            tzinfo=UTC,
        )
    except (KeyError, ValueError):
        return None
