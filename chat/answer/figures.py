"""Numbers and dates of a text in one form, and whether evidence states those of a claim."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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

#: Numbers from here on are compared with and without their scale.
LEAST_SCALED = 1000

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: i for i, word in enumerate(_SMALL.split())} | {
    word: 10 * i for i, word in enumerate(_TENS.split(), start=2)
}
_ORDINALS = {
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
#: Words that give a number, but just as often something else: "one of them", "the second".
_VAGUE = {"one": 1, "zero": 0, "first": 1, "second": 2, "half": 50, "dozen": 12, "twice": 2}
_WORD = rf"(?:{'|'.join(sorted([*_UNITS, 'hundred', 'thousand'], key=len, reverse=True))})"
_IN_WORDS = re.compile(rf"\b{_WORD}(?:(?:[\s-]|\sand\s){_WORD})*\b", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)

_ENGLISH = "january february march april may june july august september october november december"
_GERMAN = "januar februar märz april mai juni juli august september oktober november dezember"
_MONTHS = {
    word: i for names in (_ENGLISH, _GERMAN) for i, word in enumerate(names.split(), start=1)
}
_MONTHS |= {name[:3]: i for i, name in enumerate(_ENGLISH.split(), start=1)} | {"sept": 9}
# Written large: "may" and "march" are verbs, "mar" is the sea.
_NAMES = "|".join(sorted((name.capitalize() for name in _MONTHS), key=len, reverse=True))
_MONTH = rf"(?:{_NAMES}|{_NAMES.upper()})\b\.?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|\.)?"
_DIGIT = re.compile(r"\d")
#: A number as the text writes it, with its separators.
_WRITTEN = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_MONTH_NAMED = re.compile(rf"\b({_MONTH})")
_DAY_MONTH = re.compile(rf"\b{_DAY}(?:\s+of)?[\s-]+({_MONTH})(?:[\s,-]+['’]?(\d\d)(?![\d:]))?")
_MONTH_DAY = re.compile(rf"\b({_MONTH})\s*{_DAY}(?![\d:])")
_ISO = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_SLASHED = re.compile(r"(?<![\d/.])(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?![\d/])")
_SEPARATED = re.compile(r"\d[-/.]\d{1,2}[-/.]\d")
_CJK_DATE = re.compile(r"(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")

_PLAIN_WORD = re.compile(r"[^\W\d_]+")
_NUMBER_WORDS = frozenset({*_UNITS, *_ORDINALS, "hundred", "thousand"})

#: A dash between digits joins the ends of a range; only a free one is a minus.
_JOINING = re.compile(r"(?<=[^\W_])[-−](?=\d)")
_SHORT_RANGE = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)\s?[-−–/]\s?(\d\d)(?!\d)")
_DECADE = re.compile(r"(?<!\d)['’]?(\d0)['’]?s\b")
#: Digits behind letters or signs: "US$5", "#12", "FY2023".
_GLUED = re.compile(r"(?<=[^\W\d_])\d{1,15}(?!\d)")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number or a date of a claim: its ``key`` for comparison and the text that gives it.

    Keys: ``#42`` a number, ``m11`` a month, ``d11-10`` the tenth of November.
    """

    key: str
    text: str
    start: int

    @property
    def is_date(self) -> bool:
        """Whether it is a month or a day, not a number."""
        return not self.key.startswith("#")


@lru_cache(maxsize=4096)
def claimed(text: str) -> tuple[Figure, ...]:
    """The figures that a claim gives and its evidence must give too, each once.

    Vague words (``one``, ``first``, ``second``) are left to the comparison of words.
    """
    found = {key: Figure(key, shown, start) for key, shown, start in _claimed(text, _words(text))}
    return tuple(sorted(found.values(), key=lambda figure: (figure.start, figure.key)))


def _claimed(text: str, said: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    # Looking words up is quicker than trying every pattern on every sentence.
    has_digits = bool(_DIGIT.search(text))
    if has_digits:
        yield from _in_digits(text)
    if not _MONTHS.keys().isdisjoint(said):
        yield from _dates(text, with_days=has_digits)
    if not _NUMBER_WORDS.isdisjoint(said):
        yield from _in_words(text)


def _words(text: str) -> frozenset[str]:
    return frozenset(_PLAIN_WORD.findall(text.lower()))


def _in_digits(text: str) -> Iterator[tuple[str, str, int]]:
    written = {number: match for match in _WRITTEN.finditer(text) for number in numbers(match[0])}
    for number in _plain(text):
        match = written.get(number.removeprefix("-"))
        shown, start = (match[0], match.start()) if match else (number, 0)
        yield f"#{number}", shown, start


def _dates(text: str, *, with_days: bool) -> Iterator[tuple[str, str, int]]:
    for match in _MONTH_NAMED.finditer(text):
        yield f"m{_month(match[1])}", match[1], match.start()
    if with_days:
        for match in _DAY_MONTH.finditer(text):
            yield f"d{_month(match[2])}-{int(match[1])}", match[0], match.start()
        for match in _MONTH_DAY.finditer(text):
            yield f"d{_month(match[1])}-{int(match[2])}", match[0], match.start()


def _in_words(text: str) -> Iterator[tuple[str, str, int]]:
    for match in _IN_WORDS.finditer(text):
        if match[0].lower() not in _VAGUE:
            yield f"#{_value(match[0])}", match[0], match.start()
    for match in _ORDINAL.finditer(text):
        yield f"#{_ORDINALS[match[0].lower()]}", match[0], match.start()


@lru_cache(maxsize=8192)
def figure_keys(text: str) -> frozenset[str]:
    """The keys of all figures that evidence gives, in any of their forms.

    More is read than of a claim: both readings of ``3/4/2019``, years of two digits,
    numbers in words, digits glued to letters.
    """
    said = _words(text)
    keys = {key for key, _, _ in _claimed(text, said)}
    keys.update(f"#{_VAGUE[word]}" for word in _VAGUE.keys() & said)
    if _DIGIT.search(text):
        keys |= _loose_numbers(text)
        keys |= _loose_dates(text, has_months=not _MONTHS.keys().isdisjoint(said))
    return frozenset(keys)


def _loose_numbers(text: str) -> set[str]:
    keys = {f"#{int(match[0])}" for match in _GLUED.finditer(text)}
    if _SCALED.search(text):
        keys.update(f"#{value:.0f}" for value in _values(text) if value >= LEAST_SCALED)
    for match in _DECADE.finditer(text):
        keys.update((f"#19{match[1]}", f"#20{match[1]}"))
    return keys


def _loose_dates(text: str, *, has_months: bool) -> set[str]:
    keys: set[str] = set()
    for match in _DAY_MONTH.finditer(text) if has_months else ():
        keys.update(_short_year(match[3]) if match[3] else ())
    if _SEPARATED.search(text):
        for match in _ISO.finditer(text):
            keys |= {f"#{match[1]}", *_date(int(match[2]), int(match[3]))}
        for match in _SLASHED.finditer(text):
            keys |= {*_date(int(match[1]), int(match[2])), *_date(int(match[2]), int(match[1]))}
            keys |= set(_short_year(match[3])) if len(match[3]) == 2 else {f"#{match[3]}"}
    for match in _CJK_DATE.finditer(text) if not text.isascii() else ():
        keys.update(_date(int(match[1]), int(match[2])))
    return keys


def _plain(text: str) -> frozenset[str]:
    """The numbers written in digits; the second year of ``2018-19`` is 2019."""
    ranged = _SHORT_RANGE.sub(lambda m: f"{m[1]} – {m[1][:2]}{m[2]}", text)
    return numbers(_JOINING.sub(" – ", ranged))


def _short_year(digits: str) -> tuple[str, str]:
    return f"#19{digits}", f"#20{digits}"


def _date(month: int, day: int) -> tuple[str, ...]:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ()
    return f"m{month}", f"d{month}-{day}", f"#{day}"


def _month(name: str) -> int:
    return _MONTHS[name.rstrip(".").lower()]


def _value(words: str) -> int:
    """The number that ``words`` spell: ``two hundred and five`` is 205."""
    total = part = 0
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _UNITS:
            part += _UNITS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word == "thousand":
            total, part = total + max(part, 1) * 1000, 0
    return total + part


def share_stated(claim: str, evidence: Iterable[str]) -> float:
    """The share of the claim's figures that ``evidence`` states; 1 when it has none.

    A number with a scale (``2.1 million``) is also met by one that rounds to it
    (``2,134,567``); any other must be met exactly.
    """
    wanted = {figure.key for figure in claimed(claim)}
    if not wanted:
        return 1.0
    texts = list(evidence)
    said = frozenset[str]().union(*(figure_keys(text) for text in texts))
    met = said.union(*(rounded(claim, text) for text in texts))
    return len(wanted & met) / len(wanted)


@lru_cache(maxsize=1024)
def scaled(claim: str) -> frozenset[str]:
    """Keys of the numbers of ``claim`` with a scale, which others may round to."""
    return frozenset(f"#{_number(match)}" for match in _SCALED.finditer(claim))


def _number(scaled_one: re.Match[str]) -> str:
    return next(iter(numbers(scaled_one[1])), "0")


def rounded(claim: str, text: str) -> frozenset[str]:
    """Keys of the scaled numbers of ``claim`` that a number of ``text`` rounds to."""
    met: set[str] = set()
    values = _values(text) if scaled(claim) else frozenset[float]()
    for match in _SCALED.finditer(claim) if values else ():
        number = _number(match)
        scale = _SCALES[match[2].lower()]
        digits = len(number.partition(".")[2])
        if any(abs(value / scale - float(number)) <= 0.5 * 10**-digits for value in values):
            met.add(f"#{number}")
    return frozenset(met)


@lru_cache(maxsize=8192)
def _values(text: str) -> frozenset[float]:
    """Numbers with their scale: ``2.1 million`` is 2,100,000."""
    scaled = {
        float(next(iter(numbers(match[1])), "0")) * _SCALES[match[2].lower()]
        for match in _SCALED.finditer(text)
    }
    return frozenset(scaled | {float(number) for number in numbers(text)})
