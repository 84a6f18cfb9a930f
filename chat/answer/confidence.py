"""How far an answer can be relied on, from the answer and its evidence together.

A retrieval score alone cannot tell a question without an answer from one with an
answer; what the evidence says of the question and of each sentence can. Each
ingredient is in [0, 1] and more of it never lowers the confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from chat.llm.extractive import Similarity
from chat.llm.terms import rarity, term_set
from chat.types import CitationDraft, Confidence, ConfidenceLabel, Passage, Sentence, Verdict
from documents.text.sentences import sentence_spans
from documents.types import Outcome, SearchTrace, TracedCandidate


@dataclass(frozen=True, slots=True)
class Weights:
    """What each of the grounds adds to the log-odds of being right. None is negative."""

    bias: float
    retrieval: float
    coverage: float
    likeness: float
    words: float
    meaning: float
    support: float


#: Quotes are always supported, so this one cannot be fitted on them and is set by hand:
#: partial support of every sentence takes an answer as sure as most are, 90 %, to even
#: odds, and none at all to 10 %.
SUPPORT = 4.5
#: Fitted to the answerable questions of SQuAD 2.0 (Rajpurkar et al., 2018), answered by
#: quoting with the built-in embedder, with off-topic questions counting a tenth; the target
#: is whether the quotes hold a gold answer. ``manage.py calibrate`` fits and measures them:
#: ``docs/confidence.md``. ``retrieval``, for which a fit leaves next to nothing beside the
#: others, is kept a little above 0: two answers alike in all else are not alike in it.
WEIGHTS = Weights(
    bias=-6.28,
    retrieval=0.12,
    coverage=0.27,
    likeness=2.53,
    words=3.83,
    meaning=1.38,
    support=SUPPORT,
)
#: Words that a question is thought to lack of being complete, in its coverage.
SHRINK = 2
#: The lead of a channel that was not asked, or that nothing was written down of: about the
#: mean over the answers that the weights were fitted on (.70 by words, .55 by meaning).
TYPICAL_LEAD = 0.6

_WORTH = {Verdict.SUPPORTED: 1.0, Verdict.PARTIAL: 0.5, Verdict.UNSUPPORTED: 0.0}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a confidence rests on, each in [0, 1].

    ``retrieval`` is the relevance of the best cited passage, ``coverage`` the share
    of the question's words in the cited sentence that holds most of them,
    ``likeness`` the cosine of question and nearest cited sentence. ``words`` and
    ``meaning`` tell how clearly each channel of the search puts what is cited before
    everything else, times the root of the coverage: in a small library something is
    always first, and being first says little where it holds little of the question.
    ``support`` is the mean verdict.
    """

    retrieval: float
    coverage: float
    likeness: float
    words: float
    meaning: float
    support: float


NOTHING = Grounds(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def confidence(
    question: str,
    passages: Sequence[Passage],
    sentences: Sequence[Sentence],
    citations: Sequence[CitationDraft] | None = None,
    similarity: Similarity | None = None,
    trace: SearchTrace | None = None,
) -> Confidence:
    """The confidence in the answer that ``sentences`` make from ``passages``.

    ``citations`` tells what the answer rests on; without it, on all passages.
    """
    return calibrated(grounds(question, passages, sentences, citations, similarity, trace))


def calibrated(found: Grounds, weights: Weights = WEIGHTS) -> Confidence:
    """The confidence that ``found`` gives. Monotone in each of its parts."""
    given, asked = asdict(found), asdict(weights)
    z = asked.pop("bias") + sum(asked[name] * _unit(given[name]) for name in asked)
    value = round(1 / (1 + math.exp(-z)), 4)
    return Confidence(value, ConfidenceLabel.of(value))


def grounds(
    question: str,
    passages: Sequence[Passage],
    sentences: Sequence[Sentence],
    citations: Sequence[CitationDraft] | None = None,
    similarity: Similarity | None = None,
    trace: SearchTrace | None = None,
) -> Grounds:
    """What an answer offers as grounds. All zero for one that cites nothing.

    Without ``similarity`` the likeness is the typical one for the coverage, and
    without ``trace`` the leads are typical ones.
    """
    numbers = {p.n for p in passages} if citations is None else {c.passage for c in citations}
    cited = [passage for passage in passages if passage.n in numbers]
    if not cited or not any(sentence.citations for sentence in sentences):
        return NOTHING
    texts = [p.text for p in cited] if citations is None else [c.quote for c in citations]
    quotes = [text[start:end] for text in texts for start, end in sentence_spans(text)]
    coverage = _coverage(question, quotes, passages)
    words, meaning = leads(trace, cited)
    fit = math.sqrt(coverage)
    return Grounds(
        retrieval=max(_unit(passage.relevance) for passage in cited),
        coverage=coverage,
        likeness=max(similarity(question, quotes)) if similarity and quotes else 0.9 * coverage,
        words=words * fit,
        meaning=meaning * fit,
        support=_mean(_WORTH[sentence.verdict] for sentence in sentences),
    )


def leads(trace: SearchTrace | None, cited: Sequence[Passage]) -> tuple[float, float]:
    """How far what is cited leads in the channel of words, and in that of meaning.

    1 when nothing comes near, 0.5 when something is as good, 0 when the channel did
    not bring it at all. A near-duplicate of something found says the same: it is no
    rival.
    """
    found = [] if trace is None else trace.candidates
    found = [each for each in found if each.outcome is not Outcome.DUPLICATE]
    mine = [any(_holds(passage, each) for passage in cited) for each in found]
    words = [each.keyword for each in found]
    return _lead(words, mine, floor=0.0), _lead([each.semantic for each in found], mine)


def _lead(
    scores: Sequence[float | None], mine: Sequence[bool], floor: float | None = None
) -> float:
    """Half of one plus the distance of the best of mine to the best other, of the whole range.

    The range goes from the best score down to ``floor``, or to the lowest one: cosines
    of another embedder may lie closer together and mean the same.
    """
    known = [score for score in scores if score is not None]
    if not known:
        return TYPICAL_LEAD
    low = min(known) if floor is None else floor
    pairs = [(score, own) for score, own in zip(scores, mine, strict=True) if score is not None]
    own = max((score for score, is_mine in pairs if is_mine), default=None)
    other = max((score for score, is_mine in pairs if not is_mine), default=low)
    if own is None:
        return 0.0
    span = max(own, other) - low
    return _unit(0.5 + 0.5 * (own - other) / span) if span > 0 else 1.0


def _holds(passage: Passage, candidate: TracedCandidate) -> bool:
    same = (passage.document_id, passage.version) == (candidate.document_id, candidate.version)
    return same and passage.start <= candidate.start < passage.end


def _coverage(question: str, quotes: Sequence[str], passages: Sequence[Passage]) -> float:
    """The share of the question's words, by their rarity, that one of ``quotes`` holds.

    Shrunk for short questions: two words of two prove less than ten of ten.
    """
    asked = term_set(question)
    if not asked or not quotes:
        return 0.0
    weights = rarity(passage.text for passage in passages)
    unknown = max(weights.values(), default=1.0)
    total = sum(weights.get(term, unknown) for term in asked)
    most = max(
        sum(weights.get(term, unknown) for term in asked & term_set(quote)) / total
        for quote in quotes
    )
    return most * len(asked) / (len(asked) + SHRINK)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def _unit(value: float) -> float:
    # NaN is no evidence.
    return min(max(value, 0.0), 1.0) if value == value else 0.0  # noqa: PLR0124
