"""The id of a request: logged, answered, and shown with errors."""

from __future__ import annotations

import re
import uuid

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(given: str) -> str:
    """Return the caller's own id where it is plain enough to be logged, else a new one."""
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
