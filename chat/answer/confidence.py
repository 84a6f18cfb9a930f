"""How far an answer can be relied on, from the answer and its evidence together.

A retrieval score alone cannot tell a question without an answer from one with an
answer; what the evidence says of the question and of each sentence can. Each
ingredient is in [0, 1] and more of it never lowers the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chat.llm.extractive import Similarity
from chat.llm.terms import rarity, term_set
from chat.types import CitationDraft, Confidence, ConfidenceLabel, Passage, Sentence, Verdict
from documents.text.sentences import sentence_spans

#: Weights of the logistic function, all positive. Fitted on SQuAD 2.0 (Rajpurkar et al.,
#: 2018): 700 questions with an answer, 150 without and 120 off topic, answered by quoting;
#: the target was whether the quotes hold a gold answer. Agreement told nothing there.
RETRIEVAL, AGREEMENT, COVERAGE, LIKENESS = 1.5, 0.1, 1.6, 3.3
#: Quotes are always supported, so this one is set by hand: partial support of every
#: sentence takes an answer that was sure to about even odds.
SUPPORT = 3.0
BIAS = -3.05 - SUPPORT
#: From these values on the label is high, and medium.
HIGH_FROM, MEDIUM_FROM = 0.75, 0.45

_WORTH = {Verdict.SUPPORTED: 1.0, Verdict.PARTIAL: 0.5, Verdict.UNSUPPORTED: 0.0}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a confidence rests on, each in [0, 1].

    ``retrieval`` is the relevance of the best cited passage, ``agreement`` the share
    of all relevance that lies in cited passages, ``coverage`` the share of the
    question's words in the cited sentence that holds most of them, ``likeness`` the
    cosine of question and nearest cited sentence, ``support`` the mean verdict.
    """

    retrieval: float
    agreement: float
    coverage: float
    likeness: float
    support: float


def confidence(
    question: str,
    passages: Sequence[Passage],
    sentences: Sequence[Sentence],
    citations: Sequence[CitationDraft] | None = None,
    similarity: Similarity | None = None,
) -> Confidence:
    """The confidence in the answer that ``sentences`` make from ``passages``.

    ``citations`` tells what the answer rests on; without it, on all passages.
    """
    return calibrated(grounds(question, passages, sentences, citations, similarity))


def calibrated(found: Grounds) -> Confidence:
    """The confidence that ``found`` gives. Monotone in each of its parts."""
    z = (
        BIAS
        + RETRIEVAL * _unit(found.retrieval)
        + AGREEMENT * _unit(found.agreement)
        + COVERAGE * _unit(found.coverage)
        + LIKENESS * _unit(found.likeness)
        + SUPPORT * _unit(found.support)
    )
    value = round(1 / (1 + math.exp(-z)), 4)
    if value >= HIGH_FROM:
        return Confidence(value, ConfidenceLabel.HIGH)
    return Confidence(
        value, ConfidenceLabel.MEDIUM if value >= MEDIUM_FROM else ConfidenceLabel.LOW
    )


def grounds(
    question: str,
    passages: Sequence[Passage],
    sentences: Sequence[Sentence],
    citations: Sequence[CitationDraft] | None = None,
    similarity: Similarity | None = None,
) -> Grounds:
    """What an answer offers as grounds. All zero for one that cites nothing.

    Without ``similarity`` the likeness is the typical one for the coverage.
    """
    numbers = {p.n for p in passages} if citations is None else {c.passage for c in citations}
    cited = [passage for passage in passages if passage.n in numbers]
    if not cited or not any(sentence.citations for sentence in sentences):
        return Grounds(0.0, 0.0, 0.0, 0.0, 0.0)
    texts = [p.text for p in cited] if citations is None else [c.quote for c in citations]
    quotes = [text[start:end] for text in texts for start, end in sentence_spans(text)]
    coverage = _coverage(question, quotes, passages)
    everything = sum(_unit(passage.relevance) for passage in passages)
    carried = sum(_unit(passage.relevance) for passage in cited)
    return Grounds(
        retrieval=max(_unit(passage.relevance) for passage in cited),
        agreement=carried / everything if everything else 0.0,
        coverage=coverage,
        likeness=max(similarity(question, quotes)) if similarity and quotes else 0.9 * coverage,
        support=_mean(_WORTH[sentence.verdict] for sentence in sentences),
    )


def _coverage(question: str, quotes: Sequence[str], passages: Sequence[Passage]) -> float:
    """The share of the question's words, by their rarity, that one of ``quotes`` holds."""
    asked = term_set(question)
    if not asked or not quotes:
        return 0.0
    weights = rarity(passage.text for passage in passages)
    unknown = max(weights.values(), default=1.0)
    total = sum(weights.get(term, unknown) for term in asked)
    return max(
        sum(weights.get(term, unknown) for term in asked & term_set(quote)) / total
        for quote in quotes
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def _unit(value: float) -> float:
    # NaN is no evidence.
    return min(max(value, 0.0), 1.0) if value == value else 0.0  # noqa: PLR0124
