"""No process of ours outlives the one that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_CHECK_SECONDS: Final = 1.0
# Loaded here: between fork and exec nothing may be imported or looked up.
_libc: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def bind_to_parent() -> None:
    """Have the system end this process with its parent. For use between fork and exec.

    The system watches the parent's *thread*, so this is for children of a main thread.
    Signals to stop count again: a shell ignores them for what it starts with ``&``.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def watch_parent() -> None:
    """End this process within a second of its parent, which may start it from any thread."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
