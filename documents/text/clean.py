"""Text as it is kept: visible characters only, composed, with sane white space.

What an eye cannot see must not reach an index or a prompt: control characters,
directional overrides, zero-width and tag characters are taken out. Every step
is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata

from documents.text.words import MARKS

#: More marks than this on one letter are decoration ("zalgo"), and make NFC quadratic.
MAX_MARKS = 6

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_SYMBOL_FONT = str.maketrans(
    {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf0e0": "→", "\uf020": " "}
)
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u00ad\u034f\u061c\u17b4\u17b5\u180e"  # soft hyphen, joiners and marks that show nothing
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters that show nothing
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, direction, invisible operators
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef"  # surrogates, private use, noncharacters
    "\ufeff\ufff0-\ufffc\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags
    "\U000f0000-\U0010ffff"
    "]+"
)
_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]++")
_LONE_JOINER = re.compile("(?<![^\x00-\x7f\\s])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\\s])")
# A variation selector means something after an ideograph, a symbol or in a keycap only.
_LONE_SELECTOR = re.compile(
    "(?<![\u2000-\u33ff\U0001f000-\U0001faff0-9#*\u00a9\u00ae])[\ufe00-\ufe0f]"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
_TOO_MANY_MARKS = re.compile(f"([{MARKS}]{{{MAX_MARKS}}})[{MARKS}]++")
_SPACES = re.compile(r"[^\S\n]++")
_AROUND_LINE_END = re.compile(r"[ \t]?\n[ \t]?")
_BEFORE_LINE_END = re.compile(r"(?<=[^ \t\n])[ \t]++(?=\n)")
_MANY_LINES = re.compile(r"\n{3,}")

# pdfium marks a hyphen that it found at the end of a line with U+FFFE or U+0002.
_PDF_HYPHEN = re.compile(r"(?<=[^\W\d_])[\ufffe\x02]\s?(?=[^\W\d_])")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad][ \t]*+\n[ \t]*+(?=[^\W\d_])")
_LETTERS_BEFORE = re.compile(r"[^\W\d_]+$")
_LOOK_BEHIND = 24

#: First parts after which a hyphen is meant: "well-\nknown" is not "wellknown".
_COMPOUND = frozenset(
    re.findall(
        r"\w+",
        "all anti best cross far first full half hard high large left light long low multi new non"
        " old open part post quasi real right second self semi short single small state step third"
        " three two user well wide work year",
    )
)


def clean(text: str, *, verbatim: bool = False) -> str:
    """``text`` without invisible characters, in NFC, with one kind of line end (LF).

    Words hyphenated at a line end are joined, runs of spaces become one, more
    than one blank line becomes one, and the ends are stripped. ``verbatim``
    (for code) keeps the spaces inside lines and joins no words.
    """
    text = _LINE_ENDS.sub("\n", text).replace("\u2029", "\n\n")
    if not verbatim:
        text = _join_hyphenated(_PDF_HYPHEN.sub("-\n", text))
    text = _visible(text)
    if verbatim:
        text = _BEFORE_LINE_END.sub("", text.replace("\u00a0", " "))
        return _MANY_LINES.sub("\n\n", text).strip("\n").rstrip()
    text = _SPACES.sub(lambda run: "\t" if "\t" in run[0] else " ", text)
    text = _AROUND_LINE_END.sub("\n", text)
    return _MANY_LINES.sub("\n\n", text).strip()


def _visible(text: str) -> str:
    """Without what no eye can see, and composed (NFC)."""
    text = _INVISIBLE.sub("", text.translate(_SYMBOL_FONT) if not text.isascii() else text)
    if text.isascii():
        return text
    text = _LONE_JOINER.sub("", _JOINERS.sub(r"\1", text))
    text = _TOO_MANY_MARKS.sub(r"\1", _LONE_SELECTOR.sub("", text))
    return unicodedata.normalize("NFC", text)


def _join_hyphenated(text: str) -> str:
    """Words broken at a line end made whole; the hyphen stays where it belongs."""
    return _HYPHEN.sub(_joint, text) if "\n" in text else text


def _joint(match: re.Match[str]) -> str:
    """What stands for a hyphen, its line break and the spaces around them."""
    if match[0][0] == "\u00ad":
        return ""
    start, end = match.span()
    following = match.string[end]
    before = _LETTERS_BEFORE.search(match.string[max(0, start - _LOOK_BEHIND) : start])
    word = before[0] if before else ""
    if not following.islower():
        return "-"  # "Anglo-\nSaxon", "COVID-\nPANDEMIC"
    is_compound = word.lower() in _COMPOUND or len(word) == 1 or word.isupper()
    return "-" if is_compound else ""


def one_line(text: str) -> str:
    """``text`` cleaned, on a single line."""
    return " ".join(clean(text).split())
