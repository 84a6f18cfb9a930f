"""Whether two sentences say the opposite of each other with the same words."""

from __future__ import annotations

import re
from functools import lru_cache

from documents.text.words import words

_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|hardly|(?:is|are|was|were|do|"
    r"does|did|has|have|had|can|could|will|would|should|must|need)n['’]t|can['’]t|won['’]t|"
    r"fail(?:s|ed)? to|unable to|nicht|kein(?:e[nrms]?)?|niemals|nie|ohne|ne|pas|jamais|sans|nunca|"
    r"jam[aá]s|sin|não|non|senza)\b|不(?![仅但同过断管久])|没有?(?!收)|未(?!来)|无(?![论线])",
    re.IGNORECASE,
)
#: "not only … but also" and the like deny nothing.
_NO_DENIAL = re.compile(
    r"\bnot (?:only|just|least|necessarily limited)\b|\bno (?:later|earlier|fewer|less|more) than\b"
    r"|\bnot (?:later|earlier|fewer|less|more) than\b|\bno\.\s*\d|\bwhether or not\b",
    re.IGNORECASE,
)
#: Words that may stand between a negation and the word it denies.
_BETWEEN = frozenset({"yet", "ever", "current", "actual", "realli", "alwai", "fulli", "longer"})

_MORE = (
    "increase increased increases increasing rise rose risen rises grew grow grown grows gain "
    "gained up higher more"
)
_LESS = (
    "decrease decreased decreases decreasing fall fell fallen falls decline declined declines "
    "shrank shrink drop dropped down lower less fewer"
)
_OPPOSITES = (
    (_MORE, _LESS),
    ("profit profits", "loss losses"),
    ("maximum", "minimum"),
    ("allowed permitted allows permits may", "forbidden prohibited banned prohibits forbids"),
    ("required mandatory compulsory requires", "optional voluntary"),
    ("accepted approved accepts approves", "rejected refused rejects denied"),
    ("before earlier", "after later"),
    ("won win wins victory", "lost lose loses defeat"),
    ("first oldest", "last newest"),
    ("always", "never sometimes"),
    ("include included includes including", "exclude excluded excludes excluding except"),
    ("north northern", "south southern"),
    ("east eastern", "west western"),
    ("open opened opens", "closed close closes"),
    ("enabled enable", "disabled disable"),
    ("true", "false"),
)  # fmt: skip
_SIDES = tuple((frozenset(one.split()), frozenset(two.split())) for one, two in _OPPOSITES)
_SIDED = frozenset[str]().union(*(one | two for one, two in _SIDES))
_PLAIN_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=8192)
def denied(text: str) -> frozenset[str]:
    """Stems of the content words that stand right behind a negation in ``text``.

    Only the first counts: in "would not start the race" the race is not denied.
    """
    ends = [
        match.end() for match in _NEGATION.finditer(_NO_DENIAL.sub(lambda m: "_" * len(m[0]), text))
    ]
    if not ends:
        return frozenset()
    content = [word for word in words(text) if word.is_content]
    reached: set[str] = set()
    for end in ends:
        stop = _clause_end(text, end)
        following = (word.stem for word in content if end <= word.start < stop)
        reached.update(next(([stem] for stem in following if stem not in _BETWEEN), []))
    return frozenset(reached)


def contradicts(claim: str, evidence: str) -> bool:
    """Whether ``evidence`` denies what ``claim`` says, or says the opposite of one word.

    Meant for two sentences that share most of their words; says nothing elsewhere.
    """
    return denies(claim, evidence) or opposes(claim, evidence)


def denies(claim: str, evidence: str) -> bool:
    """Whether one of the two denies a word that the other affirms."""
    ours, theirs = denied(claim), denied(evidence)
    if not ours and not theirs:
        return False
    shared = _stems(claim) & _stems(evidence)
    return bool((ours ^ theirs) & shared) and not ours & theirs


def opposes(claim: str, evidence: str) -> bool:
    """Whether the one has a word (``rose``) where the other has its opposite (``fell``)."""
    ours = frozenset(_PLAIN_WORD.findall(claim.lower()))
    if ours.isdisjoint(_SIDED):
        return False
    theirs = frozenset(_PLAIN_WORD.findall(evidence.lower()))
    return any(
        (_only(ours, one, two) and _only(theirs, two, one))
        or (_only(ours, two, one) and _only(theirs, one, two))
        for one, two in _SIDES
    )  # fmt: skip


def _only(said: frozenset[str], one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(said & one) and not said & other


@lru_cache(maxsize=8192)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text) if word.is_content)


def _clause_end(text: str, start: int) -> int:
    match = re.compile(r"[,;:.!?()。，；：]|\bbut\b|\baber\b|\bpero\b|\bmais\b").search(text, start)
    return match.start() if match else len(text)
