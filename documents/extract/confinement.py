"""The limits that a child sets on itself before it looks at a file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Final

#: From <linux/prctl.h>.
_PR_SET_PDEATHSIG: Final = 1
_OPEN_FILES: Final = 16


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the parent is gone (Linux only)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def confine(memory: int, cpu: int) -> None:
    """Set the limits of this process; none of them can be raised again."""
    limits = {
        resource.RLIMIT_CPU: (cpu, cpu + 2),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (_OPEN_FILES, _OPEN_FILES),
        resource.RLIMIT_NPROC: (0, 0),
    }
    if sys.platform == "linux":  # elsewhere the address space of a bare interpreter exceeds it
        limits[resource.RLIMIT_AS] = (memory, memory)
    for name, pair in limits.items():
        resource.setrlimit(name, pair)
