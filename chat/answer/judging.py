"""Where the passages that people judged stand in a ranking, and what that ranking is worth.

A judgement is about words: they are looked for in the text that is current now, so
that it outlives a new version and another cutting into chunks. Only where the words
are gone does the whole document count.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chat.answer.figures import claimed, figure_keys
from chat.llm.terms import term_set

#: Results that count, as in the usual measures at 10.
TOP = 10
#: Share of the shorter of two spans that must lie in the other for both to be one passage.
SHARED = 0.5
#: Share of the words of an expected answer that an answer must hold, besides all its numbers.
EXPECTED_WORDS = 0.8


def comparable(text: str) -> str:
    """Return a text without what does not matter: case, width of characters, runs of space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def question_key(text: str) -> str:
    """Return the key by which the same question is known again, however it is punctuated."""
    return _sha256(comparable(text).rstrip(" ?!.。？！"))


def quote_key(quote: str) -> str:
    """Return the key by which the same words of a document are known again."""
    return _sha256(comparable(quote))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a document's current text; without both, all of it."""

    document_id: str
    start: int | None = None
    end: int | None = None


def located(document_id: str, quote: str, text: str) -> Span:
    """Return where the words of ``quote`` stand in ``text``; the whole document if nowhere.

    Case and white space do not matter.
    """
    parts = quote.split()
    if not parts:
        return Span(document_id)
    found = re.search(r"\s+".join(map(re.escape, parts)), text, re.IGNORECASE)
    return Span(document_id, *found.span()) if found else Span(document_id)


def is_same_passage(one: Span, other: Span) -> bool:
    """Whether two spans of one document are about the same place."""
    if one.document_id != other.document_id:
        return False
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return True
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return shared > 0 and shared >= SHARED * shorter


def rank_of(wanted: Span, found: Sequence[Span]) -> int | None:
    """Return the rank from 1 of the first result that is the wanted passage."""
    return next((n for n, span in enumerate(found, start=1) if is_same_passage(wanted, span)), None)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a ranking is worth for one question, each from 0 to 1."""

    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr_10: float


def marks(ranks: Sequence[int | None]) -> Marks:
    """Return the marks of a ranking in which the right passages have these ranks.

    nDCG has a gain of 1 for each right passage and the discount log2(rank + 1)
    (Järvelin and Kekäläinen, ACM TOIS 20, 2002). One long chunk may hold several right
    passages: then it counts for each, and nDCG is held at 1. Raises ``ValueError``
    without any right passage.
    """
    if not ranks:
        raise ValueError("A question without a right passage has no marks.")
    places = sorted(rank for rank in ranks if rank is not None)
    top = [place for place in places if place <= TOP]
    gained = sum(1 / math.log2(place + 1) for place in top)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(ranks), TOP) + 1))
    return Marks(
        ndcg_10=min(gained / ideal, 1.0),
        recall_10=len(top) / len(ranks),
        recall_100=sum(place <= 100 for place in places) / len(ranks),
        mrr_10=1 / top[0] if top else 0.0,
    )


class Change(StrEnum):
    """What another way to search does to a question."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way to search made of one question.

    ``right`` and ``wrong`` are the ranks of the passages judged so, ``None`` for one
    that was not found. ``answered_right`` is ``None`` where no answer is expected.
    """

    right: tuple[int | None, ...]
    wrong: tuple[int | None, ...]
    refused: bool
    answered_right: bool | None = None


def compared(live: Outcome, other: Outcome) -> Change:
    """Return whether ``other`` does better: by ranks first, then by what was answered.

    Where only wrong passages are known, it is better to have them further down.
    """
    before, after = _worth(live), _worth(other)
    if before == after:
        return Change.SAME
    return Change.BETTER if after > before else Change.WORSE


def _worth(outcome: Outcome) -> tuple[float, ...]:
    nearness = sum(1 / rank for rank in outcome.right if rank)
    disturbance = sum(1 / rank for rank in outcome.wrong if rank)
    ndcg = marks(outcome.right).ndcg_10 if outcome.right else 0.0
    # A refusal is worse where a right passage is known; elsewhere nobody knows.
    refused = float(outcome.refused and bool(outcome.right))
    worth = (ndcg, nearness, -disturbance, float(bool(outcome.answered_right)), -refused)
    return tuple(round(value, 6) for value in worth)


def says_expected(answer: str, expected: str) -> bool:
    """Whether an answer says what was expected: all its numbers, and most of its words."""
    if {figure.key for figure in claimed(expected)} - figure_keys(answer):
        return False
    # Numbers were compared by their value: "seven" and "7" are the same.
    wanted = {term for term in term_set(expected) if not figure_keys(term)}
    if not wanted and not claimed(expected):
        return comparable(expected) in comparable(answer)
    return len(wanted & term_set(answer)) >= EXPECTED_WORDS * len(wanted)


def agreed(grades: Iterable[int]) -> int | None:
    """Return what most people say of a passage, 1 or 0; nothing where they are divided."""
    balance = sum(1 if grade else -1 for grade in grades)
    return None if balance == 0 else int(balance > 0)
