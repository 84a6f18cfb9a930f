"""Which items of two sequences belong together, in order, within bounded time and memory.

The longest common subsequence, exactly where the sequences are short, and around
items that occur once in both where they are long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

#: Cells of the table that is worked out exactly; it takes one bit each (3 MB).
_CELLS = 25_000_000
#: The side of such a table where a long stretch has to be cut without any landmark.
_SIDE = 5_000
#: How often stretches between landmarks are searched for landmarks of their own.
_ROUNDS = 8

Pair = tuple[int, int]
#: ``(i, j, k, l)``: the items ``a[i:j]`` and ``b[k:l]``.
_Part = tuple[int, int, int, int]


def aligned(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """Return index pairs ``(i, j)`` with ``a[i] == b[j]``, both rising.

    A longest common subsequence when ``len(a) * len(b)`` is at most 25 million;
    beyond, a common subsequence through the items that are unique on both sides
    (patience diff, by Bram Cohen). Time grows with the product in steps of a machine
    word, and linearly beyond the bound.
    """
    pairs: list[Pair] = []
    parts: list[tuple[_Part, int]] = [((0, len(a), 0, len(b)), 0)]
    while parts:
        part, rounds = parts.pop()
        inner = _trimmed(a, b, part, pairs)
        i, j, k, l = inner  # noqa: E741  # as in the type's description
        if (j - i) * (l - k) <= _CELLS:
            pairs += _common(a, b, inner)
        else:
            parts += [(each, rounds + 1) for each in _split(a, b, inner, rounds, pairs)]
    return sorted(pairs)


def _trimmed(a: Sequence[Hashable], b: Sequence[Hashable], part: _Part, pairs: list[Pair]) -> _Part:
    """Pair what both stretches begin and end with, and return what is between."""
    i, j, k, l = part  # noqa: E741
    while i < j and k < l and a[i] == b[k]:
        pairs.append((i, k))
        i, k = i + 1, k + 1
    while i < j and k < l and a[j - 1] == b[l - 1]:
        j, l = j - 1, l - 1  # noqa: E741
        pairs.append((j, l))
    return i, j, k, l


def _split(
    a: Sequence[Hashable], b: Sequence[Hashable], part: _Part, rounds: int, pairs: list[Pair]
) -> Iterator[_Part]:
    """Pair the landmarks of a long stretch, and yield the stretches between them."""
    i, j, k, l = part  # noqa: E741
    landmarks = _landmarks(a, b, part) if rounds < _ROUNDS else []
    if not landmarks:
        yield from _blocks(part)
        return
    pairs += landmarks
    for x, y in [*landmarks, (j, l)]:
        yield i, x, k, y
        i, k = x + 1, y + 1


def _blocks(part: _Part) -> Iterator[_Part]:
    """Cut a stretch in pieces that can be worked out, in proportion on both sides."""
    i, j, k, l = part  # noqa: E741
    count = max(j - i, l - k) // _SIDE + 1
    for n in range(count):
        yield (
            i + (j - i) * n // count,
            i + (j - i) * (n + 1) // count,
            k + (l - k) * n // count,
            k + (l - k) * (n + 1) // count,
        )


def _landmarks(a: Sequence[Hashable], b: Sequence[Hashable], part: _Part) -> list[Pair]:
    """Return the longest rising run of items that occur once on each side."""
    i, j, k, l = part  # noqa: E741
    left, right = Counter(a[i:j]), Counter(b[k:l])
    places = {b[y]: y for y in range(k, l) if right[b[y]] == 1}
    unique = [(x, places[a[x]]) for x in range(i, j) if left[a[x]] == 1 and a[x] in places]
    return _rising(unique)


def _rising(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the longest subsequence whose second items rise; the first ones do."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for n, (_, y) in enumerate(pairs):
        at = bisect_left(ends, y)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [y], [n]
    found: list[Pair] = []
    n = last[-1] if last else -1
    while n >= 0:
        found.append(pairs[n])
        n = before[n]
    return found[::-1]


def _common(a: Sequence[Hashable], b: Sequence[Hashable], part: _Part) -> list[Pair]:
    """Return a longest common subsequence of two stretches, last pair first.

    Source: Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004. Bit x
    of row y is clear where ``a[x]`` makes the best for ``b[:y + 1]`` one longer.
    """
    i, j, k, l = part  # noqa: E741
    if i == j or k == l:
        return []
    places: dict[Hashable, int] = {}
    for x in range(i, j):
        places[a[x]] = places.get(a[x], 0) | 1 << (x - i)
    everything = (1 << (j - i)) - 1
    rows = [everything]
    for y in range(k, l):
        row = rows[-1]
        matched = row & places.get(b[y], 0)
        rows.append(((row + matched) | (row - matched)) & everything)
    return _traced(rows, i, j, k)


def _traced(rows: Sequence[int], i: int, j: int, k: int) -> list[Pair]:
    pairs: list[Pair] = []
    x, y = j - i, len(rows) - 1
    while x and y:
        bit = 1 << (x - 1)
        if rows[y] & bit:
            x -= 1
            continue
        y -= 1
        if rows[y] & bit:
            x -= 1
            pairs.append((i + x, k + y))
    return pairs
