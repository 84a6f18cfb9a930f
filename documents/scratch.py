"""Folders for work in progress, which no clean-up takes for what a crash left behind."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Give an empty folder beside the data, which is removed at the end.

    Until then ``is_in_use`` says so, whatever the clock makes of its age; a killed process
    leaves it behind without that.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, dir=settings.TEMP_DIR) as name:
        descriptor = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield Path(name)
        finally:
            os.close(descriptor)


def is_in_use(path: Path) -> bool:
    """Whether a process works in the folder. False for a file, and for what is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
