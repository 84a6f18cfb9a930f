"""Tables of a Word document: values in rows, or a way to arrange the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from documents.types import Block, BlockKind

Cell = Sequence[Block]
Rows = Iterable[Sequence[Cell]]

_CELL: Final = " | "
#: A cell that holds more than this is a piece of a page, not a value.
_LONG_CELL: Final = 1500
_MANY_BLOCKS: Final = 8


def table_blocks(rows: Rows) -> Iterator[Block]:
    """Yield one table block, a row a line; or the blocks inside, where it is a layout.

    Notes that hang on cells follow the table.
    """
    table = [list(row) for row in rows]
    if _is_layout(table):
        for row in table:
            for cell in row:
                yield from cell
        return
    lines = (_CELL.join(cell_text(cell) for cell in row).strip(" |") for row in table)
    if text := "\n".join(line for line in lines if line):
        yield Block(text, BlockKind.TABLE)
    for row in table:
        for cell in row:
            yield from (block for block in cell if block.kind is BlockKind.NOTE)


def _is_layout(table: Sequence[Sequence[Cell]]) -> bool:
    if max((len(row) for row in table), default=0) < 2:
        return True
    return any(_is_page_piece(cell) for row in table for cell in row)


def _is_page_piece(cell: Cell) -> bool:
    body = [block for block in cell if block.kind is not BlockKind.NOTE]
    if len(body) > _MANY_BLOCKS or sum(len(block.text) for block in body) > _LONG_CELL:
        return True
    return len(body) > 1 and any(block.kind is BlockKind.HEADING for block in body)


def cell_text(cell: Cell) -> str:
    """Return what a cell says on one line, without its notes."""
    parts = []
    for block in cell:
        if block.kind is BlockKind.TABLE:
            parts.append(block.text.replace("\n", "; "))
        elif block.kind is not BlockKind.NOTE:
            parts.append(" ".join(block.text.split()))
    return " ".join(parts)
