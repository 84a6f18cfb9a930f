"""Drawing a page of a stranger's file in a process that may die.

One child for one picture: what a file does to its reader reaches no other file. Only
a few run at a time, and only a few wait for them.
"""

from __future__ import annotations

import array
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from documents.errors import Busy, NoPicture, NotFound, ServiceError
from documents.extract import process as processes
from documents.types import PAGE_UNITS, PageLetters

_CHILD: Final = "documents.extract.page_child"
_MAX_HEAD: Final = 1000
_EDGES: Final = 4
_EDGE_BYTES: Final = array.array("I").itemsize


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost.

    ``memory`` is address space in bytes, ``cpu`` processor seconds, ``wall`` seconds by
    the clock, waiting for a turn not counted, and ``output`` bytes from the child.
    """

    memory: int = 1536 * 1024 * 1024
    cpu: int = 15
    wall: float = 25.0
    output: int = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it was drawn: ``pixels`` are rows of RGB, or of grey, without gaps."""

    width: int
    height: int
    pixels: bytes
    letters: PageLetters


class Turns:
    """Lets a few work at a time and a few more wait; the rest is sent away.

    ``patience`` is the longest wait in seconds.
    """

    def __init__(self, working: int, waiting: int, patience: float) -> None:
        self._slots = threading.BoundedSemaphore(working)
        self._places = threading.BoundedSemaphore(working + waiting)
        self._patience = patience

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a turn. Raises ``Busy`` when too many wait, or it does not come in time."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._slots.acquire(timeout=self._patience):
                raise Busy
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()


#: Of one process: a browser asks for a handful of pictures at once, and each takes a core.
TURNS: Final = Turns(working=2, waiting=12, patience=20.0)


def draw_page(
    data: bytes, page: int, *, width: int = 0, dpi: int = 0, limits: Limits | None = None
) -> Picture:
    """Draw one page of a PDF, counted from 1, in a child process.

    ``width`` is in pixels, see ``pdf_page.picture_size``; with ``dpi`` instead the
    picture is grey. Raises ``NotFound`` for a page that there is not, ``NoPicture``
    when the page cannot be drawn, ``ServiceError`` when no child can be started.
    """
    limits = limits or Limits()
    wanted = json.dumps({"page": page, "width": width, "dpi": dpi})
    given = {name: value for name, value in asdict(limits).items() if name in ("memory", "cpu")}
    try:
        answer, status = processes.run(
            _CHILD, wanted, given, data, wall=limits.wall, output=limits.output
        )
    except processes.Overrun as error:
        raise NoPicture("This page takes too long to draw.") from error
    if not answer and status > 0:
        raise ServiceError("The program that draws pages could not be started.")
    return _picture(answer)


def _picture(answer: bytes) -> Picture:
    """Return what the child drew. It read a stranger's file: nothing it says is trusted."""
    head, _, body = answer.partition(b"\n")
    try:
        said = json.loads(head) if len(head) <= _MAX_HEAD else {}
        if said.get("error") == NotFound.code:
            raise NotFound
        return _checked(said, memoryview(body))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NoPicture from error


def _checked(said: dict[str, Any], body: memoryview) -> Picture:
    """Return the picture; any error of value or type means that it is none."""
    (width, height), (wide, high) = said["size"], said["page"]
    length, count, size = said["text"], said["characters"], said["pixels"]
    edges_end = length + count * _EDGES * _EDGE_BYTES
    if len(body) != edges_end + size or size not in (width * height, 3 * width * height):
        raise ValueError("the lengths do not fit")
    if not (0 < wide <= PAGE_UNITS and 0 < high <= PAGE_UNITS and width > 0 and height > 0):
        raise ValueError("no page has this size")
    text = bytes(body[:length]).decode()
    edges = array.array("I", bytes(body[length:edges_end]))
    if len(text) != count or (edges and max(edges) > PAGE_UNITS):
        raise ValueError("the characters do not fit")
    letters = PageLetters(wide, high, text, edges)
    return Picture(width, height, bytes(body[edges_end:]), letters)
