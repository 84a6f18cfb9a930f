"""OpenDocument files: texts, spreadsheets and presentations (ISO/IEC 26300)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final

from documents.errors import CorruptFile, NoPages, PasswordRequired
from documents.extract.base import Piece
from documents.extract.odf_styles import Styles
from documents.extract.odf_table import Grid
from documents.extract.odf_walk import Walk
from documents.extract.ooxml import MAX_INFLATED, Element, attribute, child, name, parse
from documents.extract.tables import Budget, sheet_blocks
from documents.extract.zipped import Archive
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice


class OdtExtractor:
    """Reads OpenDocument texts. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.ODT

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the properties, then the body, then headers and footers.

        Raises ``PasswordRequired``, ``CorruptFile``, ``UnsafeContent`` and ``TooComplex``.
        """
        package = _OpenDocument(data)
        yield package.metadata()
        walk = Walk(package.styles)
        blocks = [*walk.blocks(package.body("office:text")), *_margins(walk, package)]
        if walk.hidden:
            yield Notice("hidden_text", "Text that is marked as hidden was left out.")
        yield ExtractedPage(None, tuple(blocks))


class OdsExtractor:
    """Reads OpenDocument spreadsheets. Yields a page a sheet."""

    media_type: ClassVar[MediaType] = MediaType.ODS

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the properties, then each sheet under its name, in the order of the tabs."""
        package = _OpenDocument(data)
        body = package.body("office:spreadsheet")
        sheets = [node for node in body if name(node) == "table:table"]
        yield package.metadata(len(sheets))
        budget, hidden = Budget(), []
        for number, sheet in enumerate(sheets, 1):
            title = attribute(sheet, "table:name") or f"Sheet {number}"
            if package.styles.is_hidden_table(attribute(sheet, "table:style-name")):
                hidden.append(title)
            grid = Grid(package.styles)
            found = [*sheet_blocks(grid.rows(sheet), budget)] if not budget.is_spent else []
            found += [Block(note, BlockKind.NOTE) for note in grid.notes]
            mark = " (hidden sheet)" if title in hidden else ""
            head = [Block(f"{title}{mark}", BlockKind.HEADING, 1)] if found else []
            yield ExtractedPage(number, (*head, *found))
        if notice := budget.notice():
            yield notice
        if hidden:
            named = ", ".join(f"“{title}”" for title in hidden[:5])
            yield Notice("hidden_text", f"Sheets that are hidden were read too: {named}.")


class OdpExtractor:
    """Reads OpenDocument presentations. Yields a page a slide."""

    media_type: ClassVar[MediaType] = MediaType.ODP

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the properties, then slide by slide what is on it and its notes."""
        package = _OpenDocument(data)
        body = package.body("office:presentation")
        slides = [node for node in body if name(node) == "draw:page"]
        if not slides:
            raise NoPages("The presentation has no slides.")
        yield package.metadata(len(slides))
        for number, slide in enumerate(slides, 1):
            yield ExtractedPage(number, tuple(_slide(Walk(package.styles), slide, number)))


class _OpenDocument:
    """The parts of one file. Raises ``PasswordRequired`` for an encrypted one."""

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data, MAX_INFLATED)
        self._refuse_encryption()
        self._content = self._part("content.xml")
        self._styles = self._part("styles.xml") if "styles.xml" in self._archive else None
        self.styles = Styles(self._content, self._styles)

    def body(self, kind: str) -> Element:
        """Return the body; whatever it is where it is not of the ``kind`` expected."""
        body = child(self._content, "office:body")
        if body is None or not len(body):
            raise CorruptFile("The file has no document inside.")
        wanted = child(body, kind)
        return wanted if wanted is not None else body[0]

    def master_pages(self) -> Iterator[Element]:
        """Yield the headers and footers of all page styles."""
        for node in self._styles.iter() if self._styles is not None else ():
            if name(node) in ("style:header", "style:footer"):
                yield node

    def metadata(self, pages: int | None = None) -> FileMetadata:
        """Return what ``meta.xml`` says, where it is there and can be read."""
        try:
            root = self._part("meta.xml")
        except CorruptFile:
            return FileMetadata(page_count=pages)
        found = {name(node): " ".join((node.text or "").split()) for node in root.iter()}
        return FileMetadata(
            title=found.get("dc:title", ""),
            author=found.get("meta:initial-creator") or found.get("dc:creator", ""),
            created=_moment(found.get("meta:creation-date", "")),
            modified=_moment(found.get("dc:date", "")),
            page_count=pages,
        )

    def _part(self, part: str) -> Element:
        try:
            return parse(self._archive.read(part))
        except KeyError as error:
            raise CorruptFile("The file has no document inside.") from error

    def _refuse_encryption(self) -> None:
        if "META-INF/manifest.xml" not in self._archive:
            return
        try:
            root = parse(_without_doctype(self._archive.read("META-INF/manifest.xml")))
        except CorruptFile:
            return
        if any(name(node) == "manifest:encryption-data" for node in root.iter()):
            raise PasswordRequired


_MANIFEST_TYPE: Final = (
    b'<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN"'
)


def _without_doctype(data: bytes) -> bytes:
    """Return a manifest without the declaration that old programs write."""
    at = data.find(_MANIFEST_TYPE)
    end = data.find(b">", at) if at >= 0 else -1
    return data[:at] + data[end + 1 :] if 0 <= at < end and b"[" not in data[at:end] else data


def _margins(walk: Walk, package: _OpenDocument) -> Iterator[Block]:
    """Yield headers and footers, no text twice, none that is a number only."""
    seen: set[str] = set()
    for node in package.master_pages():
        text = "\n".join(block.text for block in walk.blocks(node))
        if text and not text.isdecimal() and text not in seen:
            seen.add(text)
            yield Block(text, BlockKind.NOTE)


def _slide(walk: Walk, slide: Element, number: int) -> Iterator[Block]:
    title, rest = "", []
    for node in slide:
        if name(node) == "presentation:notes":
            text = "\n".join(block.text for block in walk.blocks(node))
            rest += [Block(f"Notes: {text}", BlockKind.NOTE)] if text else []
            continue
        blocks = walk.blocks_of(node)
        if not title and attribute(node, "presentation:class") == "title":
            title = " ".join(block.text for block in blocks).replace("\n", " ")
        else:
            rest += blocks
    if title or rest:
        yield Block(title or f"Slide {number}", BlockKind.HEADING, 1)
        yield from rest


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text[:26])
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
