"""Making sure that files survive a power cut.

The content of a file is one thing, its name another: a file that was flushed is gone with a
power cut all the same while the folder that names it was not (fsync(2)).
"""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk.

    Raises ``OSError`` where that fails.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Do so for a folder and for all that lies below it; the names last."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() or path.is_dir():
            sync(path)
    sync(folder)
