"""Titles that files carry and that mean something: many only name the program or a template."""

from __future__ import annotations

import re

_FILE_NAME = re.compile(
    r"\.(?:docx?|odt|rtf|txt|pdf|tex|dvi|indd|qxd|pptx?|xlsx?|html?|md|wpd|pub)$", re.IGNORECASE
)
_PROGRAM = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)|powerpoint presentation)\b", re.IGNORECASE
)
_EMPTY = re.compile(
    r"^(?:untitled|no title|title|document|doc|dokument|documento|unbenannt|sans titre|sin título|"
    r"slide|template|pdf|print|test|blank|none|null)?[\s\d._-]*$",
    re.IGNORECASE,
)


def meaningful_title(title: str) -> str:
    """Return the title without surplus space, or nothing where it says nothing.

    Nothing comes back for file names, names of programs and words such as
    "untitled": the name of the uploaded file tells a reader more.
    """
    title = " ".join(title.split())
    if len(title) < 3 or _FILE_NAME.search(title) or _PROGRAM.match(title) or _EMPTY.match(title):
        return ""
    return title
