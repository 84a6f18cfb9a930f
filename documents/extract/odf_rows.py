"""Rows of an OpenDocument table, through their groups, and how often one stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from documents.extract.ooxml import Element, attribute, name

#: Values that repeat are written out so often at most; blank rows once.
MAX_ALIKE: Final = 1_000
_GROUPS: Final = frozenset(
    {"table:table-header-rows", "table:table-rows", "table:table-row-group", "text:soft-page-break"}
)


def table_rows(table: Element) -> Iterator[Element]:
    """Yield the rows of a table through its groups of rows."""
    for node in table:
        if name(node) == "table:table-row":
            yield node
        elif name(node) in _GROUPS:
            yield from table_rows(node)


def repeated(node: Element, wanted: str, limit: int = MAX_ALIKE) -> int:
    """Return how many alike an element stands for, at least 1 and at most ``limit``."""
    count = attribute(node, wanted) or "1"
    return max(1, min(int(count), limit)) if count.isdecimal() and len(count) < 10 else 1
