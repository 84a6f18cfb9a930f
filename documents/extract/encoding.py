"""Whether bytes are text at all, and the encodings that show themselves.

Light enough for the process that takes uploads; the statistics over code pages
are in ``documents.extract.decoding``.
"""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

#: Longest first: the mark of UTF-32-LE begins with that of UTF-16-LE.
BOM_CODECS: Final[tuple[tuple[bytes, str], ...]] = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BOMS: Final = tuple(mark for mark, _ in BOM_CODECS)

_SAMPLE: Final = 64 * 1024
#: Control characters that no text holds. Left out are backspace (manual pages),
#: escape (terminal logs) and the shifts that ISO 2022 needs.
_BINARY_BYTES: Final = bytes([*range(8), 11, *range(16, 27), *range(28, 32), 127])
_MAX_BINARY_SHARE: Final = 0.05
#: Zero bytes are hardly ever in text, and almost always in anything else.
_MAX_NUL_SHARE: Final = 0.05
_PRINTABLE_ASCII: Final = bytes([9, 10, 12, 13, *range(32, 127)])
_ODD_CATEGORIES: Final = frozenset({"Cc", "Cn", "Co", "Cs"})


def looks_binary(data: bytes) -> bool:
    """Whether ``data`` cannot be text in any encoding that is known here."""
    if data.startswith(BOMS) or wide_codec(data):
        return False
    sample = data[:_SAMPLE] + data[_SAMPLE:][-_SAMPLE:]
    if sample.count(0) > max(4, _MAX_NUL_SHARE * len(sample)):
        return True
    odd = len(sample) - len(sample.translate(None, _BINARY_BYTES))
    return odd > max(4, _MAX_BINARY_SHARE * len(sample))


def wide_codec(data: bytes) -> str:
    """Return the codec of UTF-16 or UTF-32 without a mark, or an empty string.

    Spaces and line ends have zero bytes in these encodings, always at the same
    place in the unit; a text of one byte a letter has none.
    """
    sample = data[: _SAMPLE - _SAMPLE % 4]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    for codec, zeros in (("utf-32-le", (2, 3)), ("utf-32-be", (1, 0))):
        if len(data) % 4 == 0 and _is_utf32(sample, codec, zeros):
            return codec
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or max(even, odd) < 0.01 * len(sample) or min(even, odd) > 0.02 * (even + odd):
        return ""
    if even + odd < 0.25 * len(sample) and _is_ascii_with_zeros(sample):
        return ""
    codec = "utf-16-le" if odd > even else "utf-16-be"
    return codec if _reads_as_text(sample, codec) else ""


def _is_utf32(sample: bytes, codec: str, zeros: tuple[int, int]) -> bool:
    """Whether the high bytes are zero and the next are at most 16 (U+10FFFF)."""
    plane, highest = zeros
    if any(sample[highest::4]) or max(sample[plane::4]) > 16:
        return False
    return _reads_as_text(sample, codec)


def _is_ascii_with_zeros(sample: bytes) -> bool:
    return not sample.translate(None, _PRINTABLE_ASCII + b"\0")


def _reads_as_text(sample: bytes, codec: str) -> bool:
    """Whether nearly all characters are assigned and none of the rest are zero."""
    text = codecs.getincrementaldecoder(codec)("replace").decode(sample)
    odd = sum(
        char not in "\t\n\f\r\ufeff" and unicodedata.category(char) in _ODD_CATEGORIES
        for char in text
    )
    return odd <= 0.02 * len(text) and text.count("\ufffd") <= 0.01 * len(text)
