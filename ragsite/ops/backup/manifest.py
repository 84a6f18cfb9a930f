"""What a backup says of itself, to be compared with what is found in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from ragsite.ops.backup.sealed import Unreadable

FORMAT: Final = 1
DATABASE: Final = "database"
ORIGINALS: Final = "originals/"
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Part:
    """A file in the archive: its bytes and their SHA-256, hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``counts`` are rows by table; ``migrations`` the applied ones as ``app.name``."""

    product: str
    created_at: str
    counts: dict[str, int]
    migrations: list[str]
    parts: dict[str, Part]

    def to_json(self) -> bytes:
        """Return it as it stands in the archive."""
        return json.dumps({"format": FORMAT} | asdict(self), sort_keys=True).encode()


def manifest_read(data: bytes) -> Manifest:
    """Undo ``to_json``. Raises ``Unreadable`` for a format that this release does not know."""
    try:
        found: dict[str, Any] = json.loads(data)
        if found.pop("format") != FORMAT:
            raise Unreadable("This backup was made by a newer release, in a format of its own.")
        parts = {name: Part(**part) for name, part in found.pop("parts").items()}
        return Manifest(parts=parts, **found)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("The manifest of the backup cannot be read.") from None
