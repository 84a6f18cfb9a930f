"""Styles of an OpenDocument file: how lists count, and what is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from documents.extract.docx_numbering import formatted
from documents.extract.ooxml import Element, attribute, child, name

_COUNTING: Final = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
}


@dataclass(frozen=True, slots=True)
class _Level:
    counting: str
    prefix: str
    suffix: str
    start: int


class Styles:
    """The list, text and table styles of one file, of both parts that hold any."""

    def __init__(self, *roots: Element | None) -> None:
        self._lists: dict[str, dict[int, _Level]] = {}
        self._hidden: set[str] = set()
        self._hidden_tables: set[str] = set()
        for root in roots:
            for node in root.iter() if root is not None else ():
                if name(node) == "text:list-style":
                    self._lists[attribute(node, "style:name") or ""] = _levels(node)
                elif name(node) == "style:style":
                    self._take_style(node)

    def label(self, style: str | None, depth: int, number: int) -> str:
        """Return what stands before the item ``number`` (from 1) of a list at ``depth``."""
        level = self._lists.get(style or "", {}).get(depth)
        if level is None:
            return ""
        counted = formatted(level.start + number - 1, level.counting)
        return f"{level.prefix}{counted}{level.suffix}"

    def is_hidden(self, style: str | None) -> bool:
        """Whether text in this style is not displayed."""
        return style in self._hidden

    def is_hidden_table(self, style: str | None) -> bool:
        """Whether a sheet of this style is not displayed."""
        return style in self._hidden_tables

    def _take_style(self, node: Element) -> None:
        identifier = attribute(node, "style:name") or ""
        text = child(node, "style:text-properties")
        table = child(node, "style:table-properties")
        if text is not None and attribute(text, "text:display") == "none":
            self._hidden.add(identifier)
        if table is not None and attribute(table, "table:display") == "false":
            self._hidden_tables.add(identifier)


def _levels(style: Element) -> dict[int, _Level]:
    found = {}
    for node in style:
        counting = _COUNTING.get(attribute(node, "style:num-format") or "")
        if name(node) == "text:list-level-style-number" and counting:
            start = attribute(node, "text:start-value") or "1"
            found[int(attribute(node, "text:level") or "1")] = _Level(
                counting,
                attribute(node, "style:num-prefix") or "",
                attribute(node, "style:num-suffix") or "",
                int(start) if start.isdecimal() and len(start) < 6 else 1,
            )
    return found
