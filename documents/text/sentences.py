"""Where sentences begin and end, in linear time, for text of any script.

Rules rather than a model: a stop ends a sentence unless the word before it is
an abbreviation, an initial or an ordinal, or the text goes on in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from documents.text.abbreviations import (
    AFTER_ORDINAL,
    BEFORE_NUMBER,
    EITHER,
    NEVER_FINAL,
    STARTERS,
)
from documents.text.cuts import last_cut

#: A sentence longer than this is cut at a space.
MAX_SENTENCE = 1000

_HEADING_LENGTH = 60
_LOOK = 48  # characters read before and after a stop; bounds the work per stop
_OPENERS = "\"'“‘«‹„‚([{<¿¡*_—–-"
# Possessive quantifiers: a run of a million stops is read once, not once per stop.
_STOP = re.compile(
    r"(?:(?P<always>[。！？｡।॥؟۔։።፧፨။។]++)|(?P<maybe>[.!?…．‽]++))"
    r"[\"'”’»›)\]}」』）】》〉]*+(?:\[\d{1,3}\])*+"
)
_NEWLINES = re.compile(r"\n\s*+")
_ITEM = re.compile(r"(?:[-*+•–—·▪◦‣●○■□➢]\s|\(?\d{1,3}[.)]\s|\(?[a-zA-Z]\)\s|#{1,6}\s|>\s)")
_LAST_WORD = re.compile(r"(?:[^\W_]+[.’'])*[^\W_]+$")
_NEXT_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every sentence, in order, without surrounding white space.

    Together the spans hold every character that is not white space. A blank
    line always ends a sentence; a single line break does so only beside a list
    item, a table row or a heading. Time is linear in the length of ``text``.
    """
    spans: list[tuple[int, int]] = []
    for start, end in _segments(text):
        for left, right in _split_at_stops(text, start, end):
            spans.extend(_shorten(text, left, right))
    return spans


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends; ``start == end`` when nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """Spans between line breaks that end a sentence whatever stands around them."""
    start = line = 0
    for match in _NEWLINES.finditer(text):
        left, right = match.span()
        blank = text.count("\n", left, right) > 1
        if blank or _line_ends_sentence(text, start, line, left, right):
            yield start, left
            start = right
        line = right
    yield start, len(text)


def _line_ends_sentence(text: str, start: int, line: int, left: int, right: int) -> bool:
    """Whether the line ``text[line:left]`` is apart from the one that begins at ``right``.

    ``start`` is where the current segment began: only its first line can be a heading.
    """
    following = text[right : right + _LOOK]
    if not following or _ITEM.match(following):
        return True
    stop = text.find("\n", right, right + 500)
    next_line = text[right : stop if stop >= 0 else right + 500]
    ending = text[max(line, left - 500) : left].rstrip()
    if "\t" in ending or " | " in ending or "\t" in next_line or " | " in next_line:
        return True
    return (
        line == start
        and left - line <= _HEADING_LENGTH < len(next_line)
        and ending[-1:] not in ".,;:!?-–—"
        and not ending[:1].islower()
        and not following[0].islower()
        and not _ITEM.match(ending)
    )


def _split_at_stops(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    has_capitals: bool | None = None  # looked up for the first stop that something follows
    begin, _ = _trim(text, start, end)
    for match in _STOP.finditer(text, start, end):
        stop = match.end()
        if stop >= end:
            break
        if has_capitals is None:
            has_capitals = any(map(str.isupper, text[start : min(end, start + 2000)]))
        ends = match["always"] is not None or _ends_sentence(
            text, begin, match, end, has_capitals=has_capitals
        )
        if ends and match.start() >= begin:
            yield begin, stop
            begin, _ = _trim(text, stop, end)
    left, right = _trim(text, begin, end)
    if left < right:
        yield left, right


def _ends_sentence(
    text: str, begin: int, match: re.Match[str], end: int, *, has_capitals: bool
) -> bool:
    """Whether the stops of ``match`` end the sentence that began at ``begin``."""
    after = text[match.end() : min(end, match.end() + _LOOK)]
    if not after[0].isspace():
        return bool(_CJK.match(after)) and match["maybe"][-1] not in ".．"
    following = after.lstrip()
    if not following:
        return True
    first = following.lstrip(_OPENERS)[:1]
    if match["maybe"] != ".":
        return not first.islower() or not has_capitals
    if text[match.start() - 1 : match.start()].isspace():
        return True  # " . " stands in tokenised text only
    if first.islower() and has_capitals:
        return False
    before = text[max(begin, match.start() - _LOOK) : match.start()]
    at_start = match.start() - begin <= _LOOK
    return not _is_short_form(before, following, at_start=at_start)


def _is_short_form(before: str, following: str, *, at_start: bool) -> bool:
    """Whether the stop between the two belongs to the word before it."""
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word, lower = found[0], found[0].lower()
    next_word = _NEXT_WORD.search(following[:_LOOK])
    next_text = next_word[0] if next_word else ""
    if word.isdigit():
        # "1. Introduction" and "am 3. Oktober"
        first = at_start and found.start() == 0
        return len(word) <= 3 and (first or next_text.lower() in AFTER_ORDINAL)
    if lower in NEVER_FINAL:
        return True
    if lower in BEFORE_NUMBER and (next_text[:1].isdigit() or _is_label(next_text)):
        return True
    is_next_initial = len(next_text) == 1 and f"{next_text}." in following
    starts_anew = next_text.lower() in STARTERS and not is_next_initial
    is_initial = len(word) == 1 or bool(re.fullmatch(r"(?:\w\.)+\w", word))
    return (is_initial or lower in EITHER) and not starts_anew and following[0] not in "¿¡"


def _is_label(word: str) -> bool:
    """A Roman numeral or a single capital: ``Fig. IV``, ``App. B``."""
    return bool(re.fullmatch(r"[IVXLC]+|[A-Z]", word))


def _shorten(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span itself, or pieces of at most ``MAX_SENTENCE``."""
    while end - start > MAX_SENTENCE:
        cut = last_cut(text, start, start + MAX_SENTENCE)
        yield _trim(text, start, cut)
        start, _ = _trim(text, cut, end)
    if start < end:
        yield start, end
