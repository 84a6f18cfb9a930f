"""A fresh interpreter of our own for a stranger's file: starting, feeding and ending it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_READ: Final = 1024 * 1024
_WRITE: Final = 64 * 1024
#: Where the system keeps interpreter and libraries; nothing of it is secret.
_PASSED_ON: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "TESSDATA_PREFIX",
)
#: How much later than a question a file gets its turn on a busy processor (nice(2), 0 to 19).
NICENESS: Final = 15
#: Seconds by the clock that a child may take to end after its last word.
_GRACE: Final = 5.0


class Overrun(Exception):
    """The parent ended the child: it took too long, or said too much."""


def run(
    module: str,
    argument: str,
    limits: Mapping[str, float],
    data: bytes,
    *,
    wall: float,
    output: int,
) -> tuple[bytes, int]:
    """Run a child on ``data`` and return what it wrote, and its exit status.

    Raises ``Overrun`` after ``wall`` seconds, or past ``output`` bytes. Whatever
    happens, the child is gone at the end.
    """
    process = start(module, argument, limits)
    try:
        answer = _exchange(process, memoryview(data), wall, output)
    finally:
        if sys.exc_info()[0] is not None:
            kill_group(process)
        status, _ = wait(process)
        close(process.stdin)
        close(process.stdout)
    return answer, status


def _exchange(
    process: subprocess.Popen[bytes], data: memoryview, wall: float, output: int
) -> bytes:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - PIPE
    deadline, total = time.monotonic() + wall, 0
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0 and total <= output:
            ready = {key.fileobj for key, _ in selector.select(left)}
            if process.stdin in ready:
                data = feed(process.stdin.fileno(), data)
                if not data:
                    selector.unregister(process.stdin)
                    process.stdin.close()
            if process.stdout in ready:
                part = os.read(process.stdout.fileno(), _READ)
                if not part:
                    return b"".join(parts)
                parts.append(part)
                total += len(part)
    raise Overrun


def start(module: str, argument: str, limits: Mapping[str, float]) -> subprocess.Popen[bytes]:
    """Start ``python -m module argument limits`` with pipes, in a process group of its own.

    ``limits`` goes along as a JSON object, with the process id of this parent. The
    child gets no environment beyond what the interpreter needs to run.
    """
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
        [
            *(sys.executable, "-P", "-s", "-m", module, argument),
            json.dumps({**limits, "parent": os.getpid()}),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=bare_environment() | {"PYTHONPATH": str(_ROOT)},
        start_new_session=True,
        bufsize=0,
    )


def give_way(pid: int) -> None:
    """Let a child have its turn behind whoever waits for an answer, on a busy processor."""
    with contextlib.suppress(OSError):  # gone already, or a system that does not allow it
        later = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        os.setpriority(os.PRIO_PROCESS, pid, min(later, 19))


def bare_environment() -> dict[str, str]:
    """Return what a child may know of this process's environment: nothing secret."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def feed(pipe: int, data: memoryview) -> memoryview:
    """Write what the pipe takes and return the rest; nothing when the child is gone."""
    try:
        return data[os.write(pipe, data[:_WRITE]) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return data[:0]


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the child and all it may have started; it is not reaped yet, so the id is its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def wait(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Reap the child, killing it when it does not end by itself soon.

    Returns the exit status (negative for a signal) and processor seconds. What
    the child may have left running dies first, while its group still has its id.
    """
    deadline = time.monotonic() + _GRACE
    pause = 0.001
    while not _has_ended(process.pid) and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    kill_group(process)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _has_ended(pid: int) -> bool:
    """Whether the child has ended; it stays to be reaped."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe, whatever became of its other end."""
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()


def peak_rss(pid: int) -> int:
    """Return the peak of resident memory so far in bytes, 0 where nobody can tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
