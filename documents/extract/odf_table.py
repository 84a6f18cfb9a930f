"""Tables of OpenDocument: rows and cells that may stand for many alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from documents.extract.odf_rows import MAX_ALIKE, repeated, table_rows
from documents.extract.odf_styles import Styles
from documents.extract.odf_walk import Walk
from documents.extract.ooxml import Element, name
from documents.extract.tables import Row, one_line

_MAX_COLUMNS: Final = 16_384


class Grid:
    """Reads the rows of one sheet, and the notes that hang on its cells."""

    def __init__(self, styles: Styles) -> None:
        self.notes: list[str] = []
        self._styles = styles

    def rows(self, table: Element) -> Iterator[Row]:
        """Yield the rows with their values by column; an empty one for a run of blank rows."""
        for node in table_rows(table):
            row = self._row(node)
            for _ in range(repeated(node, "table:number-rows-repeated") if row else 1):
                yield row

    def _row(self, node: Element) -> Row:
        found: dict[int, str] = {}
        column = 0
        for cell in node:
            if name(cell) not in ("table:table-cell", "table:covered-table-cell"):
                continue
            count = repeated(cell, "table:number-columns-repeated", _MAX_COLUMNS)
            if text := self._text(cell):
                for offset in range(min(count, MAX_ALIKE)):
                    found[column + offset] = text
            column += count
            if column >= _MAX_COLUMNS:
                break
        return found

    def _text(self, cell: Element) -> str:
        """Return what a cell shows, which is kept as its paragraphs; its notes apart."""
        if not len(cell):
            return ""
        walk = Walk(self._styles)
        blocks = list(walk.blocks(cell))
        self.notes += [block.text for block in blocks if block.kind.value == "note"]
        return one_line(" ".join(block.text for block in blocks if block.kind.value != "note"))
