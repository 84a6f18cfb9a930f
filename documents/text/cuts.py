"""Where a text may be cut: at white space, else between words, else between graphemes."""

from __future__ import annotations

import unicodedata

_CLAUSE_ENDS = frozenset("，、；：,;:—")
_MAX_FLAGS = 4096  # read back to tell which two halves make a flag; bounds the work
_ZERO_WIDTH_JOINER = "\u200d"


def last_cut(text: str, low: int, high: int) -> int:
    """The last good place ``low < p <= high < len(text)`` to cut ``text`` in two.

    White space anywhere in between wins, then the end of a clause in the last
    third, then a border between two words of a script without spaces. Only when
    a single word fills the whole stretch is it cut, and then between two
    graphemes where there is such a place.
    """
    for position in range(high, low, -1):
        if text[position].isspace() or text[position - 1].isspace():
            return position
    for position in range(high, high - (high - low) // 3, -1):
        if text[position - 1] in _CLAUSE_ENDS and _is_word_border(text, position):
            return position
    for position in range(high, low, -1):
        if _is_word_border(text, position):
            return position
    for position in range(high, low, -1):
        if is_grapheme_border(text, position):
            return position
    return high


def is_grapheme_border(text: str, position: int) -> bool:
    """Whether no accent, joined emoji or flag stands across ``position``.

    A working part of UAX #29: marks, joiners, skin tones and pairs of regional
    indicators; conjoining Hangul needs none, being composed by NFC.
    """
    before, after = text[position - 1], text[position]
    if before == _ZERO_WIDTH_JOINER or after in {_ZERO_WIDTH_JOINER, "\u200c"}:
        return False
    if after >= "\u0300" and unicodedata.category(after)[0] == "M":
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    if not (_is_flag_half(before) and _is_flag_half(after)):
        return True
    start = position
    while start > 0 and position - start < _MAX_FLAGS and _is_flag_half(text[start - 1]):
        start -= 1
    return (position - start) % 2 == 0


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_word_border(text: str, position: int) -> bool:
    before, after = text[position - 1], text[position]
    is_beside_unspaced = _is_unspaced(before) or _is_unspaced(after)
    return is_beside_unspaced and is_grapheme_border(text, position)


def _is_unspaced(char: str) -> bool:
    """Ideographs, kana and their punctuation: a line may break beside them."""
    return "\u2e80" <= char <= "\ua4cf" or "\uff00" <= char <= "\uff65" or char >= "\U00020000"
