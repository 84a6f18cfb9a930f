"""Does the evidence carry the sentence? Decided here, not by the model.

A sentence is taken apart into its words, names, numbers and dates. How many of them the
passages hold, how near to each other, and what is missing make a score in [0, 1]; a
missing name, number or date or a contradiction bars the best verdict whatever the score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chat.answer.facts import WINDOW, Holding, Segment, evidence_of, facts, fullest, holding
from chat.answer.languages import comparable
from chat.answer.polarity import denies, opposes
from chat.answer.quotation import quotation
from chat.answer.roles import swapped
from chat.answer.weighing import score
from chat.types import (
    Basis,
    CitedAnswer,
    CitedSentence,
    EvidenceSpan,
    Missing,
    MissingKind,
    Passage,
    Sentence,
    Verdict,
)

#: Scores from which a sentence is supported, and partially supported. On WiCE (Kamoi et al.,
#: 2023; development half) three of four sentences called supported are so, and two of three
#: that are so are found; of those called unsupported half are so, and 81 % are found. All
#: others but three are partially supported. docs/verdicts.md has the table.
SUPPORTED_FROM = 0.72
PARTIAL_FROM = 0.45
#: What remains of the score of a sentence that its evidence contradicts.
CONTRADICTED = 0.4
#: Share of the facts that one sentence holds from which on the two are about the same thing,
#: and from which on the one denies the other rather than something else of the same thing.
SAME_SUBJECT, SAME_STATEMENT = 0.6, 0.75
#: Share of the words that are held below which the two may be in different languages.
FOREIGN_BELOW = 0.5
#: The score of a sentence that cannot be judged by its words.
UNDECIDED = 0.5
#: Spans of evidence that a sentence is given at most.
MOST_SPANS = 3

_PLAIN_MARKER = re.compile(r"\s?\(\d[^()]{0,60}\)")


@dataclass(frozen=True, slots=True)
class Place:
    """A span of the evidence: ``evidence[source][start:end]``."""

    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """How well evidence carries a sentence: ``score`` in [0, 1] and the verdict on it.

    ``places`` are what carries it, or comes nearest, the most telling first; ``missing``
    is what nothing carries; ``basis`` is what was compared; ``contradicted`` tells that a
    sentence of the evidence says the opposite.
    """

    score: float
    verdict: Verdict
    places: tuple[Place, ...] = ()
    missing: tuple[Missing, ...] = ()
    basis: Basis = Basis.FACTS
    contradicted: bool = False


def support(claim: str, evidence: Sequence[str]) -> Support:
    """How well the texts of ``evidence``, taken together, carry ``claim``.

    Deterministic; about a millisecond for a few passages.
    """
    known = evidence_of(tuple(evidence))
    if not known.segments:
        return Support(0.0, Verdict.UNSUPPORTED)
    if not facts(claim):
        return Support(UNDECIDED, Verdict.PARTIAL, basis=Basis.NOTHING)
    found = holding(claim, known)
    if place := quotation(claim, evidence):
        return Support(1.0, Verdict.SUPPORTED, (Place(*place),), basis=Basis.QUOTED)
    if found.coverage < FOREIGN_BELOW and not comparable(claim, evidence):
        return _judged_abroad(found)
    if shared := _against(claim, found):
        return _judged_against(found, shared)
    return _judged(found)


def verified(answer: CitedAnswer, passages: Sequence[Passage]) -> tuple[Sentence, ...]:
    """The sentences of ``answer``, each with the verdict of the passages it cites.

    A sentence that cites nothing is checked against all passages and is partial at
    best: no reader can follow it to its source.
    """
    known = {passage.n: passage for passage in passages}
    sources = {citation.n: citation.passage for citation in answer.citations}
    judged = []
    for sentence in answer.sentences:
        cited = list(dict.fromkeys(sources[n] for n in sentence.citations))
        read = [known[n] for n in cited or known]
        claim = _without_invented(sentence)
        found = support(claim, [passage.text for passage in read])
        judged.append(_sentence(sentence, found, read))
    return tuple(judged)


def _sentence(sentence: CitedSentence, found: Support, read: Sequence[Passage]) -> Sentence:
    if not sentence.citations and (found.verdict is Verdict.SUPPORTED or _leads_in(sentence.text)):
        found = replace(found, verdict=Verdict.PARTIAL)
    return Sentence(
        text=sentence.text,
        citations=sentence.citations,
        verdict=found.verdict,
        support=round(found.score, 4),
        start=sentence.start,
        end=sentence.end,
        evidence=tuple(_span(read[place.source], place) for place in found.places),
        missing=found.missing,
        basis=found.basis,
        contradicted=found.contradicted,
        invented=sentence.invented,
    )


def _without_invented(sentence: CitedSentence) -> str:
    """The text without the plain numbers that were invented citations."""
    if not sentence.invented:
        return sentence.text
    invented = {str(n) for n in sentence.invented}
    return _PLAIN_MARKER.sub(
        lambda m: "" if set(re.findall(r"\d+", m[0])) <= invented else m[0], sentence.text
    )


def _span(passage: Passage, place: Place) -> EvidenceSpan:
    start = passage.start + place.start
    return EvidenceSpan(
        document_id=passage.document_id,
        version=passage.version,
        page=passage.page_at(start),
        start=start,
        end=passage.start + place.end,
    )


def _leads_in(text: str) -> bool:
    """Whether ``text`` only announces what follows: "The report names three reasons:"."""
    return text.rstrip().endswith((":", "：")) and not any(map(str.isdigit, text))


def _judged(found: Holding) -> Support:
    reached = score(found)
    if reached < PARTIAL_FROM:
        verdict = Verdict.UNSUPPORTED
    elif reached < SUPPORTED_FROM or _is_barred(found):
        verdict = Verdict.PARTIAL
    else:
        verdict = Verdict.SUPPORTED
    return Support(reached, verdict, _places(found), _told(found))


def _is_barred(found: Holding) -> bool:
    """Whether something bars the best verdict whatever the score."""
    return (
        found.misplaced()
        or found.has_stray_figure()
        or any(one.kind is not MissingKind.WORD for one in found.missing)
    )


def _judged_abroad(found: Holding) -> Support:
    """The verdict where sentence and evidence are in two languages.

    Only names and figures can be compared. If the evidence has all the figures and any of
    both, it may well carry the sentence; nobody can tell from its words.
    """
    kept = [i for i, fact in enumerate(found.facts) if fact.is_figure or found.masks[i]]
    shared = Holding(
        tuple(found.facts[i] for i in kept), tuple(found.masks[i] for i in kept), found.segments
    )
    if not kept or shared.missing:
        verdict, reached = Verdict.UNSUPPORTED, 0.0
    else:
        verdict, reached = Verdict.PARTIAL, UNDECIDED
    return Support(reached, verdict, _places(shared), _told(shared), Basis.FIGURES)


def _against(claim: str, found: Holding) -> float:
    """The share of the facts in the nearest sentence if that one says the opposite, else 0.

    A word that it has the opposite of counts as shared.
    """
    nearest, held = found.nearest()
    if nearest.length > WINDOW:
        return 0.0  # it says too many things for two of its words to be about one another
    opposite = opposes(claim, nearest.text)
    shared = (held + opposite) / len(found.facts)
    is_against = opposite or denies(claim, nearest.text) or swapped(claim, nearest.text)
    return min(shared, 1.0) if shared >= SAME_SUBJECT and is_against else 0.0


def _judged_against(found: Holding, shared: float) -> Support:
    nearest, _ = found.nearest()
    return Support(
        score(found) * CONTRADICTED,
        Verdict.UNSUPPORTED,
        (Place(nearest.source, nearest.start, nearest.end),),
        _told(found),
        contradicted=shared >= SAME_STATEMENT,
    )


def _told(found: Holding) -> tuple[Missing, ...]:
    """What is missing, with the words of one name put together: "Frank Gehry"."""
    told: list[Missing] = []
    end = -1
    for fact, mask in zip(found.facts, found.masks, strict=True):
        if mask:
            continue
        named = fact.kind is MissingKind.NAME
        if told and named and told[-1].kind is fact.kind and fact.start == end + 1:
            told[-1] = Missing(fact.kind, f"{told[-1].text} {fact.text}")
        else:
            told.append(Missing(fact.kind, fact.text))
        end = fact.start + len(fact.text)
    return tuple(told)


def _places(found: Holding) -> tuple[Place, ...]:
    """Where the facts stand: the best run of sentences, then what holds any that it lacks."""
    run = found.best_run
    chosen = [range(run.first, run.last)] if run.coverage else []
    lacking = [mask for mask in found.masks if mask and not mask & _bits(chosen)]
    while lacking and len(chosen) < MOST_SPANS:
        best, _ = fullest(lacking)
        chosen.append(range(best, best + 1))
        lacking = [mask for mask in lacking if not mask >> best & 1]
    return tuple(place for run_ in chosen for place in _joined(found.segments, run_))


def _bits(chosen: Sequence[range]) -> int:
    return sum(1 << i for run in chosen for i in run)


def _joined(segments: Sequence[Segment], run: range) -> list[Place]:
    """The sentences of a run as one place for each text they stand in."""
    places: dict[int, Place] = {}
    for segment in (segments[i] for i in run):
        begun = places.get(segment.source)
        start = begun.start if begun else segment.start
        places[segment.source] = Place(segment.source, start, segment.end)
    return list(places.values())
