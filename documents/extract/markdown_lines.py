"""Markdown line by line, for texts too long to be parsed.

Knows headings, lists, fences and paragraphs; marks inside a line are kept. Its
time grows with the length, whatever is in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from documents.types import Block, BlockKind

_HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_CLOSING_MARKS: Final = re.compile(r"[ \t]+#+[ \t]*$")
_FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")
_ITEM: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(\S.*)")


def line_blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown text whose line ends are LF."""
    reader = _Reader()
    for line in text.split("\n"):
        yield from reader.take(line)
    yield from reader.flush()


class _Reader:
    """Gathers lines until a block ends."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._fence = ""

    def take(self, line: str) -> Iterator[Block]:
        """Take in one line; yield the blocks that it ends."""
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence):
                yield from self.flush()
            else:
                self._lines.append(line)
        elif fence:
            yield from self.flush()
            self._fence, self._kind = fence[1], BlockKind.CODE
        else:
            yield from self._prose(line)

    def _prose(self, line: str) -> Iterator[Block]:
        if heading := _HEADING.match(line):
            yield from self.flush()
            title = _CLOSING_MARKS.sub("", heading[2])
            yield Block(title.strip(), BlockKind.HEADING, len(heading[1]))
        elif item := _ITEM.match(line):
            yield from self.flush()
            self._kind = BlockKind.LIST_ITEM
            self._lines.append(item[1])
        elif not line.strip():
            yield from self.flush()
        else:
            self._lines.append(line.strip())

    def flush(self) -> Iterator[Block]:
        """Yield what was gathered, as one block."""
        text = "\n".join(self._lines)
        kind, self._kind, self._fence = self._kind, BlockKind.PARAGRAPH, ""
        self._lines = []
        if text.strip():
            yield Block(text, kind)
