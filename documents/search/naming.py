"""Which documents a question names: "Amazon's FY2017 ..." names ``AMAZON_2017_10K``.

Pure functions over titles. A title is cut into words and numbers, also where file names
run them together; a question names it by its rare words, written as names are, or by
the whole of it. Years, quarters and kinds of report then tell documents of one name
apart. What is a plain word in many titles, or of the language, names nothing.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from documents.text.words import all_stems, fold, is_content, stop_words_for

Key = TypeVar("Key", bound=Hashable)

#: More named titles than this, and than this share of all, are a topic and not a name.
MOST_NAMED = 5
MOST_SHARE = 0.25

#: Share of a title's weight in words that must be named, where it is not all of them.
LEAST_SHARE = 0.5

#: Words of a question that are looked at.
_MOST_WORDS = 200

#: Words and numbers; a capital after a small letter begins a word, as do quarters of
#: a year ("2023Q4") and a year behind letters ("FY2017").
_PARTS = re.compile(r"[^\W\d_]+|\d+[^\W\d_]*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_YEAR_AND_MORE = re.compile(r"((?:19|20)\d\d)(?=[^\W\d_])")
_QUARTER = re.compile(r"\b([1-4])Q(?=\d|\b)|\bQ([1-4])(?=\d)", re.IGNORECASE)


_INITIALS_WITH_AND = re.compile(r"^([A-Z])n([A-Z])$")
_GENITIVE = re.compile(r"['\N{RIGHT SINGLE QUOTATION MARK}]s\b")


@dataclass(frozen=True, slots=True)
class Part:
    """A word or a number of a text: its folded stem, and how it was written."""

    form: str
    written: str
    is_first: bool

    @property
    def is_number(self) -> bool:
        """Whether it begins with a digit, as years and kinds of report do."""
        return self.form[0].isdigit() or self.form in _QUARTERS

    @property
    def looks_like_a_name(self) -> bool:
        """Whether it is written with a capital where none is due."""
        return self.written[0].isupper() and (not self.is_first or self.written.isupper())


_QUARTERS = frozenset({"q1", "q2", "q3", "q4"})


def parts(text: str) -> list[Part]:
    """The words and numbers of a text, in order."""
    text = _QUARTER.sub(
        lambda match: f" Q{match[1] or match[2]} ", _GENITIVE.sub("", text).replace("_", " ")
    )
    text = _YEAR_AND_MORE.sub(r"\1 ", text)
    # A quarter is one part although it is a letter and a digit.
    found = re.findall(rf"\bQ[1-4]\b|{_PARTS.pattern}", text)
    return [Part(_form(part), part, place == 0) for place, part in enumerate(found)]


def _form(part: str) -> str:
    folded = fold(part)
    stems = all_stems(folded)
    return stems[0] if len(stems) == 1 else folded


@dataclass(frozen=True, slots=True)
class Named(Generic[Key]):
    """A title that a question names, its documents, and how surely, from 0 to 1.

    ``phrase`` are the words of the question that name it.
    """

    title: str
    keys: tuple[Key, ...]
    strength: float
    phrase: str


@dataclass(frozen=True, slots=True)
class _Title(Generic[Key]):
    text: str
    keys: tuple[Key, ...]
    words: tuple[str, ...]
    numbers: frozenset[str]


class TitleIndex(Generic[Key]):
    """Titles, made ready to be found in questions. Built in one pass, asked in microseconds."""

    def __init__(self, titles: Iterable[tuple[Key, str]]) -> None:
        keys: dict[str, list[Key]] = defaultdict(list)
        for key, title in titles:
            keys[title].append(key)
        self._titles = [_title(text, tuple(own)) for text, own in keys.items()]
        #: From what may stand in a question to (title, places of its words).
        self._written: dict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        common: dict[str, int] = defaultdict(int)
        for number, made in enumerate(self._titles):
            for word in set(made.words):
                common[word] += 1
            for form, meant in _spellings(made.words):
                self._written[form].append((number, meant))
        total = len(self._titles)
        self._weights = {word: math.log((total + 1) / count) for word, count in common.items()}

    def find(self, question: str) -> list[Named[Key]]:
        """The titles that the question names, most surely first; none when in doubt."""
        asked = parts(question)[:_MOST_WORDS]
        numbers = {part.form for part in asked if part.is_number} | _joined_numbers(asked)
        matched: dict[int, list[_Match]] = defaultdict(list)
        for mention in _mentions(asked):
            for number, meant in self._written.get(mention.form, ()):
                matched[number].append(_Match(mention, meant))
        found = [
            self._named(number, matches, numbers)
            for number, matches in matched.items()
            if self._is_meant(number, matches)
        ]
        if len(found) > max(MOST_NAMED, MOST_SHARE * len(self._titles)):
            return []
        return sorted(found, key=lambda named: (-named.strength, named.title))

    def _is_meant(self, number: int, matches: Sequence[_Match]) -> bool:
        words = set(self._titles[number].words)
        if len(words) > 1 and any(match.meant >= words for match in matches):
            return True  # the whole title stands in the question
        named = {word for match in matches if match.mention.is_name for word in match.meant}
        total = sum(self._weights[word] for word in words)
        return bool(named) and sum(map(self._weights.__getitem__, named)) >= LEAST_SHARE * total

    def _named(
        self, number: int, matches: Sequence[_Match], numbers: AbstractSet[str]
    ) -> Named[Key]:
        title = self._titles[number]
        words = {word for match in matches for word in match.meant}
        traits = [word in words for word in set(title.words)]
        traits += [trait in numbers for trait in title.numbers]
        longest = max(matches, key=lambda match: (len(match.meant), len(match.mention.phrase)))
        strength = sum(traits) / len(traits)
        return Named(title.text, title.keys, strength, longest.mention.phrase)


def _title(text: str, keys: tuple[Key, ...]) -> _Title[Key]:
    found = parts(_CAMEL.sub(" ", text))
    stop = stop_words_for([part.form for part in found])
    words = tuple(
        part.form
        for part in found
        if not part.is_number and len(part.form) > 1 and is_content(part.form, stop)
    )
    return _Title(text, keys, words, frozenset(part.form for part in found if part.is_number))


def _spellings(words: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """How words of a title may be written, with the words that are meant.

    One by one, run together ("foot locker" as "footlocker"), as initials of its first
    words ("jj" for "johnson johnson"), or by the beginning of its first word where that
    is written in capitals ("MGM" for "mgmresorts").
    """
    for word in set(words):
        yield word, frozenset({word})
    if words:
        for end in range(_SHORTEST_PREFIX, len(words[0]) - 1):
            yield f"{_PREFIX}{words[0][:end]}", frozenset(words[:1])
    for start in range(len(words)):
        for end in (start + 2, start + 3):
            run = words[start:end]
            if len(run) == end - start:
                yield "".join(run), frozenset(run)
                if start == 0:
                    yield f"{_INITIALS}{''.join(word[0] for word in run)}", frozenset(run)


#: Before initials and beginnings, so that they are no words.
_INITIALS, _PREFIX = ".", "^"
_SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True)
class _Mention:
    """What may name a title: how it is looked up, what was written, and whether as a name."""

    form: str
    phrase: str
    is_name: bool


@dataclass(frozen=True, slots=True)
class _Match:
    mention: _Mention
    meant: frozenset[str]


def _mentions(asked: Sequence[Part]) -> Iterator[_Mention]:
    for place, part in enumerate(asked):
        if part.is_number:
            continue
        yield _Mention(part.form, part.written, part.looks_like_a_name)
        if 2 <= len(part.written) <= 5 and part.looks_like_a_name:
            for form in {fold(part.written), _without_and(part.written)}:
                yield _Mention(f"{_INITIALS}{form}", part.written, is_name=True)
            if part.written.isupper():
                yield _Mention(f"{_PREFIX}{fold(part.written)}", part.written, is_name=True)
        for end in (place + 2, place + 3):
            run = asked[place:end]
            if len(run) == end - place and not any(item.is_number for item in run):
                yield from _runs(run)


def _runs(run: Sequence[Part]) -> Iterator[_Mention]:
    """Words side by side, run together: stem by stem, and as a file name has them."""
    phrase = " ".join(item.written for item in run)
    is_name = all(item.written[0].isupper() for item in run)
    for form in {"".join(item.form for item in run), _form(phrase.replace(" ", ""))}:
        yield _Mention(form, phrase, is_name)


def _without_and(written: str) -> str:
    """Initials without a small "n" for "and" between them: "JnJ" as "jj"."""
    return fold(_INITIALS_WITH_AND.sub(r"\1\2", written))


def _joined_numbers(asked: Sequence[Part]) -> set[str]:
    """Numbers with the letter behind them, however they are written: "10-K" as "10k"."""
    return {
        f"{number.form}{letter.form}"
        for number, letter in pairwise(asked)
        if number.form.isdigit() and len(letter.written) == 1
    }
