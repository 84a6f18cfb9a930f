"""Whether the numbers of a claim stand in its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from chat.llm.terms import numbers

_SCALED = re.compile(
    r"(\d+(?:[.,]\d+)*)\s?(thousand|million|billion|trillion|bn|mn|Mio|Mrd|Millionen|Milliarden"
    r"|millones|millions|milliards)\b\.?",
    re.IGNORECASE,
)
_SCALES = {
    "thousand": 1e3, "million": 1e6, "mn": 1e6, "mio": 1e6, "millionen": 1e6, "millones": 1e6,
    "millions": 1e6, "billion": 1e9, "bn": 1e9, "mrd": 1e9, "milliarden": 1e9, "milliards": 1e9,
    "trillion": 1e12,
}  # fmt: skip
_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
)
_WORDS = {word: str(value) for value, word in enumerate(_UP_TO_TWENTY.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "dozen": "12", "half": "50",
}  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


@lru_cache(maxsize=8192)
def stated(text: str) -> frozenset[str]:
    """The numbers that ``text`` gives, in figures or in words."""
    return numbers(text) | {_WORDS[match[1].lower()] for match in _WORD.finditer(text)}


@lru_cache(maxsize=8192)
def _values(text: str) -> frozenset[float]:
    """Numbers with their scale: ``2.1 million`` is 2,100,000."""
    scaled = {
        float(next(iter(numbers(match[1])), "0")) * _SCALES[match[2].lower()]
        for match in _SCALED.finditer(text)
    }
    return frozenset(scaled | {float(number) for number in numbers(text)})


def share_stated(claim: str, evidence: Iterable[str]) -> float:
    """The share of the claim's numbers that ``evidence`` states; 1 when it has none.

    A number with a scale (``2.1 million``) is also met by one that rounds to it
    (``2,134,567``); any other must be met exactly.
    """
    claimed = numbers(claim)
    if not claimed:
        return 1.0
    texts = list(evidence)
    said = frozenset[str]().union(*(stated(text) for text in texts))
    missing = claimed - said
    if missing and _SCALED.search(claim):
        missing -= _rounded(claim, texts)
    return 1.0 - len(missing) / len(claimed)


def _rounded(claim: str, texts: list[str]) -> frozenset[str]:
    """The scaled numbers of ``claim`` that a number of ``texts`` rounds to."""
    values = frozenset[float]().union(*(_values(text) for text in texts))
    met: set[str] = set()
    for match in _SCALED.finditer(claim):
        number = next(iter(numbers(match[1])), "0")
        scale = _SCALES[match[2].lower()]
        digits = len(number.partition(".")[2])
        if any(abs(value / scale - float(number)) <= 0.5 * 10**-digits for value in values):
            met.add(number)
    return frozenset(met)
