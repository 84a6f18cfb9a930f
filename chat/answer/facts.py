"""What a sentence states, piece by piece, and which sentences of the evidence hold each piece."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from typing import NamedTuple

from chat.answer.figures import claimed, figure_keys, rounded, scaled
from chat.types import Missing, MissingKind
from documents.text.sentences import sentence_spans
from documents.text.stopwords import guess_language
from documents.text.words import all_stems, fold_words, words

#: Words of neighbouring sentences that are read together. Between 30 and 100 the areas on
#: WiCE move by .003.
WINDOW = 60
#: Letters that two forms of one name share ("Libya", "Libyan"), all of the shorter one, and
#: its share of the longer one.
NAME_START, NAME_SHARE = 4, 0.6
#: The same for two forms of another word ("supremacy", "supremacist"): a common beginning.
WORD_START, WORD_SHARE = 5, 0.7


#: A yes or no in front says nothing that a source could hold.
_ANSWER = re.compile(r"(?:yes|no|ja|nein|oui|non|s[ií])\b[,.;:!]?(?:\s|$)", re.IGNORECASE)


#: What stands before the first word of a sentence, but not behind an initial.
_BEGINNING = re.compile(r"^[^\w]*$|\w\w[\"”’)]*[.!?:][\"”’)]*\s[^\w]*$")


@dataclass(frozen=True, slots=True)
class Fact:
    """One piece of a claim: a content word, a name, a number or a date.

    ``key`` is what it is compared by; ``text`` is how the claim writes it, from ``start`` on.
    """

    kind: MissingKind
    key: str
    text: str
    start: int

    @property
    def is_figure(self) -> bool:
        """Whether it is a number or a date."""
        return self.kind in {MissingKind.NUMBER, MissingKind.DATE}


class Segment(NamedTuple):
    """A sentence of the evidence, ``texts[source][start:end]``, with its number of words."""

    source: int
    start: int
    end: int
    text: str
    length: int

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table, as the extractors write them."""
        return " | " in self.text or "\t" in self.text or self.text.startswith("|")


class Evidence:
    """Texts cut into sentences, with an index from every word and figure to its sentences.

    A set of sentences is a mask: bit ``j`` stands for ``segments[j]``.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.segments: list[Segment] = []
        self._masks: defaultdict[str, int] = defaultdict(int)
        for source, text in enumerate(texts):
            for start, end in sentence_spans(text):
                self._add(source, start, end, text[start:end])

    def _add(self, source: int, start: int, end: int, text: str) -> None:
        stems = all_stems(text)
        bit = 1 << len(self.segments)
        for key in figure_keys(text).union(stems):
            self._masks[key] |= bit
        self.segments.append(Segment(source, start, end, text, len(stems)))

    def mask(self, fact: Fact, claim: str) -> int:
        """The sentences that hold ``fact`` of ``claim``, in its own form or in another."""
        return self._masks.get(fact.key, 0) or (
            self._mask_rounded(fact, claim) if fact.is_figure else self._mask_alike(fact)
        )

    def _mask_rounded(self, fact: Fact, claim: str) -> int:
        if fact.key not in scaled(claim):
            return 0
        met = (fact.key in rounded(claim, segment.text) for segment in self.segments)
        return sum(1 << i for i, is_met in enumerate(met) if is_met)

    @cached_property
    def _listed(self) -> str:
        """All words, one a line: no index finds those of one beginning as quickly."""
        return "\n".join(("", *self._masks, ""))

    def _mask_alike(self, fact: Fact) -> int:
        if len(fact.key) < NAME_START:
            return 0
        alike = _same_name if fact.kind is MissingKind.NAME else _same_word
        mask, beginning = 0, f"\n{fact.key[:NAME_START]}"
        at = self._listed.find(beginning)
        while at >= 0:
            key = self._listed[at + 1 : self._listed.index("\n", at + 1)]
            if alike(fact.key, key):
                mask |= self._masks[key]
            at = self._listed.find(beginning, at + 1)
        return mask


@lru_cache(maxsize=64)
def evidence_of(texts: tuple[str, ...]) -> Evidence:
    """The texts as evidence; kept, because an answer asks for the same ones repeatedly."""
    return Evidence(texts)


def _same_name(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    enough = len(short) >= max(NAME_START, NAME_SHARE * len(long))
    return enough and long.startswith(short)


def _same_word(one: str, other: str) -> bool:
    needed = max(WORD_START, math.ceil(WORD_SHARE * len(one)))
    return len(one) >= WORD_START and other.startswith(one[:needed])


@lru_cache(maxsize=1024)
def facts(claim: str) -> tuple[Fact, ...]:
    """The pieces of ``claim`` that evidence can hold or not, each once, in order."""
    found = {fact.key: fact for fact in _figures(claim)}
    taken = [(fact.start, fact.start + len(fact.text)) for fact in found.values()]
    has_names = _has_names(claim)
    for word in words(claim):
        text = claim[word.start : word.end]
        if word.start == 0 and _ANSWER.match(claim):
            continue
        inside = any(start <= word.start < end for start, end in taken)
        if word.is_content and not inside and not text[0].isdigit():
            named = has_names and _is_name(claim, word.start, word.end)
            kind = MissingKind.NAME if named else MissingKind.WORD
            found.setdefault(word.stem, Fact(kind, word.stem, text, word.start))
    return tuple(sorted(found.values(), key=lambda fact: fact.start))


def _figures(claim: str) -> Iterator[Fact]:
    for figure in claimed(claim):
        kind = MissingKind.DATE if figure.is_date else MissingKind.NUMBER
        yield Fact(kind, figure.key, figure.text, figure.start)


def _has_names(claim: str) -> bool:
    """Whether a capital letter tells a name: not in German, not in a line of capitals."""
    return not claim.isupper() and guess_language(fold_words(claim)) != "de"


def _is_name(claim: str, start: int, end: int) -> bool:
    """Capitalised; where a sentence begins only when the next word is so as well."""
    if not claim[start].isupper():
        return False
    following = claim[end : end + 2]
    beside_another = len(following) == 2 and following[0] == " " and following[1].isupper()
    return beside_another or not _BEGINNING.search(claim[max(start - 8, 0) : start])


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring sentences, ``segments[first:last]``, and the share of the facts they hold."""

    coverage: float
    first: int
    last: int


@dataclass(frozen=True)
class Holding:
    """Which sentences of the evidence hold which facts: ``masks[i]`` for ``facts[i]``."""

    facts: tuple[Fact, ...]
    masks: tuple[int, ...]
    segments: Sequence[Segment]

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """The facts that no sentence holds."""
        pairs = zip(self.facts, self.masks, strict=True)
        return tuple(Missing(fact.kind, fact.text) for fact, mask in pairs if not mask)

    @cached_property
    def coverage(self) -> float:
        """The share of words, names and dates that any sentence holds; of numbers without them."""
        pairs = list(zip(self.facts, self.masks, strict=True))
        worded = [mask for fact, mask in pairs if fact.kind is not MissingKind.NUMBER]
        return _share(worded or self.masks)

    @cached_property
    def closeness(self) -> float:
        """The share of all pairs of facts that one sentence, or two neighbours, hold."""
        pairs = [
            mask & (other | other << 1 | other >> 1) for mask, other in combinations(self.masks, 2)
        ]
        return _share(pairs or self.masks)

    @cached_property
    def best_run(self) -> Run:
        """The neighbouring sentences that hold most facts together, the first of equals.

        At most ``WINDOW`` words, or what a claim of many facts itself may need; always
        one sentence. Sentences at its ends that add nothing are left out.
        """
        room = max(WINDOW, 4 * len(self.facts))
        best, last, length = Run(0.0, 0, 0), 0, 0
        for first in range(len(self.segments)):
            while last < len(self.segments) and (
                last <= first or length + self.segments[last].length <= room
            ):
                length += self.segments[last].length
                last += 1
            coverage = self._held(first, last)
            if coverage > best.coverage:
                best = Run(coverage, first, last)
            length -= self.segments[first].length
        return self._trimmed(best)

    def _trimmed(self, run: Run) -> Run:
        first, last = run.first, run.last
        while last - first > 1 and self._held(first, last - 1) >= run.coverage:
            last -= 1
        while last - first > 1 and self._held(first + 1, last) >= run.coverage:
            first += 1
        return Run(run.coverage, first, last)

    def _held(self, first: int, last: int) -> float:
        run = (1 << last) - (1 << first)
        return _share([mask & run for mask in self.masks])

    def nearest(self) -> tuple[Segment, int]:
        """The one sentence that holds most of the facts, and how many; the first of equals."""
        best, held = fullest(self.masks)
        return self.segments[best], held

    def has_stray_figure(self) -> bool:
        """Whether a number or date stands apart from the best run and its neighbours."""
        run = self.best_run
        near = (1 << run.last + 1) - (1 << max(run.first - 1, 0))
        pairs = zip(self.facts, self.masks, strict=True)
        return any(fact.is_figure and mask and not mask & near for fact, mask in pairs)

    def misplaced(self) -> bool:
        """Whether facts that only rows of a table hold stand in rows apart from each other.

        "The capital of France is Berlin": both are in the table, in two rows. Facts that
        every row holds (a unit) tell nothing, and so do those outside the table.
        """
        # The first row of a table is its head, and speaks of all others.
        are_rows = [one.is_row for one in self.segments]
        behind_head = (head and row for head, row in pairwise(are_rows))
        rows = sum(
            1 << i for i, is_row in enumerate(behind_head, 1) if is_row and self.segments[i].length
        )
        telling = [mask for mask in self.masks if mask and not mask & ~rows and mask != rows]
        alone = (
            all(not mask & other for j, other in enumerate(telling) if j != i)
            for i, mask in enumerate(telling)
        )
        return len(telling) > 1 and any(alone)


def fullest(masks: Iterable[int]) -> tuple[int, int]:
    """The bit that is set in most of the masks, and in how many; the first of equals."""
    counts: dict[int, int] = {}
    for mask in masks:
        left = mask
        while left:
            lowest = left & -left
            counts[lowest] = counts.get(lowest, 0) + 1
            left ^= lowest
    if not counts:
        return 0, 0
    most = max(counts.values())
    return min(bit for bit, count in counts.items() if count == most).bit_length() - 1, most


def holding(claim: str, evidence: Evidence) -> Holding:
    """Which sentences of ``evidence`` hold which facts of ``claim``."""
    stated = facts(claim)
    masks = tuple(evidence.mask(fact, claim) for fact in stated)
    return Holding(stated, masks, evidence.segments)


def _share(masks: Sequence[int]) -> float:
    return 1 - masks.count(0) / len(masks) if masks else 0.0
