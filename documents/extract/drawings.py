"""The words of drawings, charts and diagrams in an Office package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from documents.errors import CorruptFile
from documents.extract.ooxml import Element, Package, attribute, name
from documents.extract.pictures import picture_text

#: Texts of shapes and diagrams, and the values that a chart keeps.
_DRAWN: Final = frozenset({"a:t", "c:v", "cx:pt", "cx:v"})
#: Elements that refer to a part with a chart or a diagram.
REFERRING: Final = frozenset({"c:chart", "cx:chart", "dgm:relIds"})
_MAX_VALUES: Final = 2_000


def paragraph_text(paragraph: Element) -> str:
    """Return the text of an ``a:p``, without slide numbers and dates that fill themselves in."""
    parts: list[str] = []
    _inline(paragraph, parts)
    return "".join(parts).strip()


def _inline(container: Element, parts: list[str]) -> None:
    for node in container:
        match name(node):
            case "a:t" | "m:t":
                parts.append(node.text or "")
            case "a:br":
                parts.append("\n")
            case "a:tab":
                parts.append("\t")
            case "a:fld" if (node.get("type") or "").startswith(("slidenum", "datetime")):
                continue
            case "a:pPr" | "a:rPr" | "a:endParaRPr":
                continue
            case _:
                _inline(node, parts)


def drawn_lines(root: Element) -> list[str]:
    """Return the words of a chart or a diagram: titles, categories, values, shapes."""
    texts = (node.text for node in root.iter() if name(node) in _DRAWN)
    return [text.strip() for text in texts if text and text.strip()][:_MAX_VALUES]


def related_drawing(package: Package, part: str, frame: Element) -> str:
    """Return the words of what a frame of ``part`` refers to; nothing of a broken one."""
    is_diagram = name(frame) == "dgm:relIds"
    wanted = attribute(frame, "r:dm" if is_diagram else "r:id") or ""
    found = package.relations(part).get(wanted)
    if found is None or found.external or found.target not in package:
        return ""
    try:
        return "\n".join(drawn_lines(package.xml(found.target)))
    except CorruptFile:
        return ""


def drawing_texts(package: Package, part: str) -> Iterator[str]:
    """Yield what a drawing of a sheet says: text boxes, pictures' words, charts."""
    try:
        root = package.xml(part)
    except CorruptFile:
        return
    for node in root.iter():
        kind = name(node)
        if kind == "a:p":
            text = paragraph_text(node)
        elif kind.endswith("cNvPr"):
            text = picture_text(node.get("descr"), node.get("title"), node.get("name"))
        elif kind in REFERRING:
            text = related_drawing(package, part, node)
        else:
            continue
        if text:
            yield text
