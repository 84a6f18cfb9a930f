"""On what kind of file system a path lies, as Linux tells it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

#: SQLite's write-ahead log is shared memory between processes of one host; over these
#: it is not (https://www.sqlite.org/wal.html). FUSE is left alone: much of it is local.
NETWORK = frozenset({"9p", "afs", "cifs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"})

_ESCAPE = re.compile(r"\\([0-7]{3})")


def read_mountinfo() -> str:
    """Return the mount table of this process; nothing on a system without one."""
    try:
        return MOUNTINFO.read_text(errors="surrogateescape")
    except OSError:
        return ""


def filesystem_type(path: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds ``path``, or nothing when unknown.

    ``path`` is absolute and without symbolic links. The format is that of
    ``/proc/[pid]/mountinfo`` in proc(5): the mount point is the fifth field, with
    spaces written as octal escapes, and the type follows a lone hyphen.
    """
    found, depth = "", -1
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) < 7 or "-" not in fields[6:-1]:
            continue
        point = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        # A later mount at the same place hides the earlier one.
        if path.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = fields[fields.index("-", 6) + 1], len(point.parts)
    return found


@lru_cache(maxsize=16)  # asked by every new connection; a mount seldom changes
def network_filesystem(path: Path) -> str:
    """Return the type of the network file system that holds ``path``, or nothing."""
    kind = filesystem_type(path.resolve(), read_mountinfo())
    return kind if kind in NETWORK else ""
