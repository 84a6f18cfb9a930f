"""Finding the sentences of a passage that carry a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.llm.terms import numbers, rarity, term_set
from chat.types import Passage
from documents.text.sentences import sentence_spans

#: A quote is one to this many consecutive sentences.
LONGEST_QUOTE = 3
#: What a further sentence must add to the coverage of the claim to be quoted as well.
COST_OF_A_SENTENCE = 0.08
#: Characters quoted of a passage that shares no word with the claim (another language).
BLIND_QUOTE = 600


@dataclass(slots=True)
class SpanFinder:
    """The sentences of one passage, ready to be matched with claims."""

    passage: Passage
    _spans: list[tuple[int, int]] = field(init=False)
    _texts: list[str] = field(init=False)
    _weights: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        text = self.passage.text
        self._spans = sentence_spans(text)
        self._texts = [text[start:end] for start, end in self._spans]
        self._weights = rarity(self._texts)

    def best(self, claim: str) -> tuple[int, int]:
        """Start and end, in the version's text, of what carries ``claim`` best.

        One to three whole sentences: the shortest run whose words and numbers cover
        most of the claim. The first of equals.
        """
        if not self._spans:
            return self.passage.start, self.passage.end
        wanted = self._wanted(claim)
        best, first, last = 0.0, 0, -1
        for length in range(1, LONGEST_QUOTE + 1):
            for i in range(len(self._spans) - length + 1):
                score = self._score(wanted, i, i + length - 1)
                if score > best + 1e-9:
                    best, first, last = score, i, i + length - 1
        if last < 0:
            last = self._blind_end()
        return self._place(first, last)

    def _wanted(self, claim: str) -> dict[str, float]:
        """The claim's terms that the passage knows, and its numbers, with their weights."""
        held = {term: self._weights[term] for term in term_set(claim) if term in self._weights}
        return held | {f"#{number}": 2.0 for number in numbers(claim)}

    def _score(self, wanted: dict[str, float], first: int, last: int) -> float:
        said: set[str] = set()
        for text in self._texts[first : last + 1]:
            said |= term_set(text)
            said.update(f"#{number}" for number in numbers(text))
        total = sum(wanted.values())
        covered = sum(weight for term, weight in wanted.items() if term in said)
        if not covered:
            return 0.0
        return covered / total - COST_OF_A_SENTENCE * (last - first)

    def _blind_end(self) -> int:
        last = 0
        while (
            last + 1 < min(len(self._spans), LONGEST_QUOTE)
            and self._spans[last + 1][1] - self._spans[0][0] <= BLIND_QUOTE
        ):
            last += 1
        return last

    def _place(self, first: int, last: int) -> tuple[int, int]:
        offset = self.passage.start
        return offset + self._spans[first][0], offset + self._spans[last][1]


def finders(passages: Sequence[Passage]) -> dict[int, SpanFinder]:
    """A finder for each passage, by its number in the prompt."""
    return {passage.n: SpanFinder(passage) for passage in passages}
