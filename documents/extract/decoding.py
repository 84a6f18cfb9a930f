"""From bytes to text, when nobody says which encoding they are in.

The order is that of certainty: a byte order mark, UTF-16 and UTF-32 by their
zero bytes, escape sequences of ISO 2022, strict UTF-8, UTF-8 with damage, and
only then statistics over code pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from documents.extract.encoding import BOM_CODECS, wide_codec
from documents.extract.latin import best_latin

#: One damaged place in so many characters beyond ASCII still means UTF-8.
_MAX_DAMAGED_SHARE: Final = 0.25
_DETECTION_SAMPLE: Final = 48 * 1024

_ISO_2022: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b(I", "iso2022_jp_3"),
)
_HZ: Final = re.compile(rb"~\{[!-w][!-~]")
_UTF8_SEQUENCE: Final = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
#: Supersets that files really use, whatever smaller set they claim (WHATWG
#: Encoding Standard, section 4.2).
_SUPERSETS: Final = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_CJK_CODECS: Final = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949", "johab")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef\u3000-\u303f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with the codec it was read by; ``damaged`` counts replaced places."""

    text: str
    codec: str
    damaged: int = 0


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text of ``data``; never raises.

    ``declared`` is what the file says of itself (an HTML ``meta`` element); it
    is believed when it decodes without a fault and nothing contradicts it.
    """
    for mark, codec in BOM_CODECS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], codec)
    if codec := wide_codec(data):
        return _lenient(data, codec)
    certain = _iso_2022(data) or _strictly(data, "utf-8") or _declared(data, declared)
    return certain or _mostly_utf8(data) or _detected(data)


def _strictly(data: bytes, codec: str) -> Decoded | None:
    try:
        return Decoded(data.decode(codec), codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _lenient(data: bytes, codec: str) -> Decoded:
    text = data.decode(codec, "replace")
    return Decoded(text, codec, text.count("\ufffd"))


def _iso_2022(data: bytes) -> Decoded | None:
    """Return a seven-bit text with the escape sequences of East Asian mail."""
    if not data.isascii():
        return None
    for mark, codec in _ISO_2022:
        if mark in data:
            return _strictly(data, codec)
    return _strictly(data, "hz") if _HZ.search(data) and b"~}" in data else None


def _declared(data: bytes, declared: str) -> Decoded | None:
    """Return the text by the label, where that is the name of a text encoding."""
    label = declared.strip().lower().replace("-", "_")
    if not label or label.startswith(("utf_16", "utf_32")):
        return None
    label = {"iso_8859_1": "cp1252", "x_sjis": "cp932"}.get(label, label)
    return _strictly(data, _SUPERSETS.get(label, label))


def _mostly_utf8(data: bytes) -> Decoded | None:
    """Return the text as UTF-8 when only a few places in it are not."""
    intact = len(_UTF8_SEQUENCE.findall(data))
    if not intact:
        return None
    decoded = _lenient(data, "utf-8")
    return decoded if decoded.damaged <= _MAX_DAMAGED_SHARE * intact else None


def _detected(data: bytes) -> Decoded:
    """Return the likeliest reading in a code page."""
    match = from_bytes(_sample(data)).best()
    codec = _SUPERSETS.get(match.encoding, match.encoding) if match is not None else ""
    if not codec:
        return _cjk(data) or _lenient(data, best_latin(_sample(data)) or "cp1252")
    text = _sample(data).decode(codec, "replace")
    if _is_latin(text):
        codec = best_latin(_sample(data)) or codec
    return _lenient(data, codec)


def _sample(data: bytes) -> bytes:
    """Return whole lines around the first bytes beyond ASCII, at most 48 kB."""
    if len(data) <= _DETECTION_SAMPLE:
        return data
    first = next((at for at, byte in enumerate(data) if byte > 127), 0)
    begin = data.rfind(b"\n", 0, first) + 1 if first > _DETECTION_SAMPLE // 2 else 0
    end = data.rfind(b"\n", begin, begin + _DETECTION_SAMPLE)
    return data[begin : end if end > first else begin + _DETECTION_SAMPLE]


def _is_latin(text: str) -> bool:
    """Whether what is beyond ASCII is of the Latin blocks, or only signs."""
    beyond = [char for char in text if char > "\x7f" and char.isalpha()]
    return sum(char > "\u024f" for char in beyond) <= 0.1 * len(beyond)


def _cjk(data: bytes) -> Decoded | None:
    """Return the reading in an East Asian code page with the fewest faults."""
    readings = [_lenient(_sample(data), codec) for codec in _CJK_CODECS]
    best = min(readings, key=lambda reading: reading.damaged)
    characters = len(_CJK.findall(best.text))
    if best.damaged > 0.1 * characters:
        return None
    return _lenient(data, best.codec)
