"""What the load runs on: who asks, and what there is to ask about.

Made by ``tests.load.prepare``, read by the locustfile; the two run in different processes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.samples import docx_bytes, pdf_bytes

#: Names the file.
VARIABLE = "LOAD_FIXTURE"

_HARBOURS = ("Aldmouth", "Brackwater", "Corrie", "Dunvane", "Eastholm", "Farrow", "Gannet", "Hythe")
_GOODS = ("bicycle", "sheep", "piano", "kayak", "tractor", "beehive", "sail", "wheelchair")
_DUTIES = (
    "The officer of the watch signs the list before the ramp is raised. ",
    "Life jackets are counted at the start of each season and after every drill. ",
    "Passengers wait behind the yellow line until the bell has been rung twice. ",
    "A sailing that is cancelled is announced an hour before it would have left. ",
    "Lost property is kept at the office for ninety days and then given away. ",
    "The log is written in ink, and nothing in it is ever rubbed out. ",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token for the API and a session for pages (none: only the API)."""

    token: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Fixture:
    """People, ids of documents that all of them may read, and questions these answer."""

    people: Sequence[Person]
    documents: Sequence[str]
    questions: Sequence[str]

    def save(self, path: Path) -> None:
        """Write it for its owner's eyes only: it holds tokens."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)

    @classmethod
    def load(cls, path: Path) -> Fixture:
        """Read what ``save`` wrote."""
        read = json.loads(path.read_text(encoding="utf-8"))
        people = [Person(**person) for person in read["people"]]
        return cls(people, read["documents"], read["questions"])


def fare(number: int) -> tuple[str, str, int]:
    """Return harbour, goods and price in pence that document ``number`` tells of."""
    harbour = _HARBOURS[number % len(_HARBOURS)]
    goods = _GOODS[number // len(_HARBOURS) % len(_GOODS)]
    return harbour, goods, 100 + 7 * number


def question(number: int) -> str:
    """Return a question that document ``number`` answers."""
    harbour, goods, _ = fare(number)
    return f"What does it cost to take a {goods} on board at {harbour}?"


def text(number: int, paragraphs: int = 12) -> str:
    """Return a document of about 300 characters a paragraph; each number gives another one."""
    harbour, goods, price = fare(number)
    lines = [f"# {harbour} ferry, notice {number}", ""]
    lines += [f"To take a {goods} on board at {harbour} costs {price} pence, paid at the pier.", ""]
    for index in range(paragraphs):
        duties = (_DUTIES[(number + index + step) % len(_DUTIES)] for step in range(3))
        lines += [f"Section {index + 1} of notice {number}. {''.join(duties)}", ""]
    return "\n".join(lines)


def file(number: int) -> tuple[str, bytes]:
    """Return name and bytes of document ``number``."""
    words = text(number)
    if number % 4 == 1:
        return f"notice-{number}.pdf", pdf_bytes([words])
    if number % 4 == 3:
        return f"notice-{number}.docx", docx_bytes(words.split("\n\n"))
    return f"notice-{number}.md", words.encode()
