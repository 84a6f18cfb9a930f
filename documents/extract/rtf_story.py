"""One story of an RTF file (body, note, header): paragraphs and rows as they end."""

from __future__ import annotations

from dataclasses import dataclass

from documents.extract.docx_table import table_blocks
from documents.types import Block, BlockKind


@dataclass(slots=True)
class Paragraph:
    """What is known of the paragraph at hand; the word ``pard`` resets it.

    Groups share it with the group around them, except where a story of its own begins.
    """

    style: int = 0
    level: int = 0
    in_table: bool = False

    def reset(self) -> None:
        """Go back to what a paragraph is without any word about it."""
        self.style, self.level, self.in_table = 0, 0, False


class Story:
    """Collects text until a paragraph, a cell or a row ends."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.is_item = False
        self._text: list[str] = []
        self._cell: list[Block] = []
        self._row: list[list[Block]] = []
        self._table: list[list[list[Block]]] = []
        self._attached: list[Block] = []

    def say(self, text: str) -> None:
        """Add to the paragraph."""
        self._text.append(text)

    def attach(self, block: Block) -> None:
        """Have a note follow the paragraph, or the table that it is in."""
        self._attached.append(block)

    def end_paragraph(self, level: int, *, in_table: bool) -> None:
        """Make a block of the paragraph: in the document, or in the cell that is open."""
        block = self._taken(level)
        if in_table:
            self._cell += [block] if block else []
            return
        self._end_table()
        self.blocks += [block] if block else []
        self._release()

    def end_cell(self) -> None:
        """Close the cell with what was said in it."""
        if block := self._taken(0):
            self._cell.append(block)
        self._row.append(self._cell)
        self._cell = []

    def end_row(self) -> None:
        """Close the row; the table goes on until a paragraph outside of it."""
        if self._row:
            self._table.append(self._row)
            self._row = []

    def finish(self) -> list[Block]:
        """Return all blocks of the story."""
        self.end_paragraph(0, in_table=False)
        return self.blocks

    def _taken(self, level: int) -> Block | None:
        text, self._text = "".join(self._text).strip(), []
        is_item, self.is_item = self.is_item, False
        if not text:
            return None
        if level:
            return Block(text, BlockKind.HEADING, level)
        return Block(text, BlockKind.LIST_ITEM if is_item else BlockKind.PARAGRAPH)

    def _end_table(self) -> None:
        if self._cell:
            self._row.append(self._cell)
            self._cell = []
        self.end_row()
        if self._table:
            self.blocks += table_blocks(self._table)
            self._table = []
            self._release()

    def _release(self) -> None:
        self.blocks += self._attached
        self._attached = []
