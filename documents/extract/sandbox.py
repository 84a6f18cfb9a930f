"""Reading a stranger's file in a process that may die.

The parser runs in a fresh interpreter with its own limits of memory and time,
without secrets, and sends its pages one by one. Whatever happens to it, the
parent ends with pages or with an error that names the reason.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from documents.errors import CorruptFile, NoText, ProductError, ServiceError, TooComplex
from documents.extract import process as processes
from documents.extract.wire import BadFrame, End, Failure, Frame, Started, decode
from documents.types import ExtractedPage, Extraction, FileMetadata, MediaType, Notice

_READ: Final = 64 * 1024
_CHILD: Final = "documents.extract.child"
#: Seconds between two words to the caller, and the longest wait for the child.
_BEAT: Final = 0.5
_TIME_SIGNALS: Final = frozenset({signal.SIGXCPU, signal.SIGPROF, signal.SIGKILL})
#: Dead with this share of its memory in use, the child most likely wanted more.
_MEMORY_SHARE: Final = 0.6

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    ``memory`` is address space in bytes, ``cpu`` processor seconds for the whole
    file, ``stall`` processor seconds for one page, ``wall`` seconds by the clock
    and ``output`` bytes that the child may send.
    """

    memory: int = 1536 * 1024 * 1024
    cpu: int = 60
    stall: float = 30.0
    wall: float = 120.0
    output: int = 80 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What reading a file took. ``peak_rss_bytes`` is 0 where nobody can tell."""

    peak_rss_bytes: int
    cpu_seconds: float
    wall_seconds: float


@dataclass(slots=True)
class _Received:
    """What has come from the child so far."""

    pages: list[ExtractedPage] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    metadata: FileMetadata = field(default_factory=FileMetadata)
    failure: Failure | None = None
    started: bool = False
    ended: bool = False
    peak_rss: int = 0

    def add(self, frame: Frame) -> None:
        match frame:
            case ExtractedPage():
                self.pages.append(frame)
            case FileMetadata():
                self.metadata = frame
            case Notice():
                self.notices.append(frame)
            case Failure():
                self.failure = frame
            case Started():
                self.started = True
            case End(peak_rss):
                self.ended, self.peak_rss = True, max(self.peak_rss, peak_rss)

    @property
    def has_text(self) -> bool:
        return any(not block.text.isspace() for page in self.pages for block in page.blocks)


class _Overrun(Exception):
    """The parent ends the child: it took too long, or said too much."""


def extract(
    data: bytes,
    media_type: MediaType,
    *,
    limits: Limits | None = None,
    on_page: Progress | None = None,
    on_report: Callable[[SandboxReport], None] | None = None,
    text_required: bool = True,
) -> Extraction:
    """Read ``data`` in a child process and return what it holds.

    ``on_page`` gets the number of pages read and, where known, of all pages: twice
    a second, also while waiting, and once at the end; what it raises ends the
    child and is passed on. ``on_report`` gets what it cost. Pages that were read before a
    late death are kept, with a notice ``partly_read``.

    Raises a ``FileError``: what the extractor found, ``TooComplex`` past a limit,
    ``CorruptFile`` for a crash, ``NoText`` when no page has any and ``text_required``.
    ``ServiceError`` when the child cannot even start.
    """
    run = _Run(limits or Limits(), on_page or (lambda _done, _total: None))
    try:
        run.work(data, media_type)
    finally:
        report = run.reap()
    if on_report is not None:
        on_report(report)
    return _outcome(run, text_required=text_required)


class _Run:
    """One child process, from start to reaping."""

    def __init__(self, limits: Limits, on_page: Progress) -> None:
        self.limits = limits
        self.received = _Received()
        self.cut_off: ProductError | None = None
        self.status = 0
        self._on_page = on_page
        self._started = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0.0

    def work(self, data: bytes, media_type: MediaType) -> None:
        """Feed the child and listen until it ends or a limit is passed."""
        self._process = process = _start(media_type, self.limits)
        try:
            self._converse(process, memoryview(data))
            self._tell()
        except _Overrun:
            self.cut_off = TooComplex()
        except BadFrame:
            self.cut_off = CorruptFile()

    def _converse(self, process: subprocess.Popen[bytes], data: memoryview) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - PIPE
        buffer = bytearray()
        total = 0
        with selectors.DefaultSelector() as selector:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(self._patience())}
                if process.stdin in ready:
                    data = processes.feed(process.stdin.fileno(), data)
                    if not data:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                if process.stdout in ready:
                    part = os.read(process.stdout.fileno(), _READ)
                    if not part:
                        return
                    total += len(part)
                    buffer += part
                    self._take_lines(buffer, total)
                self._tick(process)

    def _patience(self) -> float:
        """Return the seconds to wait for the child; raise when there are none left."""
        left = self._started + self.limits.wall - time.monotonic()
        if left <= 0:
            raise _Overrun
        return min(left, _BEAT)

    def _take_lines(self, buffer: bytearray, total: int) -> None:
        if total > self.limits.output:
            raise _Overrun
        end = buffer.rfind(b"\n") + 1
        if not end:
            return
        for line in bytes(buffer[:end]).splitlines():
            self.received.add(decode(line))
        del buffer[:end]

    def _tick(self, process: subprocess.Popen[bytes]) -> None:
        """Measure the child and tell the caller that it lives, twice a second."""
        if time.monotonic() - self._told < _BEAT:
            return
        self._measure(process)
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._on_page(len(self.received.pages), self.received.metadata.page_count)

    def reap(self) -> SandboxReport:
        """End what is left of the child's process group; never leave a zombie."""
        process, cpu = self._process, 0.0
        if process is not None:
            self._measure(process)
            if self.cut_off is not None or sys.exc_info()[0] is not None:
                processes.kill_group(process)
            self.status, cpu = processes.wait(process)
            for pipe in (process.stdin, process.stdout):
                processes.close(pipe)
        wall = time.monotonic() - self._started
        return SandboxReport(self.received.peak_rss, cpu, wall)

    def _measure(self, process: subprocess.Popen[bytes]) -> None:
        self.received.peak_rss = max(self.received.peak_rss, processes.peak_rss(process.pid))


def _start(media_type: MediaType, limits: Limits) -> subprocess.Popen[bytes]:
    given = {"memory": limits.memory, "cpu": limits.cpu, "stall": limits.stall}
    process = processes.start(_CHILD, media_type.value, given)
    processes.give_way(process.pid)
    return process


def _outcome(run: _Run, *, text_required: bool) -> Extraction:
    """Return what was read, or raise why nothing was."""
    received = run.received
    notices = list(received.notices)
    failure = received.failure
    if failure is not None and failure.final:
        raise failure.as_error()
    if not received.ended:
        error = failure.as_error() if failure is not None else _death(run)
        if not received.has_text:
            raise error
        notices.append(_partly_read(received))
    if text_required and not received.has_text:
        raise NoText
    return Extraction(tuple(received.pages), received.metadata, tuple(notices))


def _death(run: _Run) -> ProductError:
    """Return the error for a child that ended without saying why."""
    if run.cut_off is not None:
        return run.cut_off
    if -run.status in _TIME_SIGNALS:
        return TooComplex()
    if run.received.peak_rss > _MEMORY_SHARE * run.limits.memory:
        return TooComplex()
    if not run.received.started:
        return ServiceError("The program that reads files could not be started.")
    return CorruptFile()


def _partly_read(received: _Received) -> Notice:
    done, total = len(received.pages), received.metadata.page_count
    if received.pages[-1].number is None:
        return Notice("partly_read", "Only the beginning of the file could be read.")
    pages = "page 1" if done == 1 else f"pages 1–{done}"
    of_all = f" of {total}" if total else ""
    return Notice("partly_read", f"Only {pages}{of_all} could be read.")
