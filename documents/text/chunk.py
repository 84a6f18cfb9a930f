"""Cutting a text into the pieces that are embedded, found and quoted.

A chunk never crosses a page, and begins anew at a heading when the one before
is long enough. Inside, it is filled with whole sentences (rows of a table,
lines of code) up to the size asked for, and shares its last sentences with the
next one. Offsets are exact: ``chunk.text == content[chunk.start:chunk.end]``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from documents.text.cuts import last_cut
from documents.text.sentences import sentence_spans
from documents.types import BlockKind, BlockSpan, ChunkDraft, StructuredText

#: Between the parts of a heading path.
PATH_SEPARATOR = " › "

_HEADING_LENGTH = 120
_BY_LINE = frozenset({BlockKind.TABLE, BlockKind.CODE})


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is not cut any further: a sentence, a row, a line, or a piece of a long one."""

    start: int
    end: int
    page: int | None
    path: tuple[str, ...]
    is_heading: bool
    opens_block: bool


def chunk(structured: StructuredText, *, size: int = 1000, overlap: int = 200) -> list[ChunkDraft]:
    """The chunks of a text, in order; none is longer than ``size`` characters.

    ``overlap`` is the most that two neighbours share; it is less than ``size``.
    Every character that is not white space lies in at least one chunk. Time is
    linear in the length of the text. Raises ``ValueError`` for sizes that make
    no sense.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("Chunks need a positive size and an overlap smaller than it.")
    drafts: list[ChunkDraft] = []
    for _, group in groupby(_atoms(structured, size), key=lambda atom: atom.page):
        atoms = list(group)
        for first, last in _pack(atoms, size, overlap):
            drafts.append(_draft(structured.text, atoms[first:last], len(drafts)))
    return drafts


def _draft(text: str, atoms: Sequence[_Atom], ordinal: int) -> ChunkDraft:
    start, end = atoms[0].start, atoms[-1].end
    subject = next((atom for atom in atoms if not atom.is_heading), atoms[-1])
    heading = PATH_SEPARATOR.join(subject.path)
    return ChunkDraft(ordinal, start, end, atoms[0].page, heading, text[start:end])


# --- atoms -----------------------------------------------------------------------


def _atoms(structured: StructuredText, size: int) -> Iterator[_Atom]:
    text = structured.text
    blocks = structured.blocks or (BlockSpan(0, len(text), BlockKind.PARAGRAPH, 0, None),)
    path: list[tuple[int, str]] = []
    names: tuple[str, ...] = ()
    for block in blocks:
        is_heading = block.kind is BlockKind.HEADING
        if is_heading:
            _enter(path, block.level, text[block.start : block.end])
            names = tuple(name for _, name in path)
        opens = True
        for start, end in _pieces(text, block, size):
            yield _Atom(start, end, block.page, names, is_heading, opens)
            opens = False


def _enter(path: list[tuple[int, str]], level: int, heading: str) -> None:
    """Leave the sections that a heading of ``level`` closes, and open its own."""
    while path and path[-1][0] >= max(level, 1):
        path.pop()
    path.append((max(level, 1), " ".join(heading.split())[:_HEADING_LENGTH]))


def _pieces(text: str, block: BlockSpan, size: int) -> Iterator[tuple[int, int]]:
    body = text[block.start : block.end]
    spans = _line_spans(body) if block.kind in _BY_LINE else sentence_spans(body)
    for start, end in spans:
        yield from _fit(text, block.start + start, block.start + end, size)


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            start = position + len(line) - len(line.lstrip())
            yield start, start + len(stripped)
        position += len(line) + 1


def _fit(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """The span, cut into pieces of at most ``size`` without white space at their ends."""
    while end - start > size:
        cut = last_cut(text, start, start + size)
        yield start, start + len(text[start:cut].rstrip())
        start = cut
        while text[start].isspace():
            start += 1
    yield start, end


# --- packing ---------------------------------------------------------------------


def _pack(atoms: Sequence[_Atom], size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Index ranges of ``atoms``, one per chunk, over the atoms of one page."""
    starts = [atom.start for atom in atoms]
    ends = [atom.end for atom in atoms]
    sections = [i for i in range(1, len(atoms)) if _opens_section(atoms[i - 1], atoms[i])]
    first = last = 0
    while last < len(atoms):
        full = bisect_right(ends, starts[first] + size, lo=first)
        last = _cut(atoms, sections, first, last, full, size)
        yield first, last
        if last == len(atoms):
            return
        first = _overlapped(atoms, starts, first, last, size, overlap)


def _opens_section(before: _Atom, atom: _Atom) -> bool:
    """A heading after something that is not one."""
    return atom.is_heading and atom.opens_block and not before.is_heading


def _cut(
    atoms: Sequence[_Atom], sections: Sequence[int], first: int, done: int, full: int, size: int
) -> int:
    """Where the chunk from ``first`` ends: after ``done``, not after ``full``.

    Atoms before ``done`` lie in a chunk already; from ``full`` on they do not fit.
    """
    begin, end = atoms[first].start, atoms[-1].end
    for section in sections[bisect_right(sections, done) : bisect_right(sections, full)]:
        is_long_enough = atoms[section].start - begin >= size // 4
        leaves_a_scrap = full == len(atoms) and end - atoms[section].start < size // 8
        if is_long_enough and not leaves_a_scrap:
            return section
    if full == len(atoms):
        return full
    full = _without_trailing_headings(atoms, done, full)
    # Two chunks that share what is left evenly beat a full one and a scrap.
    share = (end - begin) // 2 if end - begin < size * 5 // 4 else size
    return _best_border(atoms, done, full, begin + share, begin + size // 2)


def _without_trailing_headings(atoms: Sequence[_Atom], done: int, full: int) -> int:
    """A heading stays with what it is over, unless there are only headings."""
    last = full
    while last > done and atoms[last - 1].is_heading:
        last -= 1
    return last if last > done else full


def _best_border(atoms: Sequence[_Atom], done: int, full: int, wanted: int, least: int) -> int:
    """The border nearest before ``wanted``; one between blocks if it is not before ``least``."""
    last = full
    while last - 1 > done and atoms[last - 1].end > wanted:
        last -= 1
    for border in range(last, done, -1):
        if atoms[border - 1].end < least:
            break
        if atoms[border].opens_block:
            return border
    return last


def _overlapped(
    atoms: Sequence[_Atom], starts: Sequence[int], first: int, last: int, size: int, overlap: int
) -> int:
    """Where the next chunk begins: at most ``overlap`` before ``last``, with room for it.

    Nothing is shared across a heading.
    """
    if _opens_section(atoms[last - 1], atoms[last]):
        return last
    earliest = max(atoms[last - 1].end - overlap, atoms[last].end - size)
    return bisect_left(starts, earliest, lo=first + 1, hi=last)
