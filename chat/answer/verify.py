"""Does the evidence carry the sentence? Decided here, not by the model.

The share of a sentence's content words that its passages hold, with its names and
numbers counted again, makes a score in [0, 1]; a missing number or a contradiction
bars the best verdict whatever the score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chat.answer.figures import share_stated
from chat.answer.polarity import contradicts
from chat.llm.terms import term_set
from chat.types import CitedAnswer, CitedSentence, Passage, Sentence, Verdict
from documents.text.sentences import sentence_spans

#: Scores from which a sentence is supported, and partially supported. With these and the
#: shares below, WiCE (Kamoi et al., 2023; development half, 349 claims) gives an area under
#: the ROC curve of .81 for supported against the rest, .93 for not supported.
SUPPORTED_FROM = 0.72
PARTIAL_FROM = 0.45
#: Shares of the parts in the score.
WORDS, NEAR, NAMES = 0.55, 0.30, 0.15
#: What a score loses when none of the numbers is found.
NUMBERS = 0.3
#: What remains of the score of a sentence that its evidence contradicts.
CONTRADICTED = 0.4
#: Coverage by one sentence from which on the two are about the same thing.
SAME_SUBJECT = 0.6

_NAME = re.compile(r"(?<=[\w,;:\"“”'’(] )[A-Z][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Support:
    """How well evidence carries a sentence: ``score`` in [0, 1] and the verdict on it."""

    score: float
    verdict: Verdict


def support(claim: str, evidence: Sequence[str]) -> Support:
    """How well the texts of ``evidence``, taken together, carry ``claim``.

    Deterministic; about a millisecond for a few passages.
    """
    # Numbers are compared by value, below.
    claimed = frozenset(term for term in term_set(claim) if not term.isdigit())
    sentences = [text for one in evidence for text in _sentences(one)]
    if not sentences:
        return Support(0.0, Verdict.UNSUPPORTED)
    stated = share_stated(claim, evidence)
    if not claimed:
        return _judged(stated if re.search(r"\d", claim) else 1.0, stated, opposed=False)
    near, nearest = _nearest(claimed, sentences)
    held = len(claimed & frozenset[str]().union(*map(term_set, sentences))) / len(claimed)
    score = WORDS * held + NEAR * near + NAMES * _names(claim, evidence)
    return _judged(
        score * (1 - NUMBERS + NUMBERS * stated), stated, opposed=_opposed(claim, claimed, nearest)
    )


def verified(answer: CitedAnswer, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """The sentences of ``answer``, each with the verdict of the passages it cites.

    A sentence that cites nothing is checked against all passages and is partial at
    best: no reader can follow it to its source.
    """
    texts = {passage.n: passage.text for passage in passages}
    sources = {citation.n: citation.passage for citation in answer.citations}
    judged = []
    for sentence in answer.sentences:
        cited = list(dict.fromkeys(sources[n] for n in sentence.citations))
        found = support(sentence.text, [texts[n] for n in cited or texts])
        judged.append(_sentence(sentence, found))
    return tuple(judged)


def _sentence(sentence: CitedSentence, found: Support) -> Sentence:
    if not sentence.citations and (found.verdict is Verdict.SUPPORTED or _leads_in(sentence.text)):
        found = replace(found, verdict=Verdict.PARTIAL)
    return Sentence(
        text=sentence.text,
        citations=sentence.citations,
        verdict=found.verdict,
        support=round(found.score, 4),
        start=sentence.start,
        end=sentence.end,
    )


def _leads_in(text: str) -> bool:
    """Whether ``text`` only announces what follows: "The report names three reasons:"."""
    return text.rstrip().endswith((":", "：")) and not re.search(r"\d", text)


def _judged(score: float, stated: float, *, opposed: bool) -> Support:
    if opposed:
        score *= CONTRADICTED
    if score < PARTIAL_FROM:
        return Support(score, Verdict.UNSUPPORTED)
    sure = score >= SUPPORTED_FROM and stated == 1.0 and not opposed
    return Support(score, Verdict.SUPPORTED if sure else Verdict.PARTIAL)


def _nearest(claimed: frozenset[str], sentences: Sequence[str]) -> tuple[float, str]:
    """Coverage of the claim by its best three neighbouring sentences; the best single one."""
    sets = [claimed & term_set(text) for text in sentences]
    together = max(len(frozenset[str]().union(*sets[i : i + 3])) for i in range(len(sets)))
    best = max(range(len(sets)), key=lambda i: (len(sets[i]), -i))
    return together / len(claimed), sentences[best]


def _opposed(claim: str, claimed: frozenset[str], nearest: str) -> bool:
    shared = len(claimed & term_set(nearest)) / len(claimed)
    return shared >= SAME_SUBJECT and contradicts(claim, nearest)


def _names(claim: str, evidence: Sequence[str]) -> float:
    """The share of the claim's capitalised words that ``evidence`` holds; 1 without any."""
    names = {match[0].lower().removesuffix("'s") for match in _NAME.finditer(claim)}
    if not names:
        return 1.0
    held = " ".join(evidence).lower()
    return sum(name in held for name in names) / len(names)


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in sentence_spans(text))
