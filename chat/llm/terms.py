"""What a piece of text is about: its content words and its numbers, in one form."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import digit

from documents.text.words import words

# A letter before the digits makes a name of them ("x7"), but not in scripts without spaces.
_NUMBER = re.compile(
    r"(?<![\dA-Za-zÀ-ɏ_.,])[-−]?\d+(?:[.,\u00a0\u202f'’ ]\d{3})*(?:[.,]\d+)?(?![\d])"
)
_SEPARATOR = re.compile(r"[\u00a0\u202f'’ ]|[.,](?=\d{3}(?:\D|$))")


@lru_cache(maxsize=8192)
def terms(text: str) -> tuple[str, ...]:
    """Stems of the content words in order; pairs of characters where words have no spaces."""
    return tuple(word.stem for word in words(text) if word.is_content)


@lru_cache(maxsize=8192)
def term_set(text: str) -> frozenset[str]:
    """The distinct ``terms`` of ``text``."""
    return frozenset(terms(text))


@lru_cache(maxsize=8192)
def numbers(text: str) -> frozenset[str]:
    """The numbers of ``text`` in one form: no thousands separators, a point for decimals."""
    return frozenset(_canonical(match[0]) for match in _NUMBER.finditer(text))


def _canonical(number: str) -> str:
    if not number.isascii():
        number = "".join(str(digit(c)) if c.isdecimal() else c for c in number)
    plain = _SEPARATOR.sub("", number).replace(",", ".").replace("−", "-")
    whole, _, part = plain.partition(".")
    part = part.rstrip("0")
    sign = "-" if whole.startswith("-") else ""
    whole = whole.lstrip("-").lstrip("0") or "0"
    return f"{sign}{whole}.{part}" if part else sign + whole


def rarity(texts: Iterable[str]) -> dict[str, float]:
    """For each term of ``texts`` how much it tells them apart, from 0.2 upwards.

    Inverse document frequency in the smoothed form of BM25 (Robertson and Zaragoza,
    2009), every text being a document.
    """
    sets = [term_set(text) for text in texts]
    found = Counter(term for terms_of_one in sets for term in terms_of_one)
    total = len(sets)
    return {
        term: max(math.log(1 + (total - count + 0.5) / (count + 0.5)), 0.2)
        for term, count in found.items()
    }
