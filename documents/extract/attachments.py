"""Files inside a message, read as if they had been uploaded alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from documents.errors import FileError
from documents.extract.registry import extractor_for
from documents.extract.sniff import sniff
from documents.types import Block, BlockKind, ExtractedPage, MediaType

#: Messages attached as files are not read: they could go on inside each other for ever.
_READABLE: Final = frozenset(MediaType) - {MediaType.EML}
_DEEPEST: Final = 9


class Reader:
    """Reads the attachments of one message, as many as its limits allow."""

    def __init__(self, files: int = 20, size: int = 64 * 1024 * 1024) -> None:
        self._files = files
        self._size = size

    def pages(self, name: str, data: bytes) -> Iterator[tuple[Block, ...]]:
        """Yield the blocks of a file page by page, its headings one level down.

        Yields nothing of a file that cannot be read, for whatever reason.
        """
        self._files -= 1
        self._size -= len(data)
        if self._files < 0 or self._size < 0:
            return
        try:
            media_type = sniff(data, name, _READABLE)
            for piece in extractor_for(media_type).extract(data):
                if isinstance(piece, ExtractedPage) and piece.blocks:
                    yield tuple(map(_lowered, piece.blocks))
        except FileError:
            return


def _lowered(block: Block) -> Block:
    if block.kind is not BlockKind.HEADING:
        return block
    return replace(block, level=min(_DEEPEST, block.level + 1))
