"""What stands on one slide: text boxes, tables, groups, charts and diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from documents.extract.docx_numbering import formatted
from documents.extract.drawings import REFERRING, paragraph_text, related_drawing
from documents.extract.ooxml import Element, Package, child, name
from documents.extract.pictures import picture_text
from documents.extract.tables import Row, filled, looks_like_header, table_block
from documents.types import Block, BlockKind

_TITLES: Final = frozenset({"title", "ctrTitle"})
#: What a slide repeats from its master: its number, the date.
_FURNITURE: Final = frozenset({"sldNum", "dt", "hdr"})
#: ``a:buAutoNum`` (ECMA-376 part 1, 20.1.10.61): how it counts, and what is around the number.
_AUTO: Final = re.compile(
    r"(arabic|alphaLc|alphaUc|romanLc|romanUc)(Period|ParenR|ParenBoth|Plain)"
)
_COUNTING: Final = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AROUND: Final = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
_MAX_DEPTH: Final = 60


class SlideWalk:
    """Collects what a slide says, in the order of its shapes, the title apart.

    ``only`` names the kinds of placeholder to read, for pages of notes.
    """

    def __init__(self, package: Package, part: str, only: Sequence[str] = ()) -> None:
        self.title = ""
        self.blocks: list[Block] = []
        self.footers: list[str] = []
        self._package = package
        self._part = part
        self._only = only

    def shapes(self, container: Element, depth: int = 0) -> None:
        """Read the shapes in ``container``, groups included."""
        if depth > _MAX_DEPTH:
            return
        for node in container:
            match name(node):
                case "p:sp" | "p:cxnSp":
                    self._shape(node)
                case "p:graphicFrame":
                    self._frame(node)
                case "p:pic":
                    self._describe(node)
                case "mc:AlternateContent":
                    self._alternative(node, depth)
                case "p:txBody" | "p:extLst" | "p:timing" | "p:transition":
                    continue
                case _:
                    self.shapes(node, depth + 1)

    def _alternative(self, node: Element, depth: int) -> None:
        """Take the first choice that says anything."""
        before = len(self.blocks), self.title
        for choice in node:
            self.shapes(choice, depth + 1)
            if (len(self.blocks), self.title) != before:
                return

    def _shape(self, node: Element) -> None:
        place = next((part for part in node.iter() if name(part) == "p:ph"), None)
        kind = (place.get("type") or "obj") if place is not None else ""
        if kind in _FURNITURE or (self._only and kind not in self._only):
            return
        body = child(node, "p:txBody")
        if body is None:
            self._describe(node)
            return
        paragraphs = [part for part in body if name(part) == "a:p"]
        if kind in _TITLES and not self.title:
            self.title = " ".join(" ".join(map(paragraph_text, paragraphs)).split())
        elif kind == "ftr":
            self.footers += [text for text in map(paragraph_text, paragraphs) if text]
        else:
            self._paragraphs(paragraphs, is_list=kind in ("body", "obj") and not self._only)
            self._describe(node)

    def _paragraphs(self, paragraphs: Iterable[Element], *, is_list: bool) -> None:
        counts: dict[int, int] = {}
        for paragraph in paragraphs:
            text = paragraph_text(paragraph)
            if not text:
                continue
            properties = child(paragraph, "a:pPr")
            label, has_mark = _mark(properties, counts)
            is_item = is_list if has_mark is None else has_mark
            kind = BlockKind.LIST_ITEM if is_item else BlockKind.PARAGRAPH
            self.blocks.append(Block(f"{label} {text}" if label else text, kind))

    def _frame(self, node: Element) -> None:
        """Read a table, a chart, a diagram, or what else a frame holds."""
        found = False
        for part in node.iter():
            kind = name(part)
            if kind == "a:tbl":
                found = self._table(part) or found
            elif kind in REFERRING and (text := related_drawing(self._package, self._part, part)):
                self.blocks.append(Block(text))
                found = True
        if not found:
            self._describe(node)

    def _table(self, table: Element) -> bool:
        rows: list[Row] = [
            filled(_cell_text(cell) for cell in row if name(cell) == "a:tc")
            for row in table
            if name(row) == "a:tr"
        ]
        rows = [row for row in rows if row]
        properties = child(table, "a:tblPr")
        declared = properties is not None and properties.get("firstRow") in ("1", "true")
        has_header = (
            declared and len(rows) > 1 and looks_like_header(rows[0], rows[1:], is_list=True)
        )
        block = table_block(rows, has_header=has_header)
        if block is not None:
            self.blocks.append(block)
        return block is not None

    def _describe(self, node: Element) -> None:
        """Add the alternative text of a shape or picture."""
        for part in node.iter():
            if name(part) == "p:cNvPr":
                text = picture_text(part.get("descr"), part.get("title"), part.get("name"))
                if text:
                    self.blocks.append(Block(text, BlockKind.NOTE))
                return


def _cell_text(cell: Element) -> str:
    return " ".join(paragraph_text(part) for part in cell.iter() if name(part) == "a:p")


def _mark(properties: Element | None, counts: dict[int, int]) -> tuple[str, bool | None]:
    """Return the number of a paragraph, and whether it is an item; ``None`` where unsaid.

    ``counts`` holds how far each level has counted in this shape.
    """
    level = properties.get("lvl") or "0" if properties is not None else "0"
    depth = int(level) if level.isdecimal() else 0
    for deeper in [key for key in counts if key > depth]:
        del counts[deeper]
    for node in properties if properties is not None else ():
        kind = name(node)
        if kind == "a:buAutoNum":
            start = node.get("startAt") or "1"
            first = int(start) if start.isdecimal() and len(start) < 6 else 1
            counts[depth] = counts.get(depth, first - 1) + 1
            return _numbered(counts[depth], node.get("type") or ""), True
        if kind in ("a:buChar", "a:buBlip"):
            return "", True
        if kind == "a:buNone":
            return "", False
    counts.pop(depth, None)
    return "", None


def _numbered(number: int, style: str) -> str:
    found = _AUTO.fullmatch(style)
    if found is None:
        return f"{number}."
    return _AROUND[found[2]].format(formatted(number, _COUNTING[found[1]]))
