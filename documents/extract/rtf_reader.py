"""Reads the groups and control words of an RTF file, one after the other.

Every group inherits the state of the one around it and gives it back at its end.
Destinations decide where text goes: into a story, into the properties, or nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from documents.errors import TooComplex
from documents.extract.docx_symbols import character
from documents.extract.rtf_story import Paragraph, Story
from documents.extract.rtf_text import (
    CHARACTERS,
    DECLARED,
    MARGINS,
    SHOWN_IF_STARRED,
    SKIPPED,
    SYMBOL_CHARSET,
    SYMBOLS,
    charset_codec,
    page_codec,
)
from documents.types import Block, BlockKind

_TOKEN: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)",
    re.DOTALL,
)
_HEADING: Final = re.compile(r"heading ([1-9])\b", re.IGNORECASE)
_MAX_DEPTH: Final = 5_000
_TIMES: Final = frozenset({"creatim", "revtim"})
_TIME_PARTS: Final = frozenset({"yr", "mo", "dy", "hr", "min"})
_NOWHERE: Final = "nowhere"
_TEXT: Final = "text"


@dataclass(slots=True)
class _Font:
    charset: int = 0
    name: str = ""


@dataclass(slots=True)
class _State:
    """What holds inside a group. ``goes`` is where text goes: a story, or a named place."""

    story: Story
    paragraph: Paragraph = field(default_factory=Paragraph)
    goes: str = _TEXT
    font: int = -1
    hidden: bool = False
    skip: int = 1
    starred: bool = False

    def inner(self) -> _State:
        """Return the state in which a group inside this one begins."""
        return _State(
            self.story, self.paragraph, self.goes, self.font, self.hidden, self.skip, starred=False
        )


@dataclass(slots=True)
class Document:
    """What was read of one file."""

    blocks: list[Block] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    info: dict[str, str] = field(default_factory=dict)
    times: dict[str, dict[str, int]] = field(default_factory=dict)
    hidden: bool = False


def read_rtf(data: bytes) -> Document:
    """Return the text and the properties of an RTF file; ``TooComplex`` past the nesting limit."""
    return _Reader().read(data)


class _Reader:
    def __init__(self) -> None:
        self._document = Document()
        self._state = _State(Story())
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, _Font] = {}
        self._default_font = -1
        self._levels: dict[int, int] = {}
        self._pending = bytearray()
        self._to_skip = 0
        self._author = ""
        self._words: dict[str, Callable[[int | None], None]] = {
            "par": lambda _: self._end_paragraph(),
            "sect": lambda _: self._end_paragraph(),
            "page": lambda _: self._end_paragraph(),
            "pard": lambda _: self._reset(),
            "cell": lambda _: self._in_story(Story.end_cell),
            "nestcell": lambda _: self._say(" "),
            "row": lambda _: self._in_story(Story.end_row),
            "intbl": lambda _: setattr(self._state.paragraph, "in_table", True),
            "s": lambda number: setattr(self._state.paragraph, "style", number or 0),
            "outlinelevel": self._outline,
            "u": self._unicode,
            "uc": lambda number: setattr(self._state, "skip", max(0, min(number or 0, 16))),
            "f": self._font,
            "fcharset": self._charset,
            "deff": lambda number: setattr(self, "_default_font", number or 0),
            "ansicpg": lambda number: setattr(self, "_codec", page_codec(number or 1252)),
            "plain": lambda _: self._plain(),
            "v": lambda number: setattr(self._state, "hidden", number != 0),
            "deleted": lambda number: self._delete(number != 0),
        }

    def read(self, data: bytes) -> Document:
        """Go through all tokens, then close what is open."""
        at, end = 0, len(data)
        while at < end and (match := _TOKEN.match(data, at)):
            at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if word is not None:
                self._flush(keep=word == b"u")
                count = int(number) if number is not None else None
                if word == b"bin":
                    at += max(0, count or 0)
                else:
                    self._word(word.decode("ascii"), count)
            elif code is not None:
                self._bytes(bytes([int(code, 16)]))
            elif text is not None:
                self._bytes(text)
            elif sign is not None:
                self._sign(sign)
            elif brace is not None:
                self._brace(brace)
                if not self._stack:
                    break
        self._flush()
        self._document.blocks = self._body().finish()
        return self._document

    def _body(self) -> Story:
        return self._stack[0].story if self._stack else self._state.story

    # --- groups

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._to_skip = 0
        if brace == b"{":
            if len(self._stack) >= _MAX_DEPTH:
                raise TooComplex
            self._stack.append(self._state)
            self._state = self._state.inner()
        elif self._stack:
            inner, self._state = self._state, self._stack.pop()
            if inner.story is not self._state.story:
                self._close(inner)

    def _close(self, inner: _State) -> None:
        """Put a note after its paragraph, a header or footer at the end."""
        text = "\n".join(block.text for block in inner.story.finish())
        if inner.goes == "margin":
            self._document.margins.append(text)
        elif text and inner.goes == "annotation":
            said = f"Comment by {self._author}: {text}" if self._author else text
            self._state.story.attach(Block(said, BlockKind.NOTE))
            self._author = ""
        elif text:
            self._state.story.attach(Block(text, BlockKind.NOTE))

    def _word(self, word: str, number: int | None) -> None:
        if self._state.goes == _NOWHERE and word != "ud":
            return
        if self._destination(word):
            return
        if self._state.starred and word not in SHOWN_IF_STARRED:
            self._state.goes, self._state.starred = _NOWHERE, False
        elif word in CHARACTERS:
            self._say(CHARACTERS[word])
        elif handler := self._words.get(word):
            self._to_skip = 0
            handler(number)
        elif word in DECLARED:
            self._codec = DECLARED[word]
        elif word in _TIME_PARTS and self._state.goes in _TIMES:
            self._document.times.setdefault(self._state.goes, {})[word] = number or 0

    def _destination(self, word: str) -> bool:
        """Follow a word that says where the text of its group goes; return whether it does."""
        state = self._state
        if word in SKIPPED and word not in _TIMES:
            state.goes = _NOWHERE
        elif word in ("footnote", "annotation"):
            state.goes, state.starred = word, False
            state.story, state.paragraph = Story(), Paragraph()
        elif word in MARGINS:
            state.goes, state.story, state.paragraph = "margin", Story(), Paragraph()
        elif (
            word in ("title", "author", "fonttbl", "stylesheet", "atnauthor", "info")
            or word in _TIMES
        ):
            state.goes, state.starred = word, False
        elif word in ("listtext", "pntext"):
            state.story.is_item = state.goes not in (_NOWHERE, "stylesheet")
        elif word == "upr":
            state.goes = _NOWHERE
        elif word == "ud":
            state.goes, state.starred = self._around_upr(), False
        elif word == "shpinst":
            state.starred = False
        elif word == "shptxt":
            state.goes, state.story, state.paragraph = "footnote", Story(), Paragraph()
        else:
            return False
        return True

    def _around_upr(self) -> str:
        """Return where text went before the group that says it twice."""
        return next((s.goes for s in reversed(self._stack) if s.goes != _NOWHERE), _TEXT)

    # --- words

    def _in_story(self, end: Callable[[Story], None]) -> None:
        if self._is_shown():
            end(self._state.story)

    def _end_paragraph(self) -> None:
        if self._is_shown():
            level = self._state.paragraph.level or self._levels.get(self._state.paragraph.style, 0)
            self._state.story.end_paragraph(level, in_table=self._state.paragraph.in_table)

    def _reset(self) -> None:
        if self._state.goes != "stylesheet":
            self._state.paragraph.reset()

    def _outline(self, number: int | None) -> None:
        level = (number or 0) + 1
        if level > 9:  # 9 means body text
            level = 0
        if self._state.goes == "stylesheet":
            self._levels.setdefault(self._state.paragraph.style, level)
        else:
            self._state.paragraph.level = level

    def _plain(self) -> None:
        self._state.hidden = False
        self._state.font = self._default_font

    def _delete(self, deleted: bool) -> None:
        if deleted:
            self._state.goes = _NOWHERE

    def _font(self, number: int | None) -> None:
        self._state.font = number or 0
        if self._state.goes == "fonttbl":
            self._fonts.setdefault(self._state.font, _Font())

    def _charset(self, number: int | None) -> None:
        if self._state.goes == "fonttbl" and self._state.font in self._fonts:
            self._fonts[self._state.font].charset = number or 0

    def _unicode(self, number: int | None) -> None:
        self._flush()
        code = (number or 0) % 0x10000 if (number or 0) < 0 else number or 0
        if 0 < code < 0x110000:
            font = self._fonts.get(self._state.font, _Font())
            is_symbol = font.charset == SYMBOL_CHARSET and 0xF000 <= code < 0xF100
            self._say(character(code, font.name) if is_symbol else chr(code))
        self._to_skip = self._state.skip

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._state.starred = True
            return
        self._flush()
        if self._to_skip:
            self._to_skip -= 1
        elif sign in b"\r\n":
            self._end_paragraph()
        else:
            self._say(SYMBOLS.get(sign.decode("latin-1"), ""))

    # --- text

    def _bytes(self, data: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            data = data[skipped:]
        self._pending += data

    def _flush(self, *, keep: bool = False) -> None:
        """Decode the bytes gathered so far by the font they are in."""
        if not keep:
            self._to_skip = 0
        if not self._pending:
            return
        data, self._pending = bytes(self._pending), bytearray()
        font = self._fonts.get(self._state.font, _Font())
        if font.charset == SYMBOL_CHARSET and self._state.goes != "fonttbl":
            self._say("".join(character(code, font.name) for code in data))
        else:
            self._say(data.decode(charset_codec(font.charset, self._codec), "replace"))

    def _say(self, text: str) -> None:
        match self._state.goes:
            case "title" | "author":
                known = self._document.info.get(self._state.goes, "")
                self._document.info[self._state.goes] = (known + text)[:2_000]
            case "atnauthor":
                self._author += text[:200]
            case "fonttbl":
                self._fonts.setdefault(self._state.font, _Font()).name += text[:100].strip("; ")
            case "stylesheet":
                self._style_name(text)
            case _ if self._is_shown():
                if self._state.hidden:
                    self._document.hidden = self._document.hidden or bool(text.strip())
                else:
                    self._state.story.say(text)

    def _style_name(self, text: str) -> None:
        if found := _HEADING.search(text):
            self._levels.setdefault(self._state.paragraph.style, int(found[1]))
        if text.rstrip().endswith(";"):
            self._state.paragraph.reset()

    def _is_shown(self) -> bool:
        return self._state.goes in (_TEXT, "footnote", "annotation", "margin")
