"""From a tree of HTML elements to blocks of text.

The walk keeps its place in the tree instead of recursing: pages may be nested
deeper than Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.types import Block, BlockKind

_NAVIGATION: Final = frozenset({"nav"})
_DROPPED: Final = frozenset(
    (
        *("script", "style", "template", "noscript", "svg", "head", "iframe", "object", "embed"),
        *("canvas", "audio", "video", "map", "button", "select", "datalist", "option", "input"),
        *("textarea", "dialog", "nav", "-comment"),
    )
)
_BLOCKS: Final = frozenset(
    (
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "caption",
            "center",
            "dd",
            "details",
        ),
        *(
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
        ),
        *("h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main", "menu", "ol", "p"),
        *("pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_ROLES: Final = frozenset({"navigation", "menu", "menubar", "toolbar", "dialog", "search"})
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_AROUND_BREAK: Final = re.compile(r"[ \t]*\n[ \t]*")
_BREAK: Final = "\x1f"
_CELL: Final = " | "
#: A table with such a cell arranges the page and is no table of values.
_LONG_CELL: Final = 600
_LAYOUT_PARTS: Final = frozenset({"table", "ul", "ol", "pre", "blockquote", *_HEADINGS})


def body_blocks(tree: LexborHTMLParser) -> tuple[Block, ...]:
    """Return the visible blocks; navigation counts where there is nothing else."""
    if tree.root is None:
        return ()
    blocks = _Collector(_DROPPED).collect(tree.root)
    if not blocks:
        blocks = _Collector(_DROPPED - _NAVIGATION).collect(tree.root)
    return tuple(blocks)


class _Collector:
    """Gathers inline text until a block element begins or ends."""

    def __init__(self, dropped: frozenset[str]) -> None:
        self._dropped = dropped
        self._blocks: list[Block] = []
        self._inline: list[str] = []
        self._open: list[str] = []

    def collect(self, root: LexborNode) -> list[Block]:
        """Return the blocks under ``root``, itself included."""
        node: LexborNode | None = root
        going_down = True
        while node is not None:
            child = node.first_child if going_down and self._enter(node) else None
            if child is not None:
                node = child
                continue
            self._leave(node)
            if node.mem_id == root.mem_id:
                break
            following = node.next
            node, going_down = (following, True) if following is not None else (node.parent, False)
        self._flush()
        return self._blocks

    def _enter(self, node: LexborNode) -> bool:
        """Take in a node; return whether to go into it."""
        tag = node.tag or ""
        if node.is_text_node:
            self._inline.append(node.text_content or "")
            return False
        if tag in self._dropped or _is_hidden(node):
            return False
        if tag == "br":
            self._inline.append(_BREAK)
        elif tag == "img":
            self._inline.append(f" {node.attributes.get('alt') or ''} ")
        elif tag in _BLOCKS:
            self._flush()
            self._open.append(tag)
            return not (tag == "table" and self._take_table(node))
        return True

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS and self._open and self._open[-1] == tag:
            self._flush()
            self._open.pop()

    def _flush(self) -> None:
        """Make a block of the inline text gathered so far."""
        if not self._inline:
            return
        kind, level = self._kind()
        raw = "".join(self._inline)
        self._inline.clear()
        text = _preformatted(raw) if kind is BlockKind.CODE else _flowed(raw)
        if text:
            self._blocks.append(Block(text, kind, level))

    def _kind(self) -> tuple[BlockKind, int]:
        """Return what text is here, by the nearest elements around it."""
        for tag in reversed(self._open[-4:]):
            if tag in _HEADINGS:
                return BlockKind.HEADING, _HEADINGS[tag]
            if tag == "pre":
                return BlockKind.CODE, 0
            if tag in ("li", "dd", "dt"):
                return BlockKind.LIST_ITEM, 0
        return BlockKind.PARAGRAPH, 0

    def _take_table(self, table: LexborNode) -> bool:
        """Append a table of values as one block; say no to one that arranges the page."""
        inside = (node for node in table.traverse() if node.mem_id != table.mem_id)
        if any(node.tag in _LAYOUT_PARTS for node in inside):
            return False
        rows = [_row(row, self._dropped) for row in table.css("tr")]
        if all(len(row) < 2 for row in rows) or any(len(c) > _LONG_CELL for r in rows for c in r):
            return False
        if caption := table.css_first("caption"):
            self._inline.append(caption.text())
            self._flush()
        lines = [_CELL.join(row).strip(" |") for row in rows]
        if text := "\n".join(line for line in lines if line):
            self._blocks.append(Block(text, BlockKind.TABLE))
        return True


def _row(row: LexborNode, dropped: frozenset[str]) -> list[str]:
    cells = (cell for cell in row.iter() if cell.tag in ("td", "th"))
    return [_flowed(" ".join(_texts(cell, dropped))).replace("\n", " ") for cell in cells]


def _texts(cell: LexborNode, dropped: frozenset[str]) -> Iterator[str]:
    for block in _Collector(dropped - {"input"}).collect(cell):
        yield block.text


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (attributes.get("role") or "").lower() in _HIDDEN_ROLES
        or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
    )


def _flowed(raw: str) -> str:
    """Return text as a browser sets it: white space folded, breaks where marked."""
    folded = _SPACES.sub(" ", raw).replace(_BREAK, "\n")
    return _AROUND_BREAK.sub("\n", folded).strip()


def _preformatted(raw: str) -> str:
    return raw.replace(_BREAK, "\n").replace("\r\n", "\n").strip("\n")
