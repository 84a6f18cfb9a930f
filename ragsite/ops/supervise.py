"""Keeps a few programs running: starts them, restarts what dies, stops them in order.

Each program leads a process group of its own, so that Ctrl-C reaches only the
supervisor, and so that what a dead program leaves behind can be ended with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ragsite.ops.lifeline import bind_to_parent

#: Seconds before the 1st, 2nd, … restart in a row: a single death is mended at once.
DELAYS: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
#: A program that ran so long is healthy: its next death counts as the first.
HEALTHY_SECONDS: Final = 10.0
#: Tools like ``timeout`` send their signal twice; only a later one is a second request.
ECHO_SECONDS: Final = 1.0
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``stop_signal`` asks it to end; ``grace`` seconds later it is killed.

    It lets the others start first for ``wait`` seconds, or until one of them is ready.
    """

    name: str
    argv: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 25.0
    wait: float = 0.0
    pass_fds: tuple[int, ...] = ()


@dataclass(slots=True)
class Child:
    """A program and its present process."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.start_at = time.monotonic() + self.program.wait

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the process."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own programs
            self.program.argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self.program.pass_fds,
            process_group=0,
            preexec_fn=bind_to_parent,  # noqa: PLW1509  # the supervisor has one thread
        )

    def reap(self) -> int | None:
        """Return how the process ended, once, and end what it left behind."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.signal_group(signal.SIGKILL)
        self.process = None
        return code

    def schedule(self) -> float:
        """Plan the next start; return the seconds until then."""
        now = time.monotonic()
        self.deaths = 1 if now - self.started >= HEALTHY_SECONDS else self.deaths + 1
        delay = DELAYS[min(self.deaths, len(DELAYS)) - 1]
        self.start_at = now + delay
        return delay

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Runs programs until it is told to stop.

    ``on_ready`` is called once, when a program writes to the pipe ``ready_fd``.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        say: Say,
        on_ready: Callable[[], None] = lambda: None,
        ready_fd: int | None = None,
    ) -> None:
        self.children = [Child(program) for program in programs]
        self._environment = environment
        self._say = say
        self._on_ready = on_ready
        self._ready_fd = ready_fd

    def run(self) -> None:
        """Run until a stop signal; return when every program has ended."""
        with _signals() as wakeup:
            try:
                while not self._stop_wanted(wakeup):
                    self._mend()
                self._stop(wakeup)
            finally:
                for child in self.children:
                    child.signal_group(signal.SIGKILL)

    def _mend(self) -> None:
        for child in self.children:
            if (code := child.reap()) is not None:
                self._tell(child, code, child.schedule())
            if child.process is None and child.start_at <= time.monotonic():
                child.start(self._environment)

    def _tell(self, child: Child, code: int, delay: float) -> None:
        name, ended = child.program.name, how_it_ended(code)
        if child.deaths < 3:
            self._say(f"{name} {ended}; starting it again.")
        else:
            self._say(
                f"{name} {ended}, {child.deaths} times in a row: something is wrong with it. "
                f"The lines above may say what. Trying again in {delay:.0f} s."
            )

    def _stop_wanted(self, wakeup: socket.socket) -> bool:
        waits = [c.start_at - time.monotonic() for c in self.children if c.process is None]
        timeout = max(0.0, min(waits)) if waits else None
        watched: list[Any] = [wakeup] if self._ready_fd is None else [wakeup, self._ready_fd]
        readable, _, _ = select.select(watched, [], [], timeout)
        if self._ready_fd is not None and self._ready_fd in readable:
            self._ready_fd = None
            self._on_ready()
            for child in self.children:
                child.start_at = min(child.start_at, time.monotonic())
        return wakeup in readable and not _received(wakeup).isdisjoint(STOP_SIGNALS)

    def _stop(self, wakeup: socket.socket) -> None:
        self._say("Stopping.")
        began = time.monotonic()
        for child in self.children:
            if child.process is not None:
                child.process.send_signal(child.program.stop_signal)
        while running := [c for c in self.children if c.process and c.reap() is None]:
            left = min(c.program.grace for c in running) - (time.monotonic() - began)
            readable, _, _ = select.select([wakeup], [], [], max(0.0, left))
            again = bool(readable) and not _received(wakeup).isdisjoint(STOP_SIGNALS)
            waited = time.monotonic() - began
            impatient = again and waited > ECHO_SECONDS
            for child in running:
                if impatient or waited >= child.program.grace:
                    self._kill(child)

    def _kill(self, child: Child) -> None:
        self._say(f"{child.program.name} did not stop in time and was ended.")
        child.signal_group(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()


def how_it_ended(code: int) -> str:
    """Say in words what an exit code means; a negative one is a signal."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _received(wakeup: socket.socket) -> set[int]:
    numbers: set[int] = set()
    with contextlib.suppress(BlockingIOError):
        while data := wakeup.recv(4096):
            numbers.update(data)
    return numbers


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """Give a socket from which the numbers of the signals that arrive can be read."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    watched = (*STOP_SIGNALS, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in watched}
    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old_fd)
        # From here on the process only ends. A stop signal that comes twice, the second time
        # late, must not make its end look like a failure. Ignored ones stay so to the last:
        # for those with a handler the interpreter puts the default back while it ends.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, before[signal.SIGCHLD])
        reader.close()
        writer.close()
