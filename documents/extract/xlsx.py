"""XLSX: the sheets of a workbook as people see them, values instead of formulas.

Sheets are read as a stream, row by row, so that a huge one costs time but no memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from documents.errors import CorruptFile, TooComplex
from documents.extract.base import Piece
from documents.extract.cell_formats import BUILT_IN, shown_number
from documents.extract.drawings import drawing_texts
from documents.extract.ooxml import Element, Package, attribute, child, name
from documents.extract.ooxml_properties import core_properties
from documents.extract.tables import Budget, Row, one_line, sheet_blocks
from documents.types import Block, BlockKind, ExtractedPage, MediaType, Notice

_REFERENCE: Final = re.compile(r"([A-Z]{1,3})[0-9]*")
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_COLUMNS: Final = 16_384
#: What Excel lets a cell hold; and a row that holds more than this is a bomb.
_LONG_CELL: Final = 32_767
_LONG_ROW: Final = 2_000_000
_MAX_SHARED: Final = 60_000_000
_MAX_SHEETS: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    part: str
    hidden: bool


class XlsxExtractor:
    """Reads Excel workbooks, with macros or without. Yields a page a sheet."""

    media_type: ClassVar[MediaType] = MediaType.XLSX

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the properties, then each sheet under its name, in the order of the tabs.

        Raises ``CorruptFile``, ``UnsafeContent``, ``TooComplex`` and ``PasswordRequired``.
        """
        package = Package(data)
        book = _Workbook(package)
        yield replace(core_properties(package), page_count=len(book.sheets))
        for number, sheet in enumerate(book.sheets, 1):
            yield ExtractedPage(number, tuple(book.blocks(sheet)))
        yield from book.notices()


class _Workbook:
    """The parts that all sheets share: strings, formats, the calendar."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main_part()
        root = package.xml(self._main)
        properties = child(root, "x:workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self.sheets = list(self._listed(root))
        self._strings = list(self._shared())
        self._formats = self._cell_formats()
        self._budget = Budget()
        self._empty_formulas = 0
        self._broken: list[str] = []

    def blocks(self, sheet: _Sheet) -> Iterator[Block]:
        """Yield the name of a sheet as a heading, then what is in it; nothing of an empty one."""
        found = list(self._inside(sheet))
        if found:
            mark = " (hidden sheet)" if sheet.hidden else ""
            yield Block(f"{sheet.title}{mark}", BlockKind.HEADING, 1)
            yield from found

    def notices(self) -> Iterator[Notice]:
        """Yield what was left out, and what the reader may not expect."""
        if notice := self._budget.notice():
            yield notice
        if self._broken:
            named = ", ".join(f"“{title}”" for title in self._broken[:5])
            yield Notice("part_failed", f"Of these sheets only a part could be read: {named}.")
        if hidden := [sheet.title for sheet in self.sheets if sheet.hidden]:
            named = ", ".join(f"“{title}”" for title in hidden[:5])
            yield Notice("hidden_text", f"Sheets that are hidden were read too: {named}.")
        if self._empty_formulas:
            yield Notice(
                "formulas_without_result",
                f"{self._empty_formulas:,} formulas have no stored result. Open the file in a"
                " spreadsheet program and save it to have them read.",
            )

    def _inside(self, sheet: _Sheet) -> Iterator[Block]:
        if sheet.part not in self._package or self._budget.is_spent:
            return
        yield from sheet_blocks(self._rows(sheet), self._budget)
        try:
            yield from self._around(sheet.part)
        except CorruptFile:
            self._broken.append(sheet.title)

    def _around(self, part: str) -> Iterator[Block]:
        """Yield the comments of a sheet, and the words of its drawings."""
        for relation in self._package.relations(part).values():
            if relation.external or relation.target not in self._package:
                continue
            if relation.kind in ("comments", "threadedComment"):
                yield from self._comments(relation.target)
            elif relation.kind == "drawing":
                for text in drawing_texts(self._package, relation.target):
                    yield Block(text, BlockKind.NOTE)

    def _rows(self, sheet: _Sheet) -> Iterator[Row]:
        """Yield the rows of a sheet as far as it can be read."""
        try:
            yield from self._whole_rows(sheet.part)
        except CorruptFile:
            self._broken.append(sheet.title)

    def _whole_rows(self, part: str) -> Iterator[Row]:
        """Yield the rows of a sheet, an empty one for each gap between them."""
        expected = 1
        for element in self._package.elements(part, "row"):
            number = element.get("r") or ""
            at = int(number) if number.isdecimal() else expected
            row = self._row(element)
            if at > expected:
                yield {}
            expected = at + 1
            yield row

    def _row(self, element: Element) -> Row:
        found: dict[int, str] = {}
        column, left = -1, _LONG_ROW
        for cell in element:
            place = _REFERENCE.match(cell.get("r") or "")
            column = _column(place[1]) if place else column + 1
            if column >= _COLUMNS or left < 0:
                break
            if text := one_line(self._shown(cell)[:_LONG_CELL]):
                found[column] = text
                left -= len(text)
        return found

    def _shown(self, cell: Element) -> str:
        """Return what a cell shows: its value, or the stored result of its formula."""
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            inline = child(cell, "x:is")
            return _rich_text(inline) if inline is not None else ""
        stored = child(cell, "x:v")
        value = (stored.text or "").strip() if stored is not None else ""
        if not value:
            self._empty_formulas += child(cell, "x:f") is not None and kind != "str"
            return ""
        return self._converted(kind, value, cell.get("s") or "")

    def _converted(self, kind: str, value: str, style: str) -> str:
        match kind:
            case "s":
                at = int(value) if value.isdecimal() else len(self._strings)
                return self._strings[at] if at < len(self._strings) else ""
            case "e":
                return ""  # "#N/A" is nothing to find or to quote
            case "b":
                return "TRUE" if value in ("1", "true") else "FALSE"
            case "n":
                at = int(style) if style.isdecimal() else 0
                code = self._formats[at] if at < len(self._formats) else ""
                return shown_number(value, code, from_1904=self._from_1904)
        return _unescaped(value)

    def _comments(self, part: str) -> Iterator[Block]:
        """Yield the comments of both generations, without the note that Excel adds to old ones."""
        for element in self._package.elements(part, "comment", "threadedComment"):
            text = child(element, "x:text")
            said = _rich_text(text) if text is not None else _texts(element, "text")
            if said.strip() and not said.lstrip().startswith("[Threaded comment]"):
                place = f" at {element.get('ref')}" if element.get("ref") else ""
                yield Block(f"Comment{place}: {one_line(said)}", BlockKind.NOTE)

    # --- the workbook

    def _listed(self, root: Element) -> Iterator[_Sheet]:
        relations = self._package.relations(self._main)
        listed = child(root, "x:sheets")
        for number, node in enumerate(_children(listed), 1):
            if number > _MAX_SHEETS:
                raise TooComplex
            relation = relations.get(attribute(node, "r:id") or "")
            part = relation.target if relation is not None and not relation.external else ""
            hidden = (node.get("state") or "visible") != "visible"
            yield _Sheet(one_line(node.get("name") or f"Sheet {number}"), part, hidden)

    def _shared(self) -> Iterator[str]:
        part = self._package.related(self._main, "sharedStrings")
        length = 0
        for element in self._package.elements(part, "si") if part else ():
            text = _rich_text(element)
            length += len(text)
            if length > _MAX_SHARED:
                raise TooComplex
            yield text

    def _cell_formats(self) -> list[str]:
        """Return the number format of each cell style; of none, where they cannot be read."""
        part = self._package.related(self._main, "styles")
        try:
            root = self._package.xml(part) if part else None
        except CorruptFile:
            root = None
        own = child(root, "x:numFmts") if root is not None else None
        codes = {node.get("numFmtId"): node.get("formatCode") or "" for node in _children(own)}
        styles = child(root, "x:cellXfs") if root is not None else None
        return [_code(node.get("numFmtId") or "0", codes) for node in _children(styles)]


def _children(element: Element | None) -> list[Element]:
    return list(element) if element is not None else []


def _code(identifier: str, own: dict[str | None, str]) -> str:
    if identifier in own:
        return own[identifier]
    return BUILT_IN.get(int(identifier), "") if identifier.isdecimal() else ""


def _rich_text(element: Element) -> str:
    """Return the text of runs, without the reading aids of East Asian scripts."""
    return _unescaped(
        "".join(
            node.text or ""
            for node in element.iter()
            if name(node) == "x:t" and name(node.getparent()) != "x:rPh"  # type: ignore[arg-type]
        )
    )


def _texts(element: Element, local: str) -> str:
    return " ".join(node.text or "" for node in element.iter() if node.tag.endswith(f"}}{local}"))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
