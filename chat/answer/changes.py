"""Whether an answer has changed, and not merely the way it is put.

An answer made of quotes has changed when it quotes something else. A language model
puts the same thing in other words every time it is asked: there the evidence decides
that something has changed, and the facts of the answer decide whether it matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.answer.figures import figure_keys
from chat.answer.judging import comparable
from chat.answer.polarity import denied
from chat.llm.factory import EXTRACTIVE
from chat.llm.terms import term_set

_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[^\W\d_a-z][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What of an answer is compared."""

    answer: str
    refused: bool
    model: str
    quotes: tuple[str, ...]


def is_changed(
    before: Said, after: Said, *, gone: Sequence[str] = (), fresh: Sequence[str] = ()
) -> bool:
    """Whether ``after`` tells its reader something else than ``before``.

    ``gone`` are quotes of ``before`` that no current document holds any more, ``fresh``
    quotes of ``after`` that stood in no document when ``before`` was given; both matter
    only where a language model wrote one of the two. There, other wording alone is no
    change: what counts is a refusal that came or went, a quote that is gone and whose
    content words the new evidence does not hold, or fresh evidence together with other
    numbers, names or denials.
    """
    if before.refused or after.refused:
        return before.refused != after.refused
    if before.model == after.model == EXTRACTIVE:
        return _quoted(before) != _quoted(after)
    held = term_set(" ".join(after.quotes))
    if any(term_set(quote) - held for quote in gone):
        return True
    return bool(gone or fresh) and facts(before.answer) != facts(after.answer)


def _quoted(said: Said) -> frozenset[str]:
    return frozenset(" ".join(quote.split()) for quote in said.quotes)


def facts(answer: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the numbers, the names inside sentences, and what is denied in a text."""
    names = frozenset(comparable(match[0]) for match in _NAME.finditer(answer))
    return figure_keys(answer), names, denied(answer)
