"""Text out of the picture of a page, by tesseract, where it is installed.

The page is turned upright first; what is read is given in the coordinates of the page
as people see it, so that a quote can be marked there.
"""

from __future__ import annotations

import array
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from documents.extract import process as processes
from documents.extract.pages import Picture
from documents.types import Block, Box, PageLetters

#: Dots an inch: what tesseract's models were trained for.
DPI: Final = 300
_CHILD: Final = "documents.extract.tesseract_child"
_LIMITS: Final = {"memory": 1536 * 1024 * 1024, "cpu": 90}
_ORIENTATION_SECONDS: Final = 25.0
_TEXT_SECONDS: Final = 75.0
_MOST_OUTPUT: Final = 20 * 1024 * 1024
_ROTATION: Final = re.compile(rb"^Rotate: (0|90|180|270)$", re.MULTILINE)
_CONFIDENCE: Final = re.compile(rb"^Orientation confidence: ([0-9.]+)$", re.MULTILINE)
#: Below, tesseract's guess which side is up is as often wrong as right.
_SURE: Final = 2.0
#: The level of words in tesseract's table, and the number of its columns.
_WORD: Final = "5"
_COLUMNS: Final = 12
#: In percent, as tesseract gives them: less sure words and pages are noise. Blots and
#: photographs read as text come out below 50, poor print above 60.
_SURE_WORD: Final = 25.0
_SURE_PAGE: Final = 55.0


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was recognised, where it stands, and how sure it is, in percent.

    ``paragraph`` and ``line`` count over the page; neighbours with the same stand together.
    """

    text: str
    box: Box
    confidence: float
    paragraph: int
    line: int


@dataclass(frozen=True, slots=True)
class RecognisedText:
    """What was recognised on a page of ``width`` by ``height`` in the units of ``Box``.

    ``turned`` is by how many degrees clockwise the picture had to be turned.
    """

    width: int
    height: int
    words: tuple[Word, ...] = ()
    turned: int = 0

    @property
    def confidence(self) -> float:
        """How sure the words are on average, by their length, in percent."""
        letters = sum(len(word.text) for word in self.words)
        return sum(len(word.text) * word.confidence for word in self.words) / max(1, letters)


class RecognitionFailed(Exception):
    """Tesseract took too long over a page, or ended with an error."""


@lru_cache(maxsize=8)
def missing(languages: str) -> str:
    """Return what is missing here to recognise text in these languages, nothing if all is there.

    ``languages`` are tesseract's codes with ``+`` between them. The answer is kept for the
    life of the process.
    """
    program = shutil.which("tesseract")
    if program is None:
        return "tesseract"
    try:
        listed = subprocess.run(  # noqa: S603 - tesseract, with arguments of our own
            [program, "--list-langs"],
            capture_output=True,
            timeout=20,
            check=False,
            env=processes.bare_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return "tesseract"
    known = set(listed.stdout.decode(errors="replace").split())
    lacking = [code for code in languages.split("+") if code not in known]
    return ", ".join(f"tesseract's language {code}" for code in lacking)


def recognise(picture: Picture, languages: str) -> RecognisedText:
    """Return the words of a grey picture; none where it seems to hold no text.

    Raises ``RecognitionFailed``.
    """
    pixels = np.frombuffer(picture.pixels, dtype=np.uint8).reshape(picture.height, picture.width)
    letters = picture.letters
    if int(pixels.min()) == int(pixels.max()):
        return RecognisedText(letters.width, letters.height)
    turned = _rotation(pixels)
    upright = np.ascontiguousarray(np.rot90(pixels, -turned // 90))
    table = _tesseract(upright, ["-l", languages, "--psm", "3", "tsv"], _TEXT_SECONDS)
    height, width = upright.shape
    places = _Places(width, height, turned, letters.width, letters.height)
    words = tuple(_words(table.decode(errors="replace"), places))
    read = RecognisedText(letters.width, letters.height, words, turned)
    return read if _is_text(read) else RecognisedText(letters.width, letters.height)


def _is_text(read: RecognisedText) -> bool:
    letters = sum(char.isalnum() for word in read.words for char in word.text)
    return letters > 1 and read.confidence >= _SURE_PAGE


def _rotation(pixels: npt.NDArray[np.uint8]) -> int:
    """Return by how many degrees clockwise to turn a picture; 0 when that is not sure."""
    try:
        answer = _tesseract(pixels, ["-l", "osd", "--psm", "0"], _ORIENTATION_SECONDS)
    except RecognitionFailed:  # too few characters, most often
        return 0
    rotation, sure = _ROTATION.search(answer), _CONFIDENCE.search(answer)
    if rotation is None or sure is None or float(sure[1]) < _SURE:
        return 0
    return int(rotation[1])


def _tesseract(pixels: npt.NDArray[np.uint8], options: Sequence[str], seconds: float) -> bytes:
    height, width = pixels.shape
    program = shutil.which("tesseract")
    if program is None:
        raise RecognitionFailed
    command = [program, "stdin", "stdout", "--dpi", str(DPI), *options]
    picture = b"P5\n%d %d\n255\n" % (width, height) + pixels.tobytes()  # PGM, netpbm's format
    try:
        answer, status = processes.run(
            _CHILD, json.dumps(command), _LIMITS, picture, wall=seconds, output=_MOST_OUTPUT
        )
    except processes.Overrun as error:
        raise RecognitionFailed from error
    if status:
        raise RecognitionFailed
    return answer


@dataclass(frozen=True, slots=True)
class _Places:
    """From pixels of the upright picture to the page as people see it."""

    width: int
    height: int
    turned: int
    page_width: int
    page_height: int

    def box(self, left: int, top: int, right: int, bottom: int) -> Box:
        x1, x2 = (self._share(x, self.width) for x in (left, right))
        y1, y2 = (self._share(y, self.height) for y in (top, bottom))
        x1, y1, x2, y2 = {
            0: (x1, y1, x2, y2),
            90: (y1, 1 - x2, y2, 1 - x1),
            180: (1 - x2, 1 - y2, 1 - x1, 1 - y1),
            270: (1 - y2, x1, 1 - y1, x2),
        }[self.turned]
        return Box(
            round(x1 * self.page_width),
            round(y1 * self.page_height),
            round(x2 * self.page_width),
            round(y2 * self.page_height),
        )

    @staticmethod
    def _share(value: int, size: int) -> float:
        return min(max(value / size, 0.0), 1.0)


def _words(table: str, places: _Places) -> Iterable[Word]:
    """Yield the words of tesseract's table; a row that is none is left out."""
    paragraphs: dict[tuple[str, ...], int] = {}
    lines: dict[tuple[str, ...], int] = {}
    for row in table.split("\n"):
        fields = row.split("\t", _COLUMNS - 1)
        if len(fields) != _COLUMNS or fields[0] != _WORD or not fields[-1].strip():
            continue
        try:
            left, top, width, height = map(int, fields[6:10])
            confidence = float(fields[10])
        except ValueError:
            continue
        if confidence >= _SURE_WORD:
            paragraph = paragraphs.setdefault(tuple(fields[2:4]), len(paragraphs))
            line = lines.setdefault(tuple(fields[2:5]), len(lines))
            box = places.box(left, top, left + width, top + height)
            yield Word(fields[-1].strip(), box, round(confidence, 1), paragraph, line)


# --- what is made of the words -----------------------------------------------------------


def blocks_of(words: Iterable[Word]) -> tuple[Block, ...]:
    """Return the paragraphs of a page, its lines apart."""
    return tuple(
        Block(
            "\n".join(
                " ".join(word.text for word in line)
                for _, line in groupby(paragraph, lambda word: word.line)
            )
        )
        for _, paragraph in groupby(words, lambda word: word.paragraph)
    )


def letters_of(text: RecognisedText) -> PageLetters:
    """Return the characters of a recognised page; each stands where its word does."""
    parts: list[str] = []
    edges = array.array("I")
    for _, line in groupby(text.words, lambda word: word.line):
        for word in line:
            box = word.box
            parts.append(f"{word.text} ")
            edges.extend([box.left, box.top, box.right, box.bottom] * len(word.text))
            edges.extend([0, 0, 0, 0])
        parts[-1] = f"{parts[-1][:-1]}\n"
    return PageLetters(text.width, text.height, "".join(parts), edges)


def packed(text: RecognisedText) -> dict[str, Any]:
    """Return what ``unpacked`` makes the same of, as JSON has it."""
    words = [
        [
            w.text,
            w.box.left,
            w.box.top,
            w.box.right,
            w.box.bottom,
            w.confidence,
            w.paragraph,
            w.line,
        ]
        for w in text.words
    ]
    return {"width": text.width, "height": text.height, "turned": text.turned, "words": words}


def unpacked(data: dict[str, Any]) -> RecognisedText:
    """Return the text of ``packed``."""
    words = tuple(
        Word(text, Box(*edges), confidence, paragraph, line)
        for text, *edges, confidence, paragraph, line in data["words"]
    )
    return RecognisedText(data["width"], data["height"], words, data["turned"])
