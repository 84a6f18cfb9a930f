"""Makes of anything that is logged one line that no terminal and no parser can misread.

Pure. The second line of defence hides what looks like a secret; the first is that nothing
of the kind is logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

HIDDEN: Final = "[hidden]"
#: Control characters, line ends of Unicode, marks that turn the direction of reading, and
#: halves of characters, which no encoding can carry.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What looks like a secret: the mark before it stays, the secret goes.
_SECRETS: Final = (
    re.compile(r"(?i)(\b(?:proxy-)?authorization['\"]?\s*[:=]\s*['\"]?(?:[a-z]+\s+)?)[^\s'\",;]+"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(
        r"(?i)(\b[\w-]*(?:password|passwd|secret|token|api[_-]?key|database_key|sessionid"
        r"|csrftoken|csrfmiddlewaretoken)['\"]?\s*[:=]\s*['\"]?)(?!\s)[^\s'\",;&]{3,}"
    ),
    re.compile(r"(?i)((?:set-)?cookie['\"]?\s*[:=]\s*['\"]?)[^\r\n'\"]+"),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@"),
    re.compile(r"(/(?:setup|reset)/)[^/\s]+"),
    re.compile(r"()\bsk-[A-Za-z0-9_-]{8,}"),
    # Our own tokens: 32 random bytes in the alphabet of URLs, mixed as no word is.
    re.compile(r"()(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{43}(?![\w-])"),
)


def one_line(text: str) -> str:
    """Return the text with everything escaped that could end a line or steer a terminal."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _SHORT.get(char) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


#: Without one of these in it, a text matches none of the patterns above. They are slow.
_SUSPECT: Final = re.compile(
    r"author|bearer|basic|passw|secret|token|key|sessionid|csrf|cookie|://|/setup/|/reset/|sk-"
    r"|[\w-]{43}",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return the text with all hidden that looks like a key, a token, a cookie or a password."""
    if not _SUSPECT.search(text):
        return text
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return text


def hider(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that hides these very strings as well; short ones are words."""
    known = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
    exact = re.compile("|".join(map(re.escape, known))) if known else None

    def hide(text: str) -> str:
        return without_secrets(exact.sub(HIDDEN, text) if exact else text)

    return hide
