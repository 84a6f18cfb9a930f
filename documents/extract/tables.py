"""Rows of cells as text in which every line says what its values are.

A long table is cut into passages that are found and quoted alone. So each row
repeats the names of its columns, where the table has any: ``City: Oslo | People:
709,000``. Sheets and CSV files are taken apart at blank rows, since people put
several small tables under each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from documents.types import Block, BlockKind, Notice

#: The cells of a row that hold anything, by column.
Row = Mapping[int, str]

#: More cells or characters than these are a database, not something to ask about; the
#: pipeline takes 20 million characters at most.
MAX_CELLS: Final = 1_000_000
MAX_CHARACTERS: Final = 15_000_000

CELL: Final = " | "
_LONG_LABEL: Final = 80
_SAMPLE_ROWS: Final = 50
_NUMERIC_SHARE: Final = 0.8
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]{4}")


@dataclass(slots=True)
class Budget:
    """How many cells and characters may still be read of one file."""

    cells: int = MAX_CELLS
    characters: int = MAX_CHARACTERS

    def take(self, row: Row) -> bool:
        """Take the cells of a row off the budget; ``False`` when it is spent."""
        self.cells -= len(row)
        return self.add(sum(map(len, row.values()))) and not self.is_spent

    def add(self, characters: int) -> bool:
        """Take characters off the budget; ``False`` when there are none left."""
        self.characters -= characters
        return self.characters >= 0

    @property
    def is_spent(self) -> bool:
        """Whether something had to be left out."""
        return self.cells < 0 or self.characters < 0

    def notice(self) -> Notice | None:
        """Return what to tell the reader when something was left out."""
        if not self.is_spent:
            return None
        return Notice(
            "partly_read",
            f"Only the beginning was read: {MAX_CELLS:,} cells or {MAX_CHARACTERS:,} characters"
            " are the most.",
        )


def one_line(text: str) -> str:
    """Return a cell's text on one line."""
    return " ".join(text.split())


def filled(cells: Iterable[str]) -> dict[int, str]:
    """Return the cells that hold anything, by column, each on one line."""
    lines = ((column, one_line(text)) for column, text in enumerate(cells))
    return {column: text for column, text in lines if text}


def table_block(rows: Sequence[Row], *, has_header: bool = False) -> Block | None:
    """Return one table; with ``has_header`` its first row names the columns."""
    lines = [_bare(row) for row in (rows[:1] if has_header else rows)]
    lines += _lines(rows[1:], rows[0], Budget()) if has_header and rows else []
    text = "\n".join(line for line in lines if line)
    return Block(text, BlockKind.TABLE) if text else None


def sheet_blocks(rows: Iterable[Row], budget: Budget, *, is_list: bool = False) -> Iterator[Block]:
    """Yield the blocks of a sheet whose rows may hold several tables and captions.

    ``is_list`` says that the first row of a table is its header wherever it may be
    one (a CSV file); in a sheet, two columns of words may as well be pairs.
    """
    header: Row = {}
    for region in _regions(_within(rows, budget)):
        at = next((index for index, row in enumerate(region) if len(row) > 1), len(region))
        for row in region[:at]:
            yield Block(_bare(row))
        table = region[at:]
        if not table:
            continue
        is_new = looks_like_header(table[0], table[1:], is_list=is_list)
        if is_new:
            header = table[0]
        elif not all(column in header for row in table for column in row):
            header = {}
        lines = list(_lines(table[1:] if is_new else table, header, budget))
        yield Block("\n".join([_bare(header), *lines] if is_new else lines), BlockKind.TABLE)


def _within(rows: Iterable[Row], budget: Budget) -> Iterator[Row]:
    """Yield rows as long as the budget suffices for them."""
    for row in rows:
        if not budget.take(row):
            return
        yield row


def _regions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the runs of rows between blank ones."""
    region: list[Row] = []
    for row in rows:
        if row:
            region.append(row)
        elif region:
            yield region
            region = []
    if region:
        yield region


def _lines(rows: Iterable[Row], header: Row, budget: Budget) -> Iterator[str]:
    """Yield the rows with the names of their columns, which count as characters too."""
    labels = {column: text.rstrip(": ") for column, text in header.items()}
    labels = {column: text for column, text in labels.items() if len(text) <= _LONG_LABEL}
    for row in rows:
        line = _labelled(row, labels) if labels and len(row) > 1 else _bare(row)
        if not budget.add(len(line) - sum(map(len, row.values()))):
            return
        yield line


def _bare(row: Row) -> str:
    return CELL.join(text for _, text in sorted(row.items()))


def _labelled(row: Row, labels: Row) -> str:
    return CELL.join(
        f"{labels[column]}: {text}" if labels.get(column) else text
        for column, text in sorted(row.items())
    )


def looks_like_header(row: Row, below: Sequence[Row], *, is_list: bool) -> bool:
    """Whether a row names the columns of the rows below it."""
    if len(row) < 2 or not below or not all(_is_name(text) for text in row.values()):
        return False
    if not _LETTER.search(row[min(row)]) or 2 * len(set(row.values())) < len(row):
        return False
    sample = below[:_SAMPLE_ROWS]
    if 2 * len(row) < max(map(len, sample)):
        return False
    columns = {column for one in (row, *sample) for column in one}
    return (
        is_list
        or len(columns) > 2
        or any(_is_numeric([one.get(column, "") for one in sample]) for column in columns)
    )


def _is_name(text: str) -> bool:
    return len(text) <= 2 * _LONG_LABEL and bool(_LETTER.search(text) or _YEAR.fullmatch(text))


def _is_numeric(column: Sequence[str]) -> bool:
    texts = [text for text in column if text]
    numbers = sum(not _WORD.search(text) and any(map(str.isdigit, text)) for text in texts)
    return bool(texts) and numbers >= _NUMERIC_SHARE * len(texts)
