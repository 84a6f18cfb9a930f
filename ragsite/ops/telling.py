"""What went wrong, in words for whoever runs a command."""

from __future__ import annotations


def told(error: Exception) -> str:
    """Return the message; of a fault of the system the file and what is the matter with it."""
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return f"{about}{error.strerror}."
    return str(error)
