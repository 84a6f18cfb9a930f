"""Plain text: decoded, then cut into paragraphs at blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from documents.extract.base import Piece
from documents.extract.decoding import decode
from documents.types import Block, BlockKind, ExtractedPage, MediaType, Notice

_LINE_END: Final = re.compile(r"\r\n?|\x85|\u2028")
_PARAGRAPH_END: Final = re.compile(r"\n(?:[ \t\xa0\u3000]*+\n)++|\f|\u2029")


class TextExtractor:
    """Reads plain text in any encoding. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.TXT

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the paragraphs, after a notice when bytes had to be replaced."""
        decoded = decode(data)
        if notice := damage_notice(decoded.damaged):
            yield notice
        yield ExtractedPage(None, plain_blocks(decoded.text))


def text_blocks(data: bytes) -> tuple[Block, ...]:
    """Return the paragraphs of a text in any encoding."""
    return plain_blocks(decode(data).text)


def plain_blocks(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> tuple[Block, ...]:
    """Cut ``text`` into blocks at blank lines and form feeds; line ends become LF."""
    lines = _LINE_END.sub("\n", text.replace("\0", ""))
    parts = (part.strip("\n") for part in _PARAGRAPH_END.split(lines))
    return tuple(Block(part, kind) for part in parts if part.strip())


def damage_notice(damaged: int) -> Notice | None:
    """Return the notice that ``damaged`` places could not be read, if there are any."""
    if not damaged:
        return None
    places = "1 place" if damaged == 1 else f"{damaged:,} places"
    return Notice("characters_replaced", f"{places} held bytes that are no valid characters.")
