"""CSV and its kin: rows of values between commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, Final

from documents.extract.base import Piece
from documents.extract.decoding import decode
from documents.extract.tables import Budget, filled, sheet_blocks
from documents.extract.txt import damage_notice, plain_blocks
from documents.types import Block, BlockKind, ExtractedPage, MediaType

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 64 * 1024
_SAMPLE_ROWS: Final = 200
#: So many rows of a table have as many cells as most of them; prose with commas has not.
_AGREEMENT: Final = 0.6
#: A quote that nobody closed swallows the rows behind it; a real cell has fewer lines.
_MAX_CELL_LINES: Final = 200
_MAX_FIELD: Final = 64 * 1024 * 1024
#: Lines of a single column are items of a list up to this length.
_LONG_LINE: Final = 300


class DelimitedExtractor:
    """Reads tables of plain text. Yields one page without a number."""

    media_type: ClassVar[MediaType] = MediaType.CSV

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the table with its header in every row, or text where it is none."""
        decoded = decode(data)
        if notice := damage_notice(decoded.damaged):
            yield notice
        budget = Budget()
        blocks = tuple(_blocks(decoded.text.replace("\0", ""), budget))
        if notice := budget.notice():
            yield notice
        yield ExtractedPage(None, blocks)


def _blocks(text: str, budget: Budget) -> Iterator[Block]:
    delimiter, text = _declared(text)
    delimiter = delimiter or _delimiter(text)
    if not delimiter:
        yield from _single_column(text)
        return
    quoting = csv.QUOTE_NONE if _has_open_quote(text, delimiter) else csv.QUOTE_MINIMAL
    rows = map(filled, _rows(text, delimiter, quoting))
    yield from sheet_blocks(rows, budget, is_list=True)


def _declared(text: str) -> tuple[str, str]:
    """Return the delimiter of a first line ``sep=;`` as Excel writes it, and the rest."""
    line, _, rest = text.partition("\n")
    head = line.strip().lower()
    return (line.strip()[4], rest) if head.startswith("sep=") and len(head) == 5 else ("", text)


def _delimiter(text: str) -> str:
    """Return what separates the cells, an empty string where nothing does.

    That is the character by which most rows have the same number of cells, and
    at least two; of several, the one that makes the most cells.
    """
    sample = text[:_SAMPLE].rpartition("\n")[0] if len(text) > _SAMPLE else text
    is_prose = 2 * sample.count(", ") > sample.count(",")
    best, most = "", 0.0
    for delimiter in _DELIMITERS:
        found = _rows(sample, delimiter, csv.QUOTE_MINIMAL)
        counts = Counter(len(row) for row in islice(found, _SAMPLE_ROWS) if any(row))
        total, wide = sum(counts.values()), sum(n for size, n in counts.items() if size > 1)
        if not wide or wide < _AGREEMENT * total:
            continue
        size, same = max(counts.items(), key=lambda item: (item[1], item[0]))
        score = size * same / total
        if is_prose and delimiter == "," and same < total:
            continue
        if size > 1 and (same >= _AGREEMENT * total or total < 5) and score > most:
            best, most = delimiter, score
    return best


def _rows(text: str, delimiter: str, quoting: int) -> Iterator[list[str]]:
    csv.field_size_limit(_MAX_FIELD)
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, skipinitialspace=True)  # type: ignore[arg-type]
    yield from reader


def _has_open_quote(text: str, delimiter: str) -> bool:
    if '"' not in text:
        return False
    rows = _rows(text, delimiter, csv.QUOTE_MINIMAL)
    return any(cell.count("\n") > _MAX_CELL_LINES for row in rows for cell in row)


def _single_column(text: str) -> Iterator[Block]:
    """Yield a list line by line, and anything else as the text it is."""
    lines = [line.strip().strip('"').strip() for line in text.splitlines()]
    if all(0 < len(line) <= _LONG_LINE for line in lines):
        yield Block("\n".join(lines), BlockKind.TABLE)
    else:
        yield from plain_blocks(text)
