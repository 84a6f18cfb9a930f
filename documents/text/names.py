"""Names of uploaded files made fit to be shown. They never name a place on a disk."""

from __future__ import annotations

import re
from urllib.parse import unquote

from documents.text.clean import one_line
from documents.text.cuts import is_grapheme_border

#: Characters of a display name, its extension included.
MAX_NAME = 200

_UNTITLED = "untitled"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_READABLE = frozenset({"pdf", "txt", "docx", "md", "markdown", "html", "htm"})
_DRIVE = re.compile(r"^[A-Za-z]:")


def display_name(raw: str) -> str:
    """The last part of a file name as sent by a client, safe to show and to offer again.

    Folders, control characters, directional overrides and lone surrogates are
    taken out; it is NFC, on one line, at most ``MAX_NAME`` characters long with
    its extension kept, and never empty. Any string is accepted.
    """
    parts = [one_line(part) for part in re.split(r"[/\\]", raw[-4096:])]
    name = next((part for part in reversed(parts) if part.strip(". ")), "")
    name = _DRIVE.sub("", name).rstrip(". ")
    if name.lstrip(".").lower() in _READABLE and name.startswith("."):
        return f"{_UNTITLED}{name[name.rindex('.') :]}"
    stem, extension = _split(name.lstrip(". "))
    return f"{_shorten(stem, MAX_NAME - len(extension)) or _UNTITLED}{extension}"


def title_from_name(name: str) -> str:
    """A title for a document that brings none: its file name, without extension, as words."""
    stem, _ = _split(display_name(name))
    words = re.sub(r"[_/\\]+", " ", unquote(stem, errors="ignore"))
    return one_line(words) or _UNTITLED


def _split(name: str) -> tuple[str, str]:
    """Stem and extension with its dot; the extension is empty when there is none."""
    found = _EXTENSION.search(name)
    if found is None or found.start() == 0:
        return name, ""
    return name[: found.start()].rstrip(), found[0]


def _shorten(stem: str, length: int) -> str:
    if len(stem) <= length:
        return stem
    while length > 0 and not is_grapheme_border(stem, length):
        length -= 1
    return stem[:length].rstrip()
