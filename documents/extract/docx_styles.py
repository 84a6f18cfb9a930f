"""Styles of a Word document: which are headings, hidden, or numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from documents.extract.ooxml import Element, attribute, child, is_on, name, value_of

_HEADING: Final = re.compile(r"heading ([1-9])$", re.IGNORECASE)
#: ``w:outlineLvl`` counts from 0; 9 means body text (ISO/IEC 29500-1, 17.3.1.20).
_BODY_LEVEL: Final = 9
_TINY_HALF_POINTS: Final = 4


@dataclass(frozen=True, slots=True)
class Numbered:
    """Membership in a list: its definition and the depth, both as in the file."""

    number: str | None
    depth: int | None


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str | None
    outline: int | None
    hidden: bool | None
    numbered: Numbered | None


class Styles:
    """The styles of one document; ``root`` is ``w:styles`` or ``None``."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, _Style] = {}
        self.default: str | None = None
        for node in root if root is not None else ():
            identifier = attribute(node, "w:styleId") if name(node) == "w:style" else None
            if identifier is None:
                continue
            self._styles[identifier] = _style(node)
            if _is_default(node):
                self.default = identifier

    def heading_level(self, properties: Element | None, style: str | None) -> int:
        """Return 1-9 for a heading, else 0. ``properties`` is the paragraph's own."""
        own = outline_level(properties)
        if own is not None:
            return own + 1 if own < _BODY_LEVEL else 0
        for ancestor in self._chain(style):
            if match := _HEADING.match(ancestor.name):
                return int(match[1])
            if ancestor.name.lower() == "title":
                return 1
            if ancestor.outline is not None:
                return ancestor.outline + 1 if ancestor.outline < _BODY_LEVEL else 0
        return 0

    def is_hidden(self, style: str | None) -> bool:
        """Whether the style hides its text."""
        return next((one.hidden for one in self._chain(style) if one.hidden is not None), False)

    def numbered(self, style: str | None) -> Numbered | None:
        """Return the list that paragraphs of the style are in."""
        return next((one.numbered for one in self._chain(style) if one.numbered), None)

    def _chain(self, style: str | None) -> Iterator[_Style]:
        """Yield the style and those it is based on; files have cycles here."""
        seen: set[str] = set()
        while style is not None and style not in seen and style in self._styles:
            seen.add(style)
            yield self._styles[style]
            style = self._styles[style].based_on


def _is_default(node: Element) -> bool:
    paragraph = attribute(node, "w:type") == "paragraph"
    return paragraph and attribute(node, "w:default") in ("1", "true")


def _style(node: Element) -> _Style:
    paragraph = child(node, "w:pPr")
    return _Style(
        name=value_of(node, "w:name") or "",
        based_on=value_of(node, "w:basedOn"),
        outline=outline_level(paragraph),
        hidden=is_on(child(node, "w:rPr"), "w:vanish"),
        numbered=numbered(paragraph),
    )


def outline_level(properties: Element | None) -> int | None:
    """Return the outline level in paragraph properties, from 0."""
    level = value_of(properties, "w:outlineLvl")
    return int(level) if level is not None and level.isdecimal() else None


def numbered(properties: Element | None) -> Numbered | None:
    """Return the list membership in paragraph properties."""
    node = child(properties, "w:numPr") if properties is not None else None
    if node is None:
        return None
    depth = value_of(node, "w:ilvl")
    return Numbered(
        value_of(node, "w:numId"), int(depth) if depth is not None and depth.isdecimal() else None
    )


def is_invisible(properties: Element) -> bool:
    """Whether a run is white on nothing, or less than two points high."""
    size = value_of(properties, "w:sz") or ""
    if size.isdecimal() and int(size) < _TINY_HALF_POINTS:
        return True
    shaded = any(child(properties, kind) is not None for kind in ("w:shd", "w:highlight"))
    return not shaded and (value_of(properties, "w:color") or "").upper() == "FFFFFF"
