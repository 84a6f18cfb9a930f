"""Office Open XML packages: parts, relationships and XML that may be hostile.

Names of elements are given as ``w:p`` whichever of the two families of
namespaces (transitional or strict, ISO/IEC 29500 parts 4 and 1) a file uses.
OpenDocument files are read through the same parser and the same short names.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from documents.errors import CorruptFile, TooComplex, UnsafeContent
from documents.extract.zipped import Archive, Stream

#: Inflated bytes of all parts that are read together. XML takes about five
#: times its size in memory.
MAX_INFLATED: Final = 100 * 1024 * 1024

_PREFIXES: Final = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.microsoft.com/office/word/2003/wordml": "w",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main": "x",
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "x",
    "http://schemas.openxmlformats.org/presentationml/2006/main": "p",
    "http://purl.oclc.org/ooxml/presentationml/main": "p",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/drawingml/2006/chart": "c",
    "http://purl.oclc.org/ooxml/drawingml/chart": "c",
    "http://schemas.microsoft.com/office/drawing/2014/chartex": "cx",
    "http://schemas.openxmlformats.org/drawingml/2006/diagram": "dgm",
    "http://purl.oclc.org/ooxml/drawingml/diagram": "dgm",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0": "presentation",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:meta:1.0": "meta",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
    "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0": "manifest",
    "urn:oasis:names:tc:opendocument:xmlns:form:1.0": "form",
    "urn:oasis:names:tc:opendocument:xmlns:chart:1.0": "chart",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
}
_NAMESPACES: Final = {
    prefix: tuple(uri for uri, short in _PREFIXES.items() if short == prefix)
    for prefix in _PREFIXES.values()
}
#: What libxml2 says of a document past its limits of nesting and length.
_LIMIT_WORDS: Final = ("excessive depth", "resource limit", "huge text", "too long")
_DECLARATIONS: Final = tuple(
    text.encode(codec)
    for text in ("<!DOCTYPE", "<!ENTITY")
    for codec in ("utf-8", "utf-16-le", "utf-16-be")
)

Element = etree._Element  # noqa: SLF001 - lxml has no public name for it


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link from one part to another; ``kind`` is the last word of its type."""

    kind: str
    target: str
    external: bool


class Package:
    """The parts of an Office file. Raises what ``Archive`` raises."""

    def __init__(self, data: bytes) -> None:
        self._archive = Archive(data, MAX_INFLATED)
        self._types = self._content_types()
        self._relations: dict[str, dict[str, Relationship]] = {}

    def __contains__(self, part: str) -> bool:
        return part in self._archive

    def main_part(self) -> str:
        """Return the name of the main document; raise ``CorruptFile`` without one."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self._archive:
                return relation.target
        for name, content_type in self._types.items():
            if content_type.lower().endswith("main+xml") and name in self._archive:
                return name
        for usual in ("word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"):
            if usual in self._archive:
                return usual
        raise CorruptFile("The file has no document inside.")

    def relations(self, part: str) -> dict[str, Relationship]:
        """Return the relationships of a part by id (of the package for ``""``)."""
        if part not in self._relations:
            self._relations[part] = self._read_relations(part)
        return self._relations[part]

    def related(self, part: str, kind: str) -> str | None:
        """Return the first part of ``kind`` that ``part`` refers to and that exists."""
        for relation in self.relations(part).values():
            if relation.kind == kind and not relation.external and relation.target in self._archive:
                return relation.target
        return None

    def read(self, part: str) -> bytes:
        """Return the bytes of a part."""
        try:
            return self._archive.read(part)
        except KeyError as error:
            raise CorruptFile from error

    def xml(self, part: str) -> Element:
        """Return the root element of a part."""
        return parse(self.read(part))

    def elements(self, part: str, *wanted: str) -> Iterator[Element]:
        """Yield the elements of these local names as they end, and forget each afterwards.

        For parts that may be larger than memory. Raises what ``xml`` does.
        """
        try:
            stream = self._archive.stream(part)
        except KeyError as error:
            raise CorruptFile from error
        yield from stream_elements(stream, wanted)

    def _read_relations(self, part: str) -> dict[str, Relationship]:
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self._archive:
            return {}
        found = {}
        for node in self.xml(path):
            if isinstance(node.tag, str) and (identifier := node.get("Id")):
                found[identifier] = _relationship(node, folder)
        return found

    def _content_types(self) -> dict[str, str]:
        if "[Content_Types].xml" not in self._archive:
            return {}
        return {
            node.get("PartName", "").lstrip("/"): node.get("ContentType", "")
            for node in self.xml("[Content_Types].xml")
            if isinstance(node.tag, str) and node.tag.endswith("}Override")
        }


def _relationship(node: Element, folder: str) -> Relationship:
    target = node.get("Target", "").replace("\\", "/")
    absolute = target if target.startswith("/") else posixpath.join("/", folder, target)
    kind = node.get("Type", "").rpartition("/")[2]
    external = node.get("TargetMode", "") == "External"
    return Relationship(kind, posixpath.normpath(absolute).lstrip("/"), external)


def parse(data: bytes) -> Element:
    """Return the root of an XML document.

    Raises ``UnsafeContent`` when it declares anything, ``TooComplex`` when it is
    nested too deeply or has too long a text, and ``CorruptFile`` when it is no XML.
    """
    if any(declaration in data for declaration in _DECLARATIONS):
        raise UnsafeContent
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise (TooComplex if _is_limit(error) else CorruptFile) from error
    except (LookupError, ValueError) as error:
        raise CorruptFile from error
    if root.getroottree().docinfo.internalDTD is not None:  # an encoding not foreseen above
        raise UnsafeContent
    return root


class _Undeclared:
    """A stream that refuses definitions, wherever they stand."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(size)
        seen = self._tail + part
        if any(declaration in seen for declaration in _DECLARATIONS):
            raise UnsafeContent
        self._tail = seen[-max(map(len, _DECLARATIONS)) :]
        return part


def stream_elements(stream: Stream, wanted: Sequence[str]) -> Iterator[Element]:
    """Yield elements by local name while the document is read; see ``Package.elements``."""
    found = etree.iterparse(
        _Undeclared(stream),
        events=("end",),
        tag=[f"{{*}}{local}" for local in wanted],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in found:
            yield element
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise (TooComplex if _is_limit(error) else CorruptFile) from error


def _forget(element: Element) -> None:
    """Empty an element that was read, and remove those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _is_limit(error: etree.XMLSyntaxError) -> bool:
    message = str(error).lower()
    return any(words in message for words in _LIMIT_WORDS)


class _Names(dict[str, str]):
    """Short names by tag, worked out once for each."""

    def __missing__(self, tag: str) -> str:
        uri, _, local = tag.removeprefix("{").rpartition("}")
        prefix = _PREFIXES.get(uri)
        short = self[tag] = f"{prefix}:{local}" if prefix else local
        return short


_names = _Names()


def name(element: Element) -> str:
    """Return the name with its usual prefix: ``w:p``; the bare name if it has none.

    The element is of a tree from ``parse``, which keeps no comments.
    """
    return _names[element.tag]


def child(element: Element, wanted: str) -> Element | None:
    """Return the first child of that name."""
    return next((node for node in element if name(node) == wanted), None)


def attribute(element: Element, wanted: str) -> str | None:
    """Return the attribute ``w:val`` (any prefix of the table), or the bare one."""
    prefix, _, local = wanted.partition(":")
    for uri in _NAMESPACES[prefix]:
        value = element.get(f"{{{uri}}}{local}")
        if value is not None:
            return value
    return element.get(local)


def all_text(element: Element | None) -> str:
    """Return the text inside an element, of everything in it."""
    return "".join(map(str, element.itertext())) if element is not None else ""


def value_of(element: Element | None, wanted: str) -> str | None:
    """Return ``w:val`` of the child ``wanted``, ``None`` where either is missing."""
    found = child(element, wanted) if element is not None else None
    return attribute(found, "w:val") if found is not None else None


def is_on(element: Element | None, wanted: str) -> bool | None:
    """Return a toggle such as ``w:vanish``: on, off, or ``None`` when not there."""
    found = child(element, wanted) if element is not None else None
    if found is None:
        return None
    return (attribute(found, "w:val") or "true").lower() not in ("0", "false", "off")
