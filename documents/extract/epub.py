"""EPUB: the chapters of a book in reading order (EPUB 3.3, and OPF 2.0 before it)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final
from urllib.parse import unquote, urlsplit

from documents.errors import CorruptFile, TooComplex, UnsupportedEncryption
from documents.extract.base import Piece
from documents.extract.html import html_blocks
from documents.extract.ooxml import MAX_INFLATED, Element, all_text, parse
from documents.extract.zipped import Archive
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_CHAPTERS: Final = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_NAVIGATION: Final = "application/x-dtbncx+xml"
#: Fonts are scrambled in these ways; the text of such a book is in the open.
_FONT_METHODS: Final = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_MAX_CHAPTERS: Final = 5_000
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE\s[^>\[]{0,500}>", re.IGNORECASE)
#: XHTML closes any element in itself; HTML would take it for open.
_SELF_CLOSED: Final = re.compile(
    rb"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)"
    rb"([a-zA-Z][\w:-]*)((?:\s[^<>]*)?)/>"
)


class EpubExtractor:
    """Reads e-books without copy protection. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.EPUB

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield title and authors, then the text of the chapters.

        Raises ``UnsupportedEncryption`` for a protected book, ``CorruptFile``,
        ``UnsafeContent`` and ``TooComplex``.
        """
        book = _Book(Archive(data, MAX_INFLATED))
        yield book.metadata()
        blocks = tuple(book.blocks())
        if book.missing:
            count = len(book.missing)
            noun = "chapter" if count == 1 else "chapters"
            yield Notice("part_failed", f"{count} {noun} of the book could not be read.")
        yield ExtractedPage(None, blocks)


class _Book:
    """One book: its package document, and the files that this refers to."""

    def __init__(self, archive: Archive) -> None:
        self.missing: list[str] = []
        self._archive = archive
        opf = self._package_name()
        self._folder = posixpath.dirname(opf)
        self._root = parse(_without_doctype(self._read(opf)))
        self._items = {
            node.get("id") or "": (self._place(node), node.get("media-type") or "", node)
            for node in _all(self._root, "item")
        }
        self._chapters = list(self._spine())
        self._refuse_protection()

    def metadata(self) -> FileMetadata:
        """Return what the package document says of the book."""
        authors = [text for node in _all(self._root, "creator") if (text := _text(node))]
        return FileMetadata(
            title=next((text for node in _all(self._root, "title") if (text := _text(node))), ""),
            author=", ".join(dict.fromkeys(authors)),
            created=next(filter(None, map(_moment, _all(self._root, "date"))), None),
        )

    def blocks(self) -> Iterator[Block]:
        """Yield the text of each chapter; one without a heading gets that of the contents."""
        names = self._names()
        for place in self._chapters:
            try:
                found = html_blocks(_as_html(self._archive.read(place)))
            except (KeyError, CorruptFile):
                self.missing.append(place)
                continue
            begins_named = any(block.kind is BlockKind.HEADING for block in found[:3])
            if found and not begins_named and (name := names.get(place.lower())):
                yield Block(name, BlockKind.HEADING, 1)
            yield from found

    def _package_name(self) -> str:
        """Return where the package document is."""
        if _CONTAINER in self._archive:
            root = parse(_without_doctype(self._read(_CONTAINER)))
            for node in _all(root, "rootfile"):
                path = posixpath.normpath(node.get("full-path") or "")
                if path in self._archive:
                    return path
        for name in self._archive.names:
            if name.endswith(".opf"):
                return name
        raise CorruptFile("The file is no e-book: it has no package document.")

    def _read(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except KeyError as error:
            raise CorruptFile from error

    def _place(self, node: Element) -> str:
        """Return the member of the archive that an item refers to; never one outside."""
        return self._resolved(node.get("href") or "", self._folder)

    def _resolved(self, reference: str, folder: str) -> str:
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc:
            return ""
        return posixpath.normpath(posixpath.join("/", folder, unquote(parts.path))).lstrip("/")

    def _spine(self) -> Iterator[str]:
        """Yield the chapters in reading order; of a book without an order, all of them."""
        listed = [node.get("idref") or "" for node in _all(self._root, "itemref")]
        if len(listed) > _MAX_CHAPTERS or len(self._items) > 4 * _MAX_CHAPTERS:
            raise TooComplex
        for identifier in dict.fromkeys(listed or self._items):
            place, kind, _ = self._items.get(identifier, ("", "", None))
            if place and (kind in _CHAPTERS or place.lower().endswith((".xhtml", ".html", ".htm"))):
                yield place

    def _refuse_protection(self) -> None:
        """Raise where a chapter is encrypted (EPUB OCF 3.3, 4.2.6.3.2)."""
        if _ENCRYPTION not in self._archive:
            return
        chapters = {place.lower() for place in self._chapters}
        for node in _all(parse(self._read(_ENCRYPTION)), "EncryptedData"):
            methods = [one.get("Algorithm") or "" for one in _all(node, "EncryptionMethod")]
            if any(method.startswith(_FONT_METHODS) for method in methods):
                continue
            for reference in _all(node, "CipherReference"):
                if self._resolved(reference.get("URI") or "", "").lower() in chapters:
                    raise UnsupportedEncryption(
                        "The book is protected against copying (DRM) and cannot be read."
                    )

    def _names(self) -> dict[str, str]:
        """Return the names of chapters by their file, from the table of contents."""
        names: dict[str, str] = {}
        for place, kind, node in self._items.values():
            if kind != _NAVIGATION and "nav" not in (node.get("properties") or "").split():
                continue
            try:
                root = parse(_without_doctype(self._archive.read(place)))
            except (KeyError, CorruptFile):
                continue
            for reference, text in _entries(root):
                target = self._resolved(reference, posixpath.dirname(place)).lower()
                names.setdefault(target, text)
        return names


def _entries(root: Element) -> Iterator[tuple[str, str]]:
    """Yield reference and text of each entry of a table of contents, old or new."""
    for node in _all(root, "navPoint"):
        label, content = next(_all(node, "text"), None), next(_all(node, "content"), None)
        if label is not None and content is not None:
            yield content.get("src") or "", _text(label)
    for node in _all(root, "a"):
        if text := _text(node):
            yield node.get("href") or "", text


def _all(root: Element, local: str) -> Iterator[Element]:
    return root.iter(f"{{*}}{local}")


def _text(node: Element) -> str:
    return " ".join(all_text(node).split())


def _moment(node: Element) -> datetime | None:
    try:
        found = datetime.fromisoformat((node.text or "").strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _without_doctype(data: bytes) -> bytes:
    """Return XML without a declaration of its type, which old books have; entities stay refused."""
    return _DOCTYPE.sub(b"", data, count=1)


def _as_html(data: bytes) -> bytes:
    return _SELF_CLOSED.sub(rb"<\1\2></\1>", data)
