"""From the body of an OpenDocument file to blocks of text.

Block elements make blocks, inline elements add to the paragraph, and what hangs
on a paragraph (notes, comments, frames) follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from documents.extract.docx_table import Rows, cell_text, table_blocks
from documents.extract.odf_rows import repeated, table_rows
from documents.extract.odf_styles import Styles
from documents.extract.ooxml import Element, all_text, attribute, child, name
from documents.extract.pictures import picture_text
from documents.extract.tables import filled, looks_like_header, table_block
from documents.types import Block, BlockKind

#: Not text of the document: what was deleted, declarations, forms, pictures' data, readings.
_GONE: Final = frozenset(
    (
        *("text:tracked-changes", "office:forms", "office:binary-data", "text:ruby-text"),
        *("text:sequence-decls", "text:variable-decls", "text:user-field-decls", "table:shapes"),
        *("text:note-citation", "svg:title", "svg:desc", "presentation:notes", "dc:creator"),
        *("dc:date", "meta:creator-initials", "meta:date-string", "text:page-number"),
        *(
            "text:bibliography-configuration",
            "office:event-listeners",
            "text:alphabetical-index-mark",
        ),
        *("presentation:date-time", "presentation:footer", "presentation:header"),
    )
)
_FRAMES: Final = frozenset({"draw:frame", "draw:g", "draw:a"})
_SHAPES: Final = (
    *("draw:rect", "draw:custom-shape", "draw:ellipse", "draw:line", "draw:polyline"),
    *(
        "draw:polygon",
        "draw:path",
        "draw:circle",
        "draw:connector",
        "draw:caption",
        "draw:regular-polygon",
    ),
)
#: Only a short cell repeats, and not more often: tables may lie inside each other.
_VALUE: Final = 50
_MAX_SPACES: Final = 200
_MAX_DEPTH: Final = 400


class Walk:
    """Reads parts of one document. ``hidden`` tells whether something was left out as such."""

    def __init__(self, styles: Styles) -> None:
        self.hidden = False
        self._styles = styles
        self._text: list[str] = []
        self._attached: list[Block] = []
        self._depth = 0

    def blocks(self, container: Element) -> list[Block]:
        """Return the blocks of what is inside ``container``."""
        return list(self._inside(container))

    def blocks_of(self, node: Element) -> list[Block]:
        """Return the blocks of an element itself."""
        return list(self._block(node))

    def _inside(self, container: Element) -> Iterator[Block]:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise RecursionError
        for node in container:
            yield from self._block(node)
        self._depth -= 1

    def _block(self, node: Element) -> Iterator[Block]:
        kind = name(node)
        match kind:
            case "text:p" | "text:h":
                yield from self._paragraph(node)
            case "text:list":
                yield from self._list(node, 1, None)
            case "table:table":
                yield from self._table(node)
            case "office:annotation":
                yield from self._comment(node)
            case "text:section" if attribute(node, "text:display") == "none":
                self.hidden = True
            case _ if kind in _FRAMES:
                yield from self._frame(node)
            case _ if kind not in _GONE:
                yield from self._inside(node)

    def _paragraph(
        self, node: Element, label: str = "", *, in_list: bool = False
    ) -> Iterator[Block]:
        outer = self._text, self._attached
        self._text, self._attached = [], []
        if self._styles.is_hidden(attribute(node, "text:style-name")):
            self.hidden = True
        else:
            self._text.append(node.text or "")
            self._inline(node)
        text, attached = "".join(self._text).strip(), self._attached
        self._text, self._attached = outer
        if text:
            yield _made(node, f"{label} {text}" if label else text, in_list=in_list)
        yield from attached

    def _list(self, node: Element, depth: int, style: str | None) -> Iterator[Block]:
        style = attribute(node, "text:style-name") or style
        number = 0
        for item in node:
            if name(item) not in ("text:list-item", "text:list-header"):
                continue
            start = attribute(item, "text:start-value") or ""
            number = int(start) if start.isdecimal() and len(start) < 6 else number + 1
            label = (
                self._styles.label(style, depth, number) if name(item) == "text:list-item" else ""
            )
            yield from self._item(item, depth, style, label)

    def _item(self, item: Element, depth: int, style: str | None, label: str) -> Iterator[Block]:
        if depth > _MAX_DEPTH:
            raise RecursionError
        for node in item:
            kind = name(node)
            if kind == "text:list":
                yield from self._list(node, depth + 1, style)
            elif kind in ("text:p", "text:h"):
                yield from self._paragraph(node, label, in_list=True)
                label = ""
            else:
                yield from self._block(node)

    def _table(self, node: Element) -> Iterator[Block]:
        """Yield a table; where it says that it has a header, with that in every row."""
        rows = [list(row) for row in self._rows(node)]
        blocks = list(table_blocks(rows))
        texts = [filled(cell_text(cell) for cell in row) for row in rows]
        if (
            child(node, "table:table-header-rows") is not None
            and any(block.kind is BlockKind.TABLE for block in blocks[:1])
            and looks_like_header(texts[0], texts[1:], is_list=True)
            and (labelled := table_block(texts, has_header=True))
        ):
            blocks[0] = labelled
        yield from blocks

    def _rows(self, table: Element) -> Rows:
        for row in table_rows(table):
            cells = []
            for cell in row:
                if name(cell) == "table:table-cell":
                    blocks = self.blocks(cell)
                    is_value = 0 < sum(len(block.text) for block in blocks) <= _VALUE
                    count = repeated(cell, "table:number-columns-repeated") if is_value else 1
                    cells += [blocks] * min(count, _VALUE)
            yield cells

    def _frame(self, node: Element) -> Iterator[Block]:
        """Yield what a frame holds, or the words that stand for it."""
        found = False
        for block in self._inside(node):
            found = True
            yield block
        text = picture_text(
            all_text(child(node, "svg:desc")),
            all_text(child(node, "svg:title")),
            attribute(node, "draw:name"),
        )
        if text and not found:
            yield Block(text, BlockKind.NOTE)

    def _comment(self, node: Element) -> Iterator[Block]:
        text = "\n".join(block.text for block in self._inside(node))
        creator = child(node, "dc:creator")
        author = (creator.text or "").strip() if creator is not None else ""
        if text:
            yield Block(f"Comment by {author}: {text}" if author else text, BlockKind.NOTE)

    # --- inline elements

    def _inline(self, container: Element) -> None:
        for node in container:
            self._one_inline(node, name(node))
            self._text.append(node.tail or "")

    def _one_inline(self, node: Element, kind: str) -> None:
        match kind:
            case "text:s":
                count = attribute(node, "text:c") or "1"
                self._text.append(" " * min(int(count) if count.isdecimal() else 1, _MAX_SPACES))
            case "text:tab":
                self._text.append("\t")
            case "text:line-break":
                self._text.append("\n")
            case "text:note":
                body = child(node, "text:note-body")
                text = "\n".join(b.text for b in self._apart(body)) if body is not None else ""
                self._attached += [Block(text, BlockKind.NOTE)] if text else []
            case "text:hidden-text" | "text:hidden-paragraph":
                self.hidden = True
            case "office:annotation":
                self._attached += list(self._comment(node))
            case "text:p" | "text:h" | "text:list" | "table:table":
                self._attached += list(self._block(node))
            case _ if kind in _FRAMES or kind in _SHAPES:
                self._attached += list(self._frame(node))
            case _ if kind not in _GONE:
                self._span(node)

    def _span(self, node: Element) -> None:
        if self._styles.is_hidden(attribute(node, "text:style-name")):
            self.hidden = self.hidden or bool(all_text(node).strip())
            return
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise RecursionError
        self._text.append(node.text or "")
        self._inline(node)
        self._depth -= 1

    def _apart(self, body: Element) -> list[Block]:
        """Return the blocks of something inside a paragraph that is a story of its own."""
        outer, self._text = self._text, []
        blocks = self.blocks(body)
        self._text = outer
        return blocks


def _made(node: Element, text: str, *, in_list: bool) -> Block:
    if name(node) == "text:h":
        level = attribute(node, "text:outline-level") or "1"
        return Block(
            text, BlockKind.HEADING, max(1, min(9, int(level) if level.isdecimal() else 1))
        )
    return Block(text, BlockKind.LIST_ITEM if in_list else BlockKind.PARAGRAPH)
