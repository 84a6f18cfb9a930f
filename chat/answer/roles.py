"""Whether two sentences give the same act to the same two names the other way round."""

from __future__ import annotations

import re
from functools import lru_cache

from documents.text.words import words

_NAME = r"[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*"
#: Name, a few words without a comma or a conjunction, name.
_ACT = re.compile(
    rf"\b(?P<one>{_NAME})\s+(?P<act>[a-z][\w’'-]*(?:\s+[a-z][\w’'-]*){{0,4}})\s+(?P<two>{_NAME})"
)
_PASSIVE = re.compile(r"\b(?:by|von|par|por|da|door)$")
#: Between these no one does anything to the other, or both do it.
_MUTUAL = re.compile(
    r"\b(?:and|or|with|meets?|met|marr(?:y|ies|ied)|fac(?:es?|ed)|play(?:s|ed)?|fought|fights?|in|"
    r"of|at|on|und|oder|mit)\b"
)


def swapped(claim: str, evidence: str) -> bool:
    """Whether ``claim`` says that B did to A what ``evidence`` says that A did to B.

    Only names with capital letters are looked at, with at most five words between them;
    "B was bought by A" is the same as "A bought B".
    """
    theirs = _acts(evidence)
    return any((patient, agent, act) in theirs for agent, patient, act in _acts(claim))


@lru_cache(maxsize=4096)
def _acts(text: str) -> frozenset[tuple[str, str, str]]:
    """Who does something, to whom, and the stem of the word that says what."""
    found = set()
    for match in _ACT.finditer(text):
        one, two, act = match["one"].lower(), match["two"].lower(), match["act"]
        passive = _PASSIVE.search(act)
        content = [word.stem for word in words(act) if word.is_content]
        if content and not _MUTUAL.search(act):
            found.add((two, one, content[-1]) if passive else (one, two, content[-1]))
    return frozenset(found)
