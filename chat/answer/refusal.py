"""Telling an answer that says "the passages do not hold it" from one that answers."""

from __future__ import annotations

import re

from chat.answer.fence import NO_ANSWER

# The marker as models garble it: **NO_ANSWER**, "No answer:", [NO_ANSWER], no-answer.
_AT_START = re.compile(r"\W{0,6}no[_\s-]answer\b[\]*_`\"'”)]{0,4}[:.,–—-]?\s*", re.IGNORECASE)
_EXACT = re.compile(r"[\[*`\"]{0,3}" + NO_ANSWER + r"[\]*`\"]{0,3}[:.]?\s*")
_SAID = re.compile(
    r"(?:passages?|documents?|sources?|context|texts?|information|excerpts?)\b[^.]{0,60}?\b"
    r"(?:do(?:es)? not|don['’]t|doesn['’]t|did not|cannot|never)\s+(?:\w+\s+){0,2}?"
    r"(?:contain|mention|provide|include|say|state|hold|specify|answer|address|give|cover)"
    r"|\b(?:not|no)\s+(?:\w+\s+){0,3}?(?:in|from|by)\s+the\s+(?:\w+\s+)?(?:passages|documents|context)"
    r"|\bI\s+(?:can(?:no|['’])t|could\s+not|couldn['’]t|am\s+unable\s+to|was\s+unable\s+to)\s+"
    r"(?:\w+\s+)?(?:answer|find|determine)",
    re.IGNORECASE,
)
_CITES = re.compile(r"[\[【]\s*\d{1,3}")
#: Characters after which text can no longer turn out to begin with the marker.
_LOOK = 24


def is_refusal(text: str) -> bool:
    """Whether a model's whole reply says that the passages do not hold the answer.

    The agreed marker decides; without it, a short reply that cites nothing and says so
    in words counts as well, for models that forget the marker.
    """
    if _AT_START.match(text) or (_EXACT.search(text) and not _CITES.search(text)):
        return True
    return len(text) < 600 and not _CITES.search(text) and bool(_SAID.search(text))


def without_marker(text: str) -> str:
    """What a person reads of a reply: the same text without the marker."""
    stripped = _AT_START.sub("", text, count=1) if _AT_START.match(text) else text
    return _EXACT.sub("", stripped).strip()


def may_become_refusal(beginning: str) -> bool:
    """Whether a reply that begins so must be held back before a person sees it.

    True while ``beginning`` may still grow into the marker, and once it has.
    """
    if _AT_START.match(beginning):
        return True
    start = re.sub(r"^\W{0,6}", "", beginning[:_LOOK]).lower()
    marker = NO_ANSWER.lower()
    loose = re.sub(r"[\s-]", "_", start)
    return marker.startswith(loose) if len(loose) < len(marker) else False
