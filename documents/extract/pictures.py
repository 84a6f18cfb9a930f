"""What an Office file says of a picture in words: its alternative text."""

from __future__ import annotations

import re
from typing import Final

_MAX_LENGTH: Final = 1000
_EXTENSION: Final = (
    r"\.(?:png|jpe?g|jfif|gif|bmp|dib|wmf|emf|wmz|emz|tiff?|svg|pict?|webp|heic|eps|ico|pdf)"
)
#: Said by a program, not by a person: a place of a file, the name of one, "Picture 3"
#: in any language, a left-over attribute.
_NO_WORDS: Final = re.compile(
    rf"(?:[a-z]:[\\/]|\\\\|\.{{0,2}}/|(?:https?|file|cid|data|mailto):).*"
    rf"|[^\n]*{_EXTENSION}"
    rf"|[^\W\d_]+[ _-]?\d+"
    rf"|(?:picture|image|graphic|img|logo|bild|grafik|imagen|рисунок|图片|圖片|그림)"
    rf"|\w+=\S*",
    re.IGNORECASE | re.DOTALL,
)
_BOILERPLATE: Final = re.compile(
    r"\s*(?:Description automatically generated(?: with \w+ confidence)?|AI-generated content may"
    r" be incorrect)\.?\s*",
    re.IGNORECASE,
)


def picture_text(description: str | None, title: str | None = None, name: str | None = None) -> str:
    """Return ``[Picture: …]`` for an alternative text that says something, or nothing.

    Where the description is only a file's name, a path, an address or the ``name``
    that a program gave, the title is asked, and then there is nothing to say.
    """
    for text in (description, title):
        words = " ".join(_BOILERPLATE.sub(" ", text or "").split())
        if (
            any(char.isalpha() for char in words)
            and words != name
            and not _NO_WORDS.fullmatch(words)
        ):
            return f"[Picture: {words[:_MAX_LENGTH]}]"
    return ""
