"""From the body of a Word document to blocks of text.

One walk for all stories (body, notes, headers, text boxes): block elements make
blocks, inline elements add to the paragraph, and whatever hangs on a paragraph
(text boxes, notes, comments) follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from documents.extract.docx_fields import Field, shown_without_result
from documents.extract.docx_numbering import Numbering
from documents.extract.docx_styles import Styles, is_invisible, numbered
from documents.extract.docx_symbols import symbol
from documents.extract.docx_table import Rows, table_blocks
from documents.extract.ooxml import Element, attribute, child, is_on, name, value_of
from documents.extract.pictures import picture_text
from documents.types import Block, BlockKind

_GONE: Final = frozenset({"w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sdtPr", "w:sdtEndPr", "w:rt"})
_VML_SHAPES: Final = ("v:shape", "v:rect", "v:roundrect", "v:oval", "v:image", "v:group")
_LITERAL: Final = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
}


class Parts(Protocol):
    """What the walk asks of the package, by relationship or note id."""

    def note(self, kind: str, identifier: str) -> Element | None:
        """Return a footnote, endnote or comment not given before."""

    def drawn(self, relation: str) -> Iterable[str]:
        """Return the texts of a chart or a diagram."""

    def embedded(self, relation: str) -> Iterable[Block]:
        """Return the blocks of a file in another format that the document embeds."""


class Walk:
    """Reads the stories of one document, in order: automatic numbers go on counting."""

    def __init__(self, styles: Styles, numbering: Numbering, parts: Parts) -> None:
        self.hidden = False
        self.invisible = False
        self._styles = styles
        self._numbering = numbering
        self._parts = parts
        self._text: list[str] = []
        self._attached: list[Block] = []
        self._fields: list[Field] = []
        self._described = ""
        self._hides: list[bool] = [False]
        self._on_ground = True
        self._ignore_fields = False
        self._inline_by_name: dict[str, Callable[[Element], None]] = {
            "w:r": self._run,
            "w:t": self._literal_text,
            "w:sym": lambda node: self._say(symbol(node)),
            "w:instrText": self._instruction,
            "w:fldChar": self._field,
            "w:fldSimple": self._simple_field,
            "docPr": self._picture,
            "cNvPr": self._picture,
            **dict.fromkeys(_VML_SHAPES, self._vml_shape),
            "w:footnoteReference": lambda node: self._note("footnote", node),
            "w:endnoteReference": lambda node: self._note("endnote", node),
            "w:commentReference": lambda node: self._note("comment", node),
            "w:txbxContent": self._text_box,
            "w:tbl": self._inline_table,
            "a:p": self._drawing_paragraph,
            "v:textpath": lambda node: self._attach(node.get("string") or ""),
            "c:chart": lambda node: self._drawn(attribute(node, "r:id")),
            "cx:chart": lambda node: self._drawn(attribute(node, "r:id")),
            "dgm:relIds": lambda node: self._drawn(attribute(node, "r:dm")),
            "mc:AlternateContent": self._alternative,
            "m:f": self._fraction,
            "m:sSup": lambda node: self._script(node, "m:sup", "^"),
            "m:sSub": lambda node: self._script(node, "m:sub", "_"),
            "m:t": self._literal_text,
        }

    def story(self, root: Element) -> list[Block]:
        """Return the blocks of one story."""
        self._fields = []
        blocks = list(self._blocks(root))
        if self._fields and not self._ignore_fields:  # a field without an end swallows the rest
            self._fields, self._ignore_fields = [], True
            blocks = list(self._blocks(root))
            self._ignore_fields = False
        return blocks

    # --- block elements

    def _blocks(self, container: Element) -> Iterator[Block]:
        for node in container:
            kind = name(node)
            if kind == "w:p":
                yield from self._paragraph(node)
            elif kind == "w:tbl":
                yield from table_blocks(self._rows(node))
            elif kind == "w:altChunk":
                yield from self._parts.embedded(attribute(node, "r:id") or "")
            elif kind == "mc:AlternateContent":
                yield from self._alternative_blocks(node)
            elif kind not in _GONE:
                loose = any(name(inner) == "w:r" for inner in node)
                yield from self._paragraph(node) if loose else self._blocks(node)

    def _alternative_blocks(self, node: Element) -> list[Block]:
        for choice in node:
            if blocks := list(self._blocks(choice)):
                return blocks
        return []

    def _paragraph(self, node: Element) -> Iterator[Block]:
        properties = child(node, "w:pPr")
        style = value_of(properties, "w:pStyle") or self._styles.default
        outer = self._text, self._attached
        self._text, self._attached = [], []
        self._hides.append(self._styles.is_hidden(style))
        self._inline(node)
        self._hides.pop()
        text, attached = "".join(self._text).strip(), self._attached
        self._text, self._attached = outer
        yield from self._block(text, properties, style)
        yield from attached

    def _block(self, text: str, properties: Element | None, style: str | None) -> Iterator[Block]:
        if not text:
            return
        member = numbered(properties) or self._styles.numbered(style)
        if member is not None and member.number is None and (base := self._styles.numbered(style)):
            member = type(member)(base.number, member.depth)
        label = self._numbering.label(member, style) if member is not None else None
        labelled = f"{label} {text}" if label else text
        level = self._styles.heading_level(properties, style)
        if level:
            yield Block(labelled, BlockKind.HEADING, level)
        else:
            kind = BlockKind.PARAGRAPH if label is None else BlockKind.LIST_ITEM
            yield Block(labelled, kind)

    def _rows(self, table: Element) -> Rows:
        for row in _parts_of(table, "w:tr"):
            properties = child(row, "w:trPr")
            if properties is None or child(properties, "w:del") is None:
                yield [self._shaded(cell) for cell in _parts_of(row, "w:tc")]

    def _shaded(self, node: Element) -> list[Block]:
        """Return the blocks of a cell or box, which may have a colour of its own."""
        before, self._on_ground = self._on_ground, False
        blocks = list(self._blocks(node))
        self._on_ground = before
        return blocks

    # --- inline elements

    def _inline(self, container: Element) -> None:
        for node in container:
            kind = name(node)
            if kind in _LITERAL:
                self._say(_LITERAL[kind])
            elif handler := self._inline_by_name.get(kind):
                handler(node)
            elif kind not in _GONE and len(node):
                self._inline(node)

    def _run(self, node: Element) -> None:
        properties = child(node, "w:rPr")
        hidden = is_on(properties, "w:vanish")
        if hidden is None:
            style = value_of(properties, "w:rStyle")
            hidden = self._hides[-1] or (style is not None and self._styles.is_hidden(style))
        if properties is not None and self._on_ground and is_invisible(properties):
            self.invisible = True
        self._hides.append(hidden)
        self._inline(node)
        self._hides.pop()

    def _say(self, text: str) -> None:
        """Add to the paragraph, unless it is hidden or part of a field's code."""
        if self._hides[-1]:
            self.hidden = self.hidden or bool(text.strip())
            return
        code = None
        for open_field in self._fields:
            code = open_field.code if open_field.in_code else code
            open_field.has_result = open_field.has_result or bool(
                text.strip() and not open_field.in_code
            )
        if code is None or self._ignore_fields:
            self._text.append(text)
        else:
            code.append(text)

    def _literal_text(self, node: Element) -> None:
        self._say(node.text or "")

    def _field(self, node: Element) -> None:
        """Follow ``w:fldChar``: code until ``separate``, result until ``end``."""
        match attribute(node, "w:fldCharType"):
            case "begin":
                self._fields.append(Field(form=child(node, "w:ffData")))
            case "separate" if self._fields:
                self._fields[-1].in_code = False
            case "end" if self._fields:
                shown = self._fields.pop().shown()
                self._say(shown if not self._ignore_fields else "")
            case _:
                pass

    def _instruction(self, node: Element) -> None:
        """Keep a field's code with the field; it is never text of the document."""
        if self._fields and self._fields[-1].in_code:
            self._fields[-1].code.append(node.text or "")

    def _simple_field(self, node: Element) -> None:
        """Take the result that ``w:fldSimple`` holds, or what it shows without one."""
        before = len(self._text), len(self._attached)
        self._inline(node)
        if (len(self._text), len(self._attached)) == before:
            self._say(shown_without_result(attribute(node, "w:instr") or ""))

    def _picture(self, node: Element) -> None:
        """Attach the alternative text of a drawing, once for the frame and its picture."""
        text = picture_text(node.get("descr"), node.get("title"), node.get("name"))
        if text and text != self._described:
            self._attach(text, BlockKind.NOTE)
        self._described = text or self._described

    def _vml_shape(self, node: Element) -> None:
        self._attach(picture_text(node.get("alt"), node.get("title")), BlockKind.NOTE)
        self._inline(node)

    def _alternative(self, node: Element) -> None:
        """Take the first choice that says anything."""
        before = len(self._text), len(self._attached)
        for choice in node:
            self._inline(choice)
            if (len(self._text), len(self._attached)) != before:
                return

    def _attach(self, text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> None:
        if text.strip() and not self._hides[-1]:
            self._attached.append(Block(text.strip(), kind))

    def _text_box(self, node: Element) -> None:
        fields, self._fields = self._fields, []
        self._attached.extend(self._shaded(node))
        self._fields = fields

    def _inline_table(self, node: Element) -> None:
        self._attached.extend(table_blocks(self._rows(node)))

    def _drawing_paragraph(self, node: Element) -> None:
        self._attach("".join(part.text or "" for part in node.iter() if name(part) == "a:t"))

    def _drawn(self, relation: str | None) -> None:
        self._attach("\n".join(self._parts.drawn(relation or "")))

    def _note(self, kind: str, node: Element) -> None:
        if self._hides[-1]:
            return
        note = self._parts.note(kind, attribute(node, "w:id") or "")
        if note is None:
            return
        fields, self._fields = self._fields, []
        text = "\n".join(block.text for block in self._blocks(note))
        self._fields = fields
        author = attribute(note, "w:author") if kind == "comment" else None
        self._attach(f"Comment by {author}: {text}" if author and text else text, BlockKind.NOTE)

    def _fraction(self, node: Element) -> None:
        for part, mark in (("m:num", "/"), ("m:den", "")):
            self._grouped(child(node, part))
            self._say(mark)

    def _script(self, node: Element, part: str, mark: str) -> None:
        self._grouped(child(node, "m:e"))
        self._say(mark)
        self._grouped(child(node, part))

    def _grouped(self, node: Element | None) -> None:
        """Say a part of a formula, in brackets when it is longer than a sign."""
        if node is None:
            return
        begin = len(self._text)
        self._inline(node)
        said = "".join(self._text[begin:])
        if len(said) > 1 and not said.isalnum():
            self._text[begin:] = ["(", said, ")"]


def _parts_of(container: Element, wanted: str) -> Iterator[Element]:
    """Yield rows of a table or cells of a row, through content controls and the like."""
    for node in container:
        kind = name(node)
        if kind == wanted:
            yield node
        elif kind not in _GONE and kind not in ("w:tblPr", "w:trPr", "w:tc", "w:tr"):
            yield from _parts_of(node, wanted)
