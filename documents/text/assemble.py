"""One text out of the pages and blocks that an extractor read, with exact offsets."""

from __future__ import annotations

import re
from itertools import pairwise

from documents.text.clean import clean
from documents.types import Block, BlockKind, BlockSpan, Extraction, StructuredText

_BETWEEN_BLOCKS = "\n\n"
_VERBATIM = frozenset({BlockKind.CODE, BlockKind.TABLE})
_ITEM = re.compile(r"(?:[-*+•–—·▪◦‣●○■□➢]\s|\(?\d{1,3}[.)]\s|\(?[a-zA-Z]\)\s|[|>#])")
_BROKEN_URL = re.compile(r"\bhttps?://[^\s]*(?<=[/=&?_])$")
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")

#: Lines shorter than this are verse, addresses or lists rather than wrapped prose.
_PROSE_LINE = 30


def assemble(extraction: Extraction) -> StructuredText:
    """Clean every block and join them, blocks and pages apart by a blank line.

    Blocks that are empty once cleaned are left out. A page without text begins
    where the next one with text does.
    """
    pieces: list[str] = []
    spans: list[BlockSpan] = []
    page_starts: list[int] = []
    length = 0
    for page in extraction.pages:
        begins = True
        for block in page.blocks:
            text = block_text(block)
            if not text:
                continue
            start = length + len(_BETWEEN_BLOCKS) if pieces else 0
            if begins:
                _begin_page(page_starts, page.number, start)
                begins = False
            pieces.append(text)
            length = start + len(text)
            spans.append(BlockSpan(start, length, block.kind, block.level, page.number))
    text = _BETWEEN_BLOCKS.join(pieces)
    last = max((page.number or 0 for page in extraction.pages), default=0)
    _begin_page(page_starts, last, len(text))
    return StructuredText(text, tuple(spans), tuple(page_starts))


def block_text(block: Block) -> str:
    """The cleaned text of one block; lines of wrapped prose are joined."""
    if block.kind is BlockKind.CODE:
        return clean(block.text, verbatim=True)
    text = clean(block.text)
    if "\n" not in text or block.kind in _VERBATIM:
        return re.sub(r"\n{2,}", "\n", text) if block.kind is BlockKind.TABLE else text
    if block.kind is BlockKind.HEADING:
        return " ".join(text.split())
    return _unwrap(text)


def _begin_page(page_starts: list[int], number: int | None, start: int) -> None:
    """Let page ``number`` begin at ``start``, and those before it that have no text."""
    missing = (number or 0) - len(page_starts)
    page_starts.extend([start] * missing)


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph where they look broken by a margin only."""
    return _BETWEEN_BLOCKS.join(_unwrap_paragraph(part) for part in text.split(_BETWEEN_BLOCKS))


def _unwrap_paragraph(text: str) -> str:
    lines = text.split("\n")
    widest = max(map(len, lines))
    if widest < _PROSE_LINE:
        return text
    pieces = [lines[0]]
    for line, following in pairwise(lines):
        pieces.append(_joint(line, following, widest))
        pieces.append(following)
    return "".join(pieces)


def _joint(line: str, following: str, widest: int) -> str:
    """What goes between two lines: a break that is meant, a space, or nothing (Chinese)."""
    fills_the_width = len(line) >= widest * 0.6 or (
        following[:1].islower() and line[-1:] not in ".:;"
    )
    if not fills_the_width or _ITEM.match(following) or "\t" in line or "\t" in following:
        return "\n"
    is_unspaced = bool(_UNSPACED.match(line[-1:]) and _UNSPACED.match(following))
    return "" if is_unspaced or _BROKEN_URL.search(line[-200:]) else " "
