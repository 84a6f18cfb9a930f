"""A disk of its own whose power can be cut: ext4 in a file, mounted through a loop device.

Linux and root only. How the cut is made is what ``godown`` of xfstests does
(https://git.kernel.org/pub/scm/fs/xfs/xfstests-dev.git): the file system is told to stop at once
without flushing its journal, so that what was not on the device yet never gets there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import Final

#: ``_IOR('X', 125, __u32)``, see include/uapi/linux/ext4.h and fs.h: EXT4_IOC_SHUTDOWN.
_SHUTDOWN: Final = 0x8004587D
#: EXT4_GOING_FLAGS_NOLOGFLUSH: neither data nor journal are written any more.
_NO_FLUSH: Final = 2
#: Nothing may come to the disk by itself: the journal is not written every five seconds, and a
#: rename over a file does not write that file's data. Only what was asked for (fsync) is there.
_OPTIONS: Final = "loop,noauto_da_alloc,commit=300"
_MEGABYTE: Final = 1 << 20


class NotPossible(Exception):
    """This machine cannot do it. The message says what is missing."""


class Volume:
    """``folder`` is where it is mounted; ``image`` the file that is the disk."""

    def __init__(self, folder: Path, *, megabytes: int = 2048) -> None:
        _require()
        self.folder, self.image = folder, folder.with_suffix(".img")
        folder.mkdir()
        with self.image.open("wb") as file:
            file.truncate(megabytes * _MEGABYTE)
        _run("mkfs.ext4", "-q", "-m", "0", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Mount it; after a cut, ext4 replays its journal meanwhile."""
        _run("mount", "-o", _OPTIONS, str(self.image), str(self.folder))

    def cut(self) -> None:
        """Cut the power: whoever reads or writes from now on gets an error."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self, seconds: float = 20.0) -> None:
        """Unmount it as soon as nobody holds a file of it; the loop device goes with it."""
        end = time.monotonic() + seconds
        while os.path.ismount(self.folder):
            done = subprocess.run(
                ["umount", str(self.folder)], capture_output=True, text=True, check=False
            )
            if done.returncode and time.monotonic() > end:
                raise NotPossible(f"It cannot be unmounted: {done.stderr.strip()}")
            time.sleep(0.1 if done.returncode else 0.0)


def _require() -> None:
    if os.geteuid() != 0:
        raise NotPossible("The drill needs root: it mounts a disk of its own.")
    for program in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            raise NotPossible(f"The drill needs {program} (packages e2fsprogs and mount).")
    if not Path("/dev/loop-control").exists():
        raise NotPossible("The drill needs loop devices: /dev/loop-control is not there.")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPossible(f"{command[0]} failed: {done.stderr.strip()}")
