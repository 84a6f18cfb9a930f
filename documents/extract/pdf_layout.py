"""From the characters of a PDF page to blocks.

PDFium gives characters in reading order with a line break wherever the line
changes, and nothing about paragraphs. Those are found by what a typesetter
does: more space above, another size, an indent, a bullet.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pypdfium2 import raw

from documents.extract.pdf_rtl import in_reading_order, runs_leftward
from documents.types import Block, BlockKind

#: In multiples of the usual distance between lines, and of the letter height.
_PARAGRAPH_GAP: Final = 1.3
_WIDEST_LEADING: Final = 3.0
_USUAL_LEADING: Final = 1.15
_ENOUGH_LINES: Final = 4
_INDENT: Final = 0.7
_OUTDENT: Final = 0.5
_UPWARDS: Final = -0.5
_SAME_SIZE: Final = 0.12
#: A line that ends this much of the column early is a last line.
_SHORT_LINE: Final = 0.15

_HEADING_SIZES: Final[tuple[tuple[float, int], ...]] = ((1.75, 1), (1.35, 2), (1.13, 3))
_MAX_HEADING: Final = 160
_MAX_HEADING_LINES: Final = 5
_MAX_BOLD_HEADING: Final = 90
_BOLD: Final = 600
_BOLD_LEVEL: Final = 4
_MAX_FONT_NAME: Final = 128

_BULLET: Final = re.compile(r"\s*(?:[•‣▪▫●○■□◦∙➢➤✓✔❖·\uf0b7\uf0a7\uf0d8]|[-–—*]\s)\s*\S")
_NUMBERED: Final = re.compile(
    r"\s*(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d+(?:\.\d+)+\.?)\s+\S"
)
_SENTENCE_END: Final = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*\s*$")
_HEADING_END: Final = re.compile(r"[.,;:。，；]\s*$")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text and its geometry, in points along and across the writing."""

    text: str
    start: float
    end: float
    baseline: float
    size: float
    bold: bool


def read_characters(textpage: Any, count: int) -> str:
    r"""Return the ``count`` characters of a text page, one for each index.

    A hyphen that PDFium found at the end of a line becomes ``\x02``; anything
    else without a meaning becomes ``\0``.
    """
    handle, unicode_at = textpage.raw, raw.FPDFText_GetUnicode
    characters = [chr(unicode_at(handle, index)) for index in range(count)]
    for index, char in enumerate(characters):
        if char == "\x02" and raw.FPDFText_IsHyphen(handle, index) != 1:
            characters[index] = "\0"
    return "".join(characters)


def page_blocks(textpage: Any, text: str, *, headings: bool) -> Iterator[Block]:
    """Yield the blocks of a page whose characters are ``text``.

    ``headings`` says whether to guess headings by size and weight of the type;
    documents with an outline name them better themselves.
    """
    lines = [line for line in _lines(textpage.raw, text) if line.text]
    body = _body_size(lines)
    for group in _groups(lines):
        kind, level = _kind(group, body) if headings else (_list_kind(group), 0)
        yield Block("\n".join(line.text for line in group), kind, level)


def _lines(handle: Any, text: str) -> Iterator[_Line]:
    at = 0
    for part in re.split(r"(\r\n|\r|\n|\x02)", text):
        if part.strip("\0 \t\r\n\x02\xa0"):
            hyphen = "-" if text[at + len(part) : at + len(part) + 1] == "\x02" else ""
            yield _line(handle, part, at, hyphen)
        at += len(part)


def _line(handle: Any, part: str, at: int, hyphen: str) -> _Line:
    inked = [index for index, char in enumerate(part) if not char.isspace() and char != "\0"]
    first, last = at + inked[0], at + inked[-1]
    angle = max(0.0, raw.FPDFText_GetCharAngle(handle, first))
    start, baseline = _placed(handle, first, angle)
    end, _ = _placed(handle, last, angle)
    size = _height(handle, first, angle)
    bold = _is_bold(handle, first) and _is_bold(handle, last)
    text = _in_reading_order(handle, part, at, angle) if runs_leftward(part) else part
    return _Line(
        text.replace("\0", "").rstrip() + hyphen, start, end + size / 2, baseline, size, bold
    )


def _in_reading_order(handle: Any, part: str, at: int, angle: float) -> str:
    places = [_middle(handle, at + index, angle) for index in range(len(part))]
    return in_reading_order(part, places)


def _middle(handle: Any, index: int, angle: float) -> float:
    """Return where the middle of a character stands along its line."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(handle, index, left, right, bottom, top)
    x, y = (left.value + right.value) / 2, (bottom.value + top.value) / 2
    return x * math.cos(angle) + y * math.sin(angle)


def _placed(handle: Any, index: int, angle: float) -> tuple[float, float]:
    """Return where a character stands along its line, and how far down the line is."""
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(handle, index, x, y)
    sine, cosine = math.sin(angle), math.cos(angle)
    return x.value * cosine + y.value * sine, x.value * sine - y.value * cosine


def _height(handle: Any, index: int, angle: float) -> float:
    """Return the height of the font of a character on the page, at least a point."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(handle, index, box)
    upright = abs(math.cos(angle)) > abs(math.sin(angle))
    height = box.top - box.bottom if upright else box.right - box.left
    return max(1.0, abs(height)) if math.isfinite(height) else 1.0


def _is_bold(handle: Any, index: int) -> bool:
    if raw.FPDFText_GetFontWeight(handle, index) >= _BOLD:
        return True
    name = ctypes.create_string_buffer(_MAX_FONT_NAME)
    raw.FPDFText_GetFontInfo(handle, index, name, _MAX_FONT_NAME, ctypes.c_int())
    return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy"))


def _body_size(lines: Sequence[_Line]) -> float:
    """Return the height of type in which most of the page is set; 0 for no lines."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _groups(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Yield runs of lines that belong together."""
    leading = _leading(lines)
    group: list[_Line] = []
    for line in lines:
        if group and _is_break(group, line, leading):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _leading(lines: Sequence[_Line]) -> float:
    """Return the usual distance between lines in multiples of their height."""
    steps = [
        (below.baseline - above.baseline) / above.size for above, below in itertools.pairwise(lines)
    ]
    usual = [step for step in steps if 0.3 < step < _WIDEST_LEADING]
    return statistics.median_low(usual) if len(usual) >= _ENOUGH_LINES else _USUAL_LEADING


def _is_break(group: Sequence[_Line], line: _Line, leading: float) -> bool:
    """Whether ``line`` begins something new after ``group``."""
    above = group[-1]
    step = (line.baseline - above.baseline) / above.size
    if abs(line.size - above.size) > _SAME_SIZE * above.size or line.bold != above.bold:
        return abs(step) > 0.3
    if _BULLET.match(line.text):
        return True
    if step < _UPWARDS:  # the next column or page region: a sentence may go on there
        return _ends(above) or not line.text[:1].islower()
    return step > _PARAGRAPH_GAP * _own_leading(group, leading) or _is_new_start(group, line)


def _is_new_start(group: Sequence[_Line], line: _Line) -> bool:
    """Whether indents and line lengths say that ``line`` begins something new."""
    above = group[-1]
    if _BULLET.match(group[0].text) and line.start < group[0].start - _OUTDENT * line.size:
        return True
    if not _ends(above):
        return False
    if line.start - above.start > _INDENT * line.size or _NUMBERED.match(line.text):
        return True
    right = max(one.end for one in group)
    column = right - min(one.start for one in group)
    return len(group) > 1 and right - above.end > _SHORT_LINE * column


def _own_leading(group: Sequence[_Line], leading: float) -> float:
    """Return the distance that the lines of ``group`` keep, else the page's."""
    if len(group) < 3:
        return leading
    return max(0.8 * leading, (group[2].baseline - group[1].baseline) / group[1].size)


def _ends(line: _Line) -> bool:
    return _SENTENCE_END.search(line.text) is not None


def _kind(group: Sequence[_Line], body: float) -> tuple[BlockKind, int]:
    """Return whether a group is a heading by its looks, and of which level."""
    length = sum(len(line.text) for line in group)
    text = " ".join(line.text for line in group)
    if length > _MAX_HEADING or len(group) > _MAX_HEADING_LINES or not _has_word(text):
        return _list_kind(group), 0
    size = min(line.size for line in group)
    for ratio, level in _HEADING_SIZES:
        if size >= ratio * body and not text.rstrip().endswith((".", ",")):
            return BlockKind.HEADING, level
    marked = all(line.bold for line in group) or (text.isupper() and _is_wordy(text))
    if (
        marked
        and size >= 0.9 * body
        and length <= _MAX_BOLD_HEADING
        and not _HEADING_END.search(text)
    ):
        return BlockKind.HEADING, _BOLD_LEVEL
    return _list_kind(group), 0


def _list_kind(group: Sequence[_Line]) -> BlockKind:
    return BlockKind.LIST_ITEM if _BULLET.match(group[0].text) else BlockKind.PARAGRAPH


def _has_word(text: str) -> bool:
    return re.search(r"[^\W\d_]{2}|[\u3040-\ud7a3]", text) is not None


def _is_wordy(text: str) -> bool:
    """Whether a line in capitals is words rather than codes."""
    letters = sum(char.isalpha() for char in text)
    return letters > 5 and letters > 0.7 * len(text.replace(" ", ""))
