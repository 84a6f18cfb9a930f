"""A child of the sandbox that misbehaves as the file it gets tells it to.

Run by the tests in place of ``documents.extract.child``, whose limits and frames
it uses. It is never imported by a test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from documents.errors import CorruptFile
from documents.extract import child
from documents.extract.base import Piece
from documents.types import Block, ExtractedPage, FileMetadata, MediaType, Notice


def _page(number: int | None, text: str) -> ExtractedPage:
    return ExtractedPage(number, (Block(text),))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _spin() -> None:
    while True:
        pass


def _sleep() -> None:
    time.sleep(60)


def _hoard() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def _raise() -> None:
    raise ValueError("a line of the document")


def _judge() -> None:
    raise CorruptFile


def _write_file() -> None:
    Path(f"/tmp/rogue-{os.getpid()}").write_bytes(b"written")


def _nonsense() -> None:
    sys.stdout.buffer.write(b"{not a frame\n")
    sys.stdout.buffer.flush()


def _flood() -> None:
    while True:
        sys.stdout.buffer.write(b"x" * 65536)


DEEDS: dict[str, Callable[[], None]] = {
    "die": _die,
    "spin": _spin,
    "sleep": _sleep,
    "hoard": _hoard,
    "raise": _raise,
    "judge": _judge,
    "write": _write_file,
    "nonsense": _nonsense,
    "flood": _flood,
}


class Rogue:
    """Yields as many pages as it is told, then does the deed it is told."""

    media_type = MediaType.TXT

    def extract(self, data: bytes) -> Iterator[Piece]:
        deed, _, pages = data.decode().strip().partition(" ")
        yield FileMetadata(page_count=40)
        for number in range(1, int(pages or 0) + 1):
            yield _page(number, f"Text of page {number}")
        if deed == "environment":
            yield _page(None, "\n".join(f"{name}={value}" for name, value in os.environ.items()))
        elif deed == "surrogate":
            yield _page(None, "a \ud835\udc65 b \ud800 c")
        elif deed == "linger":
            left = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL)
            yield _page(None, str(left.pid))
        elif deed == "notice":
            yield Notice("page_failed", "Page 2 could not be read.")
        elif deed != "end":
            DEEDS[deed]()


if __name__ == "__main__":
    with patch.object(child, "extractor_for", lambda _type: Rogue()):
        sys.exit(child.main(sys.argv[1:]))
