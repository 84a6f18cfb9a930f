"""Automatic numbers of a Word document: ``4.2``, ``(a)``, ``iv``.

They are not in the text, yet people cite by them. See ISO/IEC 29500-1, 17.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from documents.extract.docx_styles import Numbered
from documents.extract.ooxml import Element, attribute, child, name, value_of

_DEPTHS: Final = 9
_PLACEHOLDER: Final = re.compile(r"%([1-9])")
_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN: Final = 4000
_SILENT: Final = frozenset({"bullet", "none"})


@dataclass(frozen=True, slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1
    style: str | None = None


@dataclass(slots=True)
class _List:
    """A definition with its counters, which all lists made from it share."""

    levels: dict[int, _Level] = field(default_factory=dict)
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the paragraphs of one document; ``root`` is ``w:numbering`` or ``None``."""

    def __init__(self, root: Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._numbers: dict[str, tuple[str, dict[int, int]]] = {}
        self._begun: set[str] = set()
        for node in root if root is not None else ():
            if name(node) == "w:abstractNum":
                self._lists[attribute(node, "w:abstractNumId") or ""] = _List(_levels(node))
            elif name(node) == "w:num":
                number = attribute(node, "w:numId") or ""
                self._numbers[number] = (value_of(node, "w:abstractNumId") or "", _restarts(node))

    def label(self, numbered: Numbered, style: str | None) -> str | None:
        """Count one paragraph and return its number as printed.

        An empty string for a bullet, ``None`` when it is in no list at all.
        """
        number = numbered.number or ""
        if number not in self._numbers:
            return None
        abstract, restarts = self._numbers[number]
        found = self._lists.get(abstract)
        if found is None:
            return None
        depth = _depth(numbered, found, style)
        if number not in self._begun:
            self._begun.add(number)
            for restarted, start in restarts.items():
                found.counters[restarted] = start - 1
        return _count(found, depth)


def _depth(numbered: Numbered, found: _List, style: str | None) -> int:
    if numbered.depth is not None:
        return min(numbered.depth, _DEPTHS - 1)
    return next((d for d, level in found.levels.items() if style and level.style == style), 0)


def _count(found: _List, depth: int) -> str:
    level = found.levels.get(depth, _Level())
    found.counters[depth] = found.counters.get(depth, level.start - 1) + 1
    for deeper in range(depth + 1, _DEPTHS):
        found.counters.pop(deeper, None)
    if level.format in _SILENT:
        return ""
    return _PLACEHOLDER.sub(lambda match: _part(found, int(match[1]) - 1), level.text).strip()


def _part(found: _List, depth: int) -> str:
    level = found.levels.get(depth, _Level())
    return formatted(found.counters.get(depth, level.start), level.format)


def formatted(number: int, style: str) -> str:
    """Return a number in one of Word's formats; decimal for those not known."""
    if style in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * min(20, (number - 1) // 26 + 1)
        return letter.upper() if style == "upperLetter" else letter
    if style in ("lowerRoman", "upperRoman") and 0 < number < _MAX_ROMAN:
        return _roman(number).upper() if style == "upperRoman" else _roman(number)
    return f"{number:02d}" if style == "decimalZero" else str(number)


def _roman(number: int) -> str:
    parts = []
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        parts.append(letters * count)
    return "".join(parts)


def _levels(node: Element) -> dict[int, _Level]:
    return {
        _integer(attribute(level, "w:ilvl"), 0): _Level(
            format=value_of(level, "w:numFmt") or "decimal",
            text=value_of(level, "w:lvlText") or "",
            start=_integer(value_of(level, "w:start"), 1),
            style=value_of(level, "w:pStyle"),
        )
        for level in node
        if name(level) == "w:lvl"
    }


def _restarts(number: Element) -> dict[int, int]:
    return {
        _integer(attribute(node, "w:ilvl"), 0): _integer(value_of(node, "w:startOverride"), 1)
        for node in number
        if name(node) == "w:lvlOverride" and child(node, "w:startOverride") is not None
    }


def _integer(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 8 else default
