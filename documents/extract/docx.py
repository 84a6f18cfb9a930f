"""DOCX: every story of the document, walked as XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from documents.errors import CorruptFile
from documents.extract.base import Piece
from documents.extract.docx_numbering import Numbering
from documents.extract.docx_styles import Styles
from documents.extract.docx_walk import Walk
from documents.extract.drawings import drawn_lines
from documents.extract.ooxml import Element, Package, attribute, name
from documents.extract.ooxml_properties import core_properties
from documents.types import Block, BlockKind, ExtractedPage, MediaType, Notice

_SEPARATORS: Final = frozenset({"separator", "continuationSeparator", "continuationNotice"})
_HTML_ENDINGS: Final = (".html", ".htm", ".xhtml")
_NOTE_PARTS: Final = {"footnote": "footnotes", "endnote": "endnotes", "comment": "comments"}


class DocxExtractor:
    """Reads Word documents. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.DOCX

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the core properties, then the blocks of all stories.

        Raises ``CorruptFile``, ``UnsafeContent``, ``TooComplex`` and
        ``PasswordRequired``.
        """
        package = Package(data)
        yield core_properties(package)
        document = _Document(package)
        blocks = tuple(document.blocks())
        yield from document.notices()
        yield ExtractedPage(None, blocks)


class _Document:
    """The parts of one document, as the walk asks for them."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main_part()
        self._broken: list[str] = []
        self._notes = {kind: self._note_elements(part) for kind, part in _NOTE_PARTS.items()}
        styles = Styles(self._root("styles"))
        self._walk = Walk(styles, Numbering(self._root("numbering")), self)

    def blocks(self) -> Iterator[Block]:
        """Yield the body, then headers and footers, each once."""
        root = self._package.xml(self._main)
        yield from self._walk.story(root)
        yield from self._margins(root)

    def notices(self) -> Iterator[Notice]:
        """Yield what was left out."""
        if self._walk.hidden:
            yield Notice("hidden_text", "Text that is marked as hidden was left out.")
        elif self._walk.invisible:
            yield Notice("hidden_text", "Some text is white or too small to be seen.")
        for part in self._broken:
            yield Notice("part_failed", f"The {part} of the document could not be read.")

    def note(self, kind: str, identifier: str) -> Element | None:
        """Return a note the first time it is asked for."""
        return self._notes[kind].pop(identifier, None)

    def drawn(self, relation: str) -> Iterable[str]:
        """Return the texts of a chart or diagram: titles, categories, shapes."""
        root = self._target(relation, "drawings")
        if root is None:
            return []
        return drawn_lines(root)

    def embedded(self, relation: str) -> Iterable[Block]:
        """Return the blocks of an embedded HTML or text file (``w:altChunk``)."""
        found = self._package.relations(self._main).get(relation)
        if found is None or found.external or found.target not in self._package:
            return ()
        data = self._package.read(found.target)
        if found.target.lower().endswith(_HTML_ENDINGS):
            from documents.extract.html import html_blocks  # noqa: PLC0415 - rare, loads a parser

            return html_blocks(data)
        if found.target.lower().endswith(".txt"):
            from documents.extract.txt import text_blocks  # noqa: PLC0415 - rare, loads a parser

            return text_blocks(data)
        self._broken.append("embedded files")
        return ()

    def _margins(self, root: Element) -> Iterator[Block]:
        """Yield headers and footers that sections refer to, no text twice."""
        seen: set[str] = set()
        for node in root.iter():
            kind = name(node)
            if kind not in ("w:headerReference", "w:footerReference"):
                continue
            story = self._target(attribute(node, "r:id") or "", "headers and footers")
            text = "\n".join(b.text for b in self._walk.story(story)) if story is not None else ""
            if text and not text.isdecimal() and text not in seen:
                seen.add(text)
                yield Block(text, BlockKind.NOTE)

    def _note_elements(self, part: str) -> dict[str, Element]:
        root = self._root(part)
        return {
            attribute(node, "w:id") or "": node
            for node in (root if root is not None else ())
            if attribute(node, "w:type") not in _SEPARATORS
        }

    def _root(self, kind: str) -> Element | None:
        """Return a part that the main one refers to; ``None`` if missing or broken."""
        part = self._package.related(self._main, kind)
        return self._optional(part, kind) if part is not None else None

    def _target(self, relation: str, what: str) -> Element | None:
        found = self._package.relations(self._main).get(relation)
        if found is None or found.external or found.target not in self._package:
            return None
        return self._optional(found.target, what)

    def _optional(self, part: str, what: str) -> Element | None:
        try:
            return self._package.xml(part)
        except CorruptFile:
            if what not in self._broken:
                self._broken.append(what)
            return None
