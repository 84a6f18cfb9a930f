"""What changed between two texts, passage by passage and word by word.

A passage is a line of a version's text: a heading, a paragraph, an item of a list,
a row of a table. One that is very long counts as several, sentence by sentence.
Differences of white space are none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from documents.errors import TooComplex
from documents.text.alignment import aligned
from documents.text.sentences import sentence_spans

#: A longer text is not compared: it would take more than a few seconds.
MAX_CHARACTERS = 5_000_000
#: A longer line is compared sentence by sentence.
_LONG_LINE = 2_000
#: Words of each side that are compared one by one; beyond, a passage is old or new.
_WORDS = 200_000
#: The share of words two passages have in common when one is the other reworded.
_SAME = 0.5
#: The share of the shorter one's words in the longer one when a passage was split or joined.
_PART = 0.8
_PART_WORDS = 4
#: A passage with fewer letters may stand in two places by chance: it has not moved.
_MOVED_LETTERS = 20

Offsets = tuple[int, int]

_LINE = re.compile(r"\S[^\n]*")
# Scripts without spaces are compared by the character, all others by the word.
_TOKEN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]|\w+|[^\w\s]")


class Kind(StrEnum):
    """What became of a passage."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    REMOVED = "removed"
    REWORDED = "reworded"
    MOVED = "moved"


class WordKind(StrEnum):
    """What became of a run of words inside a reworded passage."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words; ``before`` and ``after`` are its places, ``None`` where it has none."""

    kind: WordKind
    before: Offsets | None
    after: Offsets | None


@dataclass(frozen=True, slots=True)
class Change:
    """A passage of one text, of the other, or of both, by its offsets in them."""

    kind: Kind
    before: Offsets | None
    after: Offsets | None


def compare(before: str, after: str) -> list[Change]:
    """Return what became of every passage, in the order of the new text.

    What was removed stands where it was. Texts of a million characters take 0.1
    seconds when little changed and 2 when everything did, and memory a few times
    theirs. Raises ``TooComplex`` for a text of more than five million characters.
    """
    if max(len(before), len(after)) > MAX_CHARACTERS:
        raise TooComplex(
            f"Texts of more than {MAX_CHARACTERS:,} characters cannot be compared here."
        )
    return _Comparison(before, after).changes()


def passages(text: str) -> list[Offsets]:
    """Return the passages of a text, in order, without white space at their ends."""
    found: list[Offsets] = []
    for line in _LINE.finditer(text):
        start, end = line.start(), line.start() + len(line[0].rstrip())
        if end - start <= _LONG_LINE:
            found.append((start, end))
        else:
            found += [(start + a, start + b) for a, b in sentence_spans(text[start:end])]
    return found


class _Comparison:
    """The work of ``compare`` on one pair of texts."""

    def __init__(self, before: str, after: str) -> None:
        self._texts = before, after
        self._left, self._right = passages(before), passages(after)
        self._left_keys = [_key(before, span) for span in self._left]
        self._right_keys = [_key(after, span) for span in self._right]
        self._budget = _WORDS

    def changes(self) -> list[Change]:
        pairs = aligned(self._left_keys, self._right_keys)
        changes: list[Change] = []
        i = k = 0
        for x, y in [*pairs, (len(self._left), len(self._right))]:
            changes += self._between(range(i, x), range(k, y))
            if x < len(self._left):
                changes.append(Change(Kind.UNCHANGED, self._left[x], self._right[y]))
            i, k = x + 1, y + 1
        return self._with_moves(changes)

    def _between(self, old: range, new: range) -> Iterator[Change]:
        """What became of the passages between two that did not change."""
        groups = self._groups(old, new) if old and new else []
        i, k = old.start, new.start
        for lefts, rights in [*groups, (range(old.stop, old.stop), range(new.stop, new.stop))]:
            for x in range(i, lefts.start):
                yield Change(Kind.REMOVED, self._left[x], None)
            for y in range(k, rights.start):
                yield Change(Kind.ADDED, None, self._right[y])
            i, k = lefts.stop, rights.stop
            if lefts:
                yield self._reworded(lefts, rights)

    def _groups(self, old: range, new: range) -> list[tuple[range, range]]:
        """Return runs of old passages with the new ones they became, in order."""
        left, right = self._tokens(0, self._left, old), self._tokens(1, self._right, new)
        if self._budget < max(len(left), len(right)):
            return []
        self._budget -= max(len(left), len(right))
        pairs = aligned([word for word, _ in left], [word for word, _ in right])
        shared = Counter((left[x][1], right[y][1]) for x, y in pairs)
        sizes = Counter(n for _, n in left), Counter(n for _, n in right)
        links = [
            (x, y)
            for (x, y), count in sorted(shared.items())
            if _belong(count, sizes[0][x], sizes[1][y])
        ]
        return _runs(links)

    def _tokens(self, side: int, spans: Sequence[Offsets], which: range) -> list[tuple[str, int]]:
        """Return the words of some passages, each with the number of its passage."""
        text = self._texts[side]
        return [
            (word, n)
            for n in which
            for word in _TOKEN.findall(text, *spans[n])
            if word[0].isalnum()
        ]

    def _reworded(self, lefts: range, rights: range) -> Change:
        before = self._left[lefts.start][0], self._left[lefts.stop - 1][1]
        after = self._right[rights.start][0], self._right[rights.stop - 1][1]
        old, new = self._texts
        is_same = _TOKEN.findall(old, *before) == _TOKEN.findall(new, *after)
        # Only its lines break elsewhere, as at the end of a page.
        return Change(Kind.UNCHANGED if is_same else Kind.REWORDED, before, after)

    def _with_moves(self, changes: Sequence[Change]) -> list[Change]:
        """Make one change of a passage that went in one place and came in another."""
        gone, come = self._alone(changes, Kind.REMOVED), self._alone(changes, Kind.ADDED)
        moved = {key: gone[key] for key in gone.keys() & come.keys()}
        old = {id(change) for change in moved.values()}
        new = {id(come[key]): change for key, change in moved.items()}
        return [
            Change(Kind.MOVED, new[id(change)].before, change.after)
            if id(change) in new
            else change
            for change in changes
            if id(change) not in old
        ]

    def _alone(self, changes: Iterable[Change], kind: Kind) -> dict[str, Change]:
        """Return changes of a kind by their text, where it is long and occurs once."""
        found: dict[str, list[Change]] = defaultdict(list)
        for change in changes:
            span = change.before or change.after
            if change.kind is kind and span is not None:
                found[_key(self._texts[kind is Kind.ADDED], span)].append(change)
        return {
            key: group[0]
            for key, group in found.items()
            if len(group) == 1 and len(key) >= _MOVED_LETTERS
        }


def _key(text: str, span: Offsets) -> str:
    return " ".join(text[span[0] : span[1]].split())


def _belong(shared: int, left: int, right: int) -> bool:
    small = min(left, right)
    is_part = small >= _PART_WORDS and shared >= _PART * small
    return is_part or 2 * shared >= _SAME * (left + right)


def _runs(links: Sequence[tuple[int, int]]) -> list[tuple[range, range]]:
    """Join the links that share a passage: one that was split or joined stays together."""
    runs: list[tuple[range, range]] = []
    for x, y in links:
        if runs and (x < runs[-1][0].stop or y < runs[-1][1].stop):
            lefts, rights = runs[-1]
            runs[-1] = (
                range(lefts.start, max(lefts.stop, x + 1)),
                range(rights.start, max(rights.stop, y + 1)),
            )
        else:
            runs.append((range(x, x + 1), range(y, y + 1)))
    return runs


# --- inside a passage ----------------------------------------------------------------


def reworded(before: str, after: str, old: Offsets, new: Offsets) -> Iterator[Words]:
    """Yield the runs of words of two passages, in order; on each side they fill it.

    ``old`` and ``new`` are the passages' offsets in the texts ``before`` and ``after``.
    """
    left = [match.span() for match in _TOKEN.finditer(before, *old)]
    right = [match.span() for match in _TOKEN.finditer(after, *new)]
    pairs = aligned([before[a:b] for a, b in left], [after[a:b] for a, b in right])
    i, k = old[0], new[0]
    for kind, lefts, rights in _calmed(_word_runs(pairs, len(left), len(right))):
        # White space belongs to the word before it.
        was = i, left[lefts.stop][0] if lefts.stop < len(left) else old[1]
        now = k, right[rights.stop][0] if rights.stop < len(right) else new[1]
        i, k = was[1], now[1]
        if kind is WordKind.SAME:
            yield Words(kind, was, now)
            continue
        if lefts:
            yield Words(WordKind.REMOVED, was, None)
        if rights:
            yield Words(WordKind.ADDED, None, now)


_Run = tuple[WordKind, range, range]


def _word_runs(pairs: Sequence[tuple[int, int]], left: int, right: int) -> Iterator[_Run]:
    """Yield runs that are the same and runs that are not, by turns."""
    i = k = 0
    for x, y, length in [*_diagonals(pairs), (left, right, 0)]:
        if x > i or y > k:
            yield WordKind.REMOVED, range(i, x), range(k, y)
        i, k = x + length, y + length
        if length:
            yield WordKind.SAME, range(x, i), range(y, k)


def _diagonals(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield ``(x, y, length)`` for pairs that follow each other on both sides."""
    numbered = enumerate(pairs)
    for _, group in groupby(
        numbered, key=lambda item: (item[1][0] - item[0], item[1][1] - item[0])
    ):
        run = [pair for _, pair in group]
        yield *run[0], len(run)


def _calmed(runs: Iterable[_Run]) -> list[_Run]:
    """Take a short run that is the same into the longer changes around it.

    Two sentences that say something else still share "the" and "of": to show these as
    kept would only make the change harder to read.
    """
    calm: list[_Run] = []
    for run in runs:
        calm.append(run)
        while len(calm) >= 3 and calm[-1][0] is not WordKind.SAME and _is_slight(*calm[-3:]):
            first, last = calm[-3], calm[-1]
            lefts = range(first[1].start, last[1].stop)
            calm[-3:] = [(WordKind.REMOVED, lefts, range(first[2].start, last[2].stop))]
    return calm


def _is_slight(first: _Run, same: _Run, last: _Run) -> bool:
    if same[0] is not WordKind.SAME:
        return False
    around = [max(len(run[1]), len(run[2])) for run in (first, last)]
    return len(same[1]) < min(around)
