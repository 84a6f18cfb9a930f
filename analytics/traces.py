"""What may be told of an exception: its type, where it went through the code, and no value.

Pure. A trace is file, line, function and the line of source; never a local variable. An
exception's own message may quote anything, so it is told only where it is the system's.
"""

from __future__ import annotations

import hashlib
import linecache
import re
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Final

#: The packages whose frames are ours.
OWN: Final = ("ragsite", "analytics", "chat", "documents")
#: Frames shown of a trace: the first and the last, for a recursion may have thousands.
_FIRST, _LAST = 10, 40
#: Causes followed, and parts shown of a group.
_DEEPEST, _PARTS = 5, 3
_ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = re.compile(r"^.*?/(?:site-packages|dist-packages|lib/python[\d.]+)/")
#: Python's and the database's own words about code: names of attributes, tables, columns.
_OF_CODE: Final = (AttributeError, NameError, ImportError, RecursionError)
_DATABASE: Final = frozenset({"OperationalError", "IntegrityError", "ProgrammingError",
                              "InternalError", "DatabaseError"})  # fmt: skip
#: A message in which all that is quoted are names, as Python writes its own.
_NAMES: Final = re.compile(r"(?:[^'\"]|'[A-Za-z_][\w.<>]{0,60}')*")
#: What the database says of its tables; of anything else only the part before a colon or a
#: quotation is told, for what follows may be a word of a search.
_OF_TABLES: Final = re.compile(r"[A-Z ]+ constraint failed(?:: [\w., ]+)?|no such table: [\w.]+")
_QUOTATION: Final = re.compile(r"[:\"'`\[“].*|\bnear\b.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of the way: where in which file, and the line of source that stands there."""

    file: str
    line: int
    function: str
    module: str
    source: str

    @property
    def is_own(self) -> bool:
        """Whether it is the product's code."""
        return self.module.split(".", 1)[0] in OWN


@dataclass(frozen=True, slots=True)
class Trace:
    """An exception without its values. ``causes`` are what it came from, the nearest first."""

    kind: str
    said: str
    frames: tuple[Frame, ...]
    causes: tuple[Trace, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for the same fault, whichever release moved its lines: 32 digits."""
        parts = [self.kind, *(f"{module}:{function}" for module, function in _way(self))]
        parts += [cause.kind for cause in self.causes]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    @property
    def title(self) -> str:
        """The fault in a line: what, and in which of our functions."""
        way = _way(self)
        short = self.kind.rpartition(".")[2]
        return f"{short} in {way[-1][0]}.{way[-1][1]}" if way else short

    def lines(self) -> Iterator[str]:
        """Yield the trace as people read it, the innermost last and causes first."""
        for cause in reversed(self.causes):
            yield from cause.lines()
            yield "which led to"
        hidden = len(self.frames) - _FIRST - _LAST
        for number, frame in enumerate(self.frames):
            if hidden > 0 and _FIRST <= number < _FIRST + hidden:
                if number == _FIRST:
                    yield f"… {hidden} more …"
                continue
            yield f"{frame.file}:{frame.line} in {frame.function}"
            yield f"    {frame.source}"
        yield f"{self.kind}: {self.said}" if self.said else self.kind


def trace_of(error: BaseException, depth: int = 0) -> Trace:
    """Return what may be told of an exception."""
    return Trace(
        kind=_name(type(error)),
        said=said(error),
        frames=tuple(_frames(error.__traceback__)),
        causes=tuple(trace_of(cause, depth + 1) for cause in _causes(error, depth)),
    )


def said(error: BaseException) -> str:
    """Return the message of an exception where it cannot quote a person, else nothing."""
    if isinstance(error, OSError):
        return error.strerror or ""
    text = " ".join(str(error).split())[:300]
    if isinstance(error, _OF_CODE):
        return text if _NAMES.fullmatch(text) else ""
    if type(error).__name__ in _DATABASE:
        return text if _OF_TABLES.fullmatch(text) else _QUOTATION.sub("…", text)
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""


def _name(kind: type[BaseException]) -> str:
    is_builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}"


def _causes(error: BaseException, depth: int) -> list[BaseException]:
    if depth >= _DEEPEST:
        return []
    inner = error.exceptions[:_PARTS] if isinstance(error, BaseExceptionGroup) else ()
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [*([] if before is None else [before]), *inner]


def _frames(trace: TracebackType | None) -> Iterator[Frame]:
    for frame, line in traceback.walk_tb(trace):
        code = frame.f_code
        source = linecache.getline(code.co_filename, line, frame.f_globals).strip()
        module = str(frame.f_globals.get("__name__", ""))
        yield Frame(_shown(code.co_filename), line, code.co_qualname, module, source[:200])


def _shown(path: str) -> str:
    """Return a path without the part that only tells about the machine."""
    short = path.removeprefix(f"{_ROOT}/")
    return _PACKAGES.sub("", path) if short == path or ".venv" in short else short


def _way(trace: Trace) -> list[tuple[str, str]]:
    """Return modules and functions of our own frames, or of all where none is ours."""
    own = [frame for frame in trace.frames if frame.is_own] or list(trace.frames)
    return [key for key, _ in groupby(_places(own))]


def _places(frames: Iterable[Frame]) -> Iterator[tuple[str, str]]:
    for frame in frames:
        yield frame.module, frame.function
