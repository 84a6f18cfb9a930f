"""Words of a text, folded and stemmed the way the keyword index sees them.

One tokeniser serves the index, the query, highlights and the check of answers,
so that what one of them calls a match is a match for all. Scripts written
without spaces (Chinese, Japanese, Thai, ...) and Korean become overlapping
pairs of characters: SQLite's ``unicode61`` would take a whole clause for one
word.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import Stemmer

from documents.text.stopwords import guess_language, stop_words

#: Longer words are compared by their beginning; FTS5's Porter stops at the same length.
MAX_WORD = 64

_SAMPLE = 500  # words that the guess of the language looks at

_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\uff66-\uffdc"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_THAI_LAO_KHMER_BURMESE = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd\u0ec0-\u0ec6\u0edc-\u0edf"
    "\u1780-\u17b3\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070"
)
_UNSPACED = _CJK + _THAI_LAO_KHMER_BURMESE


def _mark_ranges() -> str:
    """All combining marks as ranges of a character class: ``re`` has no name for them."""
    ranges: list[list[int]] = []
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)


MARKS = _mark_ranges()

# Marks that are dropped in comparison: accents, Hebrew points, Arabic vowels. Vowel signs
# of Indic scripts are part of the word and stay.
_DROPPED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\u0640]"
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_TOKEN = re.compile(
    rf"(?P<unspaced>(?:[{_UNSPACED}][{MARKS}]*+)++)|(?:{_LETTER}++[{MARKS}]*+)++", re.UNICODE
)
_ASCII_WORD = re.compile("[a-z0-9]+")
#: Signs that part words as a space does.
_SIGNS = dict.fromkeys(map(ord, "‘’‚“”„«»‹›–—…•·€£§°©®™\u00a0\u2009\u202f"), " ")
_UNIT = re.compile(rf"[{_UNSPACED}][{MARKS}]*+")
_HAS_MEASURE = re.compile("[aeiouy][^aeiouy]")  # Porter's m > 0
_HIRAGANA_ONLY = re.compile("[\u3041-\u309f]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a pair of characters of a script without spaces, at ``text[start:end]``.

    Pairs overlap: each starts where the last character of the one before starts.
    ``stem`` is folded and stemmed; ``is_content`` is false for stop words.
    """

    start: int
    end: int
    stem: str
    is_content: bool


class _Local(threading.local):
    """PyStemmer's objects must not be shared between threads."""

    def __init__(self) -> None:
        self.porter = Stemmer.Stemmer("porter", 0)


_local = _Local()


class _Stems(dict[str, str]):
    """The stem of each folded word that was met. A lookup costs a tenth of PyStemmer's own."""

    def __missing__(self, form: str) -> str:
        if len(self) >= MOST_STEMS:
            self.clear()
        stem = self[form] = _stem(form)
        return stem


#: Words whose stems are kept, in every process: some 8 MB.
MOST_STEMS = 50_000
_stem_of = _Stems()


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """Lower-case, without accents and width variants, at most ``MAX_WORD`` characters."""
    if word.isascii():
        return word.lower()[:MAX_WORD]
    folded = _without_accents(unicodedata.normalize("NFKD", word.lower()))
    if not folded.isalnum():  # "½" has become "1⁄2", or a vowel sign stands in the word
        folded = _without_accents(unicodedata.normalize("NFD", word.lower()))
    return folded[:MAX_WORD]


def _without_accents(decomposed: str) -> str:
    return unicodedata.normalize("NFC", _DROPPED.sub("", decomposed)).lower()


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether the span is a single character standing alone or last in a run."""
    for match in _TOKEN.finditer(text):
        if match["unspaced"] is None:
            yield match.start(), match.end(), False
            continue
        units = [unit.span() for unit in _UNIT.finditer(text, match.start(), match.end())]
        for (start, _), (_, end) in pairwise(units):
            yield start, end, False
        yield *units[-1], len(units) > 1


def _folded(text: str, *, with_last: bool) -> Iterator[tuple[int, int, str]]:
    for start, end, is_last in _spans(text):
        if is_last and not with_last:
            continue
        folded = fold(text[start : min(end, start + 2 * MAX_WORD)])
        if folded:
            yield start, end, folded


def words(text: str) -> list[Word]:
    """The words of ``text`` in order. Linear in its length."""
    found = list(_folded(text, with_last=False))
    forms = [folded for _, _, folded in found]
    stop = stop_words_for(forms)
    return [
        Word(start, end, stem, is_content(folded, stop))
        for (start, end, folded), stem in zip(found, _stems(forms), strict=True)
    ]


def all_stems(text: str) -> list[str]:
    """The stems of ``words(text)``, for a third of its cost."""
    return _stems(fold_words(text))


def fold_words(text: str) -> list[str]:
    """The folded words of ``text`` in order, not stemmed."""
    # The same words in a fifth of the time, also of English with its own quotes and dashes.
    plain = text if text.isascii() else text.translate(_SIGNS)
    if plain.isascii():
        return [word[:MAX_WORD] for word in _ASCII_WORD.findall(plain.lower())]
    return [folded for _, _, folded in _folded(text, with_last=False)]


def stop_words_for(forms: Sequence[str]) -> frozenset[str]:
    """The stop words of the language that the folded words ``forms`` seem to be in."""
    return stop_words(guess_language(forms[:_SAMPLE]))


def is_content(form: str, stop: frozenset[str]) -> bool:
    """Whether a folded word carries meaning; pairs of hiragana are grammar."""
    return form not in stop and not _HIRAGANA_ONLY.fullmatch(form)


def is_unspaced(char: str) -> bool:
    """Whether ``char`` belongs to a script that is indexed by pairs."""
    return _UNIT.match(char) is not None


def _stems(forms: list[str]) -> list[str]:
    return list(map(_stem_of.__getitem__, forms))


def _stem(form: str) -> str:
    """Porter's stem as FTS5 gives it: words of one or two characters stay."""
    if len(form) < 3:
        return form
    stem: str = _local.porter.stemWord(form)
    return _revised(stem) if stem.endswith(("bli", "logi")) else stem


def _revised(stem: str) -> str:
    """Porter's later rules, bli -> ble and logi -> log, which FTS5 has and Snowball has not.

    Source: https://tartarus.org/martin/PorterStemmer/ ("Points of difference").
    """
    measured = stem.removesuffix("bli").removesuffix("logi")
    if not _HAS_MEASURE.search(measured):
        return stem
    revised: str = _local.porter.stemWord(f"{stem[:-1]}e" if stem.endswith("bli") else stem[:-1])
    return revised


def content_stems(text: str) -> list[str]:
    """The stems of the words that are not stop words, in order, with repetitions."""
    return [word.stem for word in words(text) if word.is_content]


def index_text(text: str) -> str:
    """``text`` as the keyword index stores it: folded words, separated by spaces.

    The last character of a run without spaces is added alone, so that a query
    of one character, asked as a prefix, finds it wherever it stands.
    """
    return " ".join(folded for _, _, folded in _folded(text, with_last=True))
