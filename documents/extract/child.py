"""What runs inside the sandbox: ``python -m documents.extract.child TYPE LIMITS``.

The file comes on standard input, frames go to standard output. Nothing goes to
standard error: a traceback would carry text of the document into a log.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from typing import Final

from documents.errors import CorruptFile, FileError, TooComplex
from documents.extract.base import Extractor, Piece
from documents.extract.confinement import confine, die_with
from documents.extract.registry import extractor_for
from documents.extract.wire import End, Failure, Frame, Started, encode
from documents.types import MediaType

_RECURSION_LIMIT: Final = 3000


def main(arguments: list[str]) -> int:
    """Read the file of the type ``arguments[0]`` under the limits ``arguments[1]``.

    The limits are a JSON object with ``memory`` (bytes), ``cpu`` and ``stall``
    (seconds of processor time) and ``parent`` (process id).
    """
    media_type, limits = MediaType(arguments[0]), json.loads(arguments[1])
    die_with(int(limits["parent"]))
    extractor = extractor_for(media_type)  # loads its libraries, before nothing can be opened
    confine(int(limits["memory"]), int(limits["cpu"]))
    sys.setrecursionlimit(_RECURSION_LIMIT)
    _serve(extractor, float(limits["stall"]))
    return 0


def _serve(extractor: Extractor, stall: float) -> None:
    """Send what the extractor yields, then how it ended."""
    _send(Started())
    data = sys.stdin.buffer.read()
    try:
        for piece in _watched(extractor.extract(data), stall):
            _send(piece)
    except FileError as error:
        _send(Failure(error.code, error.message))
    except (MemoryError, RecursionError):
        _send(Failure(TooComplex.code, TooComplex.default_message, final=False))
    except Exception:  # noqa: BLE001 - whatever a parser raises, the file is what is wrong
        _send(Failure(CorruptFile.code, CorruptFile.default_message, final=False))
    else:
        _send(End(_peak_rss()))


def _watched(pieces: Iterator[Piece], stall: float) -> Iterator[Piece]:
    """Yield ``pieces``; the kernel ends the process when one takes too long.

    ``SIGPROF`` keeps its default action, which ends the process even inside a
    library that never returns to Python.
    """
    while True:
        signal.setitimer(signal.ITIMER_PROF, stall)
        piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _send(frame: Frame) -> None:
    sys.stdout.buffer.write(encode(frame))
    sys.stdout.buffer.flush()


def _peak_rss() -> int:
    """Return the peak of resident memory in bytes, 0 where it cannot be known.

    ``ru_maxrss`` will not do: on Linux it starts with what the parent had.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - no pathlib here
            line = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
