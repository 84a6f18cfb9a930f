"""True sentences made false in one place: how many of them are still called supported.

The sentences are taken from the evidence itself, so that the only thing wrong with each
is what was changed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from chat.answer.facts import Fact, evidence_of, facts
from chat.answer.measure import GRADES, Labelled
from chat.answer.verify import support
from chat.types import MissingKind, Verdict

#: Words of a sentence that is taken.
SHORTEST, LONGEST = 8, 35

_VERB = re.compile(r"\b(?:is|was|were|are|has|had|will|can)\b")

Change = Callable[[str, random.Random, Sequence[str]], str]


def unchanged(sentence: str, chance: random.Random, names: Sequence[str]) -> str:  # noqa: ARG001
    """The sentence as it is."""
    return sentence


def reordered(sentence: str, chance: random.Random, names: Sequence[str]) -> str:  # noqa: ARG001
    """What stands behind the first comma put first: it remains true, but is no quotation."""
    before, comma, behind = sentence[:-1].partition(", ")
    return f"{behind}, {before}." if comma else ""


def other_number(sentence: str, chance: random.Random, names: Sequence[str]) -> str:  # noqa: ARG001
    """The first whole number made larger by one to nine."""
    for fact in facts(sentence):
        if fact.kind is MissingKind.NUMBER and fact.text.isascii() and fact.text.isdigit():
            return _replaced(sentence, fact, str(int(fact.text) + chance.randint(1, 9)))
    return ""


def other_name(sentence: str, chance: random.Random, names: Sequence[str]) -> str:
    """One name replaced by a name from another claim."""
    own = [fact for fact in facts(sentence) if fact.kind is MissingKind.NAME]
    return _replaced(sentence, chance.choice(own), chance.choice(names)) if own and names else ""


def denied(sentence: str, chance: random.Random, names: Sequence[str]) -> str:  # noqa: ARG001
    """A "not" behind the first auxiliary verb."""
    verb = _VERB.search(sentence)
    return f"{sentence[: verb.end()]} not{sentence[verb.end() :]}" if verb else ""


CHANGES: Mapping[str, Change] = {
    "unchanged": unchanged,
    "reordered": reordered,
    "other number": other_number,
    "other name": other_name,
    "denied": denied,
}


def verdicts_on_changes(claims: Sequence[Labelled], seed: int = 0) -> dict[str, dict[Verdict, int]]:
    """How many sentences got which verdict, by what was changed in them.

    One sentence of each claim's first evidence; a change that a sentence offers no place
    for is left out. The same for the same ``seed``.
    """
    chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
    names = [
        fact.text for one in claims for fact in facts(one.claim) if fact.kind is MissingKind.NAME
    ]
    counts = {name: dict.fromkeys(GRADES, 0) for name in CHANGES}
    for one in claims:
        sentences = _sentences(one.evidence[0])
        if not sentences:
            continue
        sentence = chance.choice(sentences)
        for name, change in CHANGES.items():
            made = change(sentence, chance, names)
            if made:
                counts[name][support(made, one.evidence[0]).verdict] += 1
    return counts


def _sentences(texts: Sequence[str]) -> list[str]:
    found = (segment.text for segment in evidence_of(tuple(texts)).segments)
    return [
        text
        for text in found
        if SHORTEST <= len(text.split()) <= LONGEST and text.endswith(".") and text[0].isalnum()
    ]


def _replaced(sentence: str, fact: Fact, text: str) -> str:
    return sentence[: fact.start] + text + sentence[fact.start + len(fact.text) :]
