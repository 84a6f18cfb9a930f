"""Markdown by markdown-it-py: the text as a reader sees it, with its structure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from documents.extract.base import Piece
from documents.extract.decoding import decode
from documents.extract.html import parse_html
from documents.extract.html_walk import body_blocks
from documents.extract.markdown_lines import line_blocks
from documents.extract.txt import damage_notice
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType

#: The parser takes about four seconds a megabyte, and for some input the square of it;
#: longer texts are read line by line.
_MAX_PARSED: Final = 400_000
_MAX_QUOTES: Final = 8
_DEEP_QUOTE: Final = re.compile(rf"^([ \t]*(?:>[ \t]?){{{_MAX_QUOTES}}})(?:>[ \t]?)+", re.MULTILINE)
_FRONT_MATTER: Final = re.compile(
    r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_FIELD: Final = re.compile(
    r"^(title|author)[ \t]*:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_CELL: Final = " | "


class MarkdownExtractor:
    """Reads Markdown files. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.MARKDOWN

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield title and author, then the blocks."""
        decoded = decode(data)
        text = decoded.text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
        matter, body = _front_matter(text)
        blocks = tuple(_blocks(body))
        yield _metadata(matter, blocks)
        if notice := damage_notice(decoded.damaged):
            yield notice
        yield ExtractedPage(None, blocks)


def _front_matter(text: str) -> tuple[str, str]:
    """Return the YAML block at the head, if there is one, and the rest."""
    match = _FRONT_MATTER.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _metadata(matter: str, blocks: Sequence[Block]) -> FileMetadata:
    fields = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(matter)}
    first = next((b.text for b in blocks if b.kind is BlockKind.HEADING and b.level == 1), "")
    title = fields.get("title") or " ".join(first.split())
    return FileMetadata(title=title, author=fields.get("author", ""))


def _blocks(text: str) -> Iterator[Block]:
    if len(text) > _MAX_PARSED:
        yield from line_blocks(text)
        return
    # Nobody quotes that deep; the parser's time grows with the square of the depth.
    shallow = _DEEP_QUOTE.sub(r"\1", text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shallow)
    yield from _Reader(tokens).blocks()


class _Reader:
    """Turns the flat list of tokens into blocks."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._lists = 0
        self._heading = 0
        self._rows: list[list[str]] = []
        self._in_table = False

    def blocks(self) -> Iterator[Block]:
        for token in self._tokens:
            if token.type == "inline":
                yield from self._inline(_plain(token))
            elif token.type in ("fence", "code_block"):
                yield from _block(token.content.strip("\n"), BlockKind.CODE)
            elif token.type == "html_block":
                yield from body_blocks(parse_html(token.content))
            else:
                yield from self._structure(token)

    def _structure(self, token: Token) -> Iterator[Block]:
        match token.type:
            case "heading_open":
                self._heading = int(token.tag[1:])
            case "heading_close":
                self._heading = 0
            case "list_item_open" | "list_item_close":
                self._lists += token.nesting
            case "table_open":
                self._in_table, self._rows = True, []
            case "tr_open":
                self._rows.append([])
            case "table_close":
                self._in_table = False
                lines = (_CELL.join(row).strip(" |") for row in self._rows)
                yield from _block("\n".join(line for line in lines if line), BlockKind.TABLE)
            case _:
                pass

    def _inline(self, text: str) -> Iterator[Block]:
        if self._in_table:
            self._rows[-1].append(text.replace("\n", " "))
        elif self._heading:
            yield from _block(text, BlockKind.HEADING, self._heading)
        else:
            yield from _block(text, BlockKind.LIST_ITEM if self._lists else BlockKind.PARAGRAPH)


def _block(text: str, kind: BlockKind, level: int = 0) -> Iterator[Block]:
    if text.strip():
        yield Block(text, kind, level)


def _plain(token: Token) -> str:
    """Return inline content as read: no marks, link texts, alternative texts."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or child.content.lower().startswith("<br"):
            parts.append("\n")
    return "".join(parts).strip()
