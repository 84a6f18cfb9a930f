"""HTML by selectolax: blocks of visible text, without the furniture of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.errors import TooComplex
from documents.extract.base import Piece
from documents.extract.decoding import Decoded, decode
from documents.extract.html_walk import body_blocks
from documents.extract.txt import damage_notice
from documents.types import Block, ExtractedPage, FileMetadata, MediaType

#: HTML Living Standard, 4.2.5.4: the label must stand in the first 1,024 bytes;
#: real pages put it later.
_PRESCAN: Final = 8 * 1024
_CHARSET: Final = re.compile(
    rb"""<meta\s[^>]{0,500}?charset\s*=\s*["']?\s*([\w:.-]{2,40})"""
    rb"""|<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{2,40})""",
    re.IGNORECASE,
)

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
#: The parser's time grows with the square of the depth; 10,000 take a third of a second.
_MAX_DEPTH: Final = 10_000
#: Elements that need no end tag, and those of style, which the parser repairs.
_UNCOUNTED: Final = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot"),
        *("option", "a", "b", "big", "code", "em", "font", "i", "s", "small", "strong", "tt", "u"),
    )
)


class HtmlExtractor:
    """Reads HTML files. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.HTML

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield what the head says, then the text of the body."""
        decoded = _decoded(data)
        tree = parse_html(decoded.text)
        yield _metadata(tree)
        if notice := damage_notice(decoded.damaged):
            yield notice
        yield ExtractedPage(None, body_blocks(tree))


def html_blocks(data: bytes, charset: str = "") -> tuple[Block, ...]:
    """Return the blocks of an HTML file in any encoding; ``charset`` as told from outside."""
    text = decode(data, charset).text if charset else _decoded(data).text
    return body_blocks(parse_html(text))


def parse_html(text: str) -> LexborHTMLParser:
    """Return the tree of a page; raise ``TooComplex`` when it is nested absurdly."""
    if _deepest(text) > _MAX_DEPTH:
        raise TooComplex
    return LexborHTMLParser(text.replace("\0", ""))


def _deepest(text: str) -> int:
    """Return about how deep elements are nested, by counting tags."""
    depth = deepest = 0
    for match in _TAG.finditer(text):
        if match[2].lower() not in _UNCOUNTED:
            depth = max(0, depth - 1) if match[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _decoded(data: bytes) -> Decoded:
    found = _CHARSET.search(data[:_PRESCAN])
    return decode(data, (found[1] or found[2]).decode("ascii") if found else "")


def _metadata(tree: LexborHTMLParser) -> FileMetadata:
    title = tree.css_first("head > title")
    values = {_name(meta): _value(meta) for meta in reversed(tree.css("meta"))}
    return FileMetadata(
        title=_one_line(title.text()) if title is not None else values.get("og:title", ""),
        author=values.get("author") or values.get("dc.creator", ""),
        created=_moment(values.get("article:published_time") or values.get("dc.date", "")),
        modified=_moment(values.get("article:modified_time", "")),
    )


def _name(meta: LexborNode) -> str:
    attributes = meta.attributes
    return (attributes.get("name") or attributes.get("property") or "").strip().lower()


def _value(meta: LexborNode) -> str:
    return _one_line(meta.attributes.get("content") or "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
