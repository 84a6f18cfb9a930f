"""Facts from above this app that the dashboard and the metrics show: backups, comparisons.

Whoever has such a fact registers a function that returns it as it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Panel:
    """One fact: in a word, whether it is well, since when, and in sentences.

    ``numbers`` go to the metrics under their names.
    """

    title: str
    word: str
    is_well: bool
    at: datetime | None = None
    sentences: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)


_registered: dict[str, Callable[[], Panel]] = {}


def register(name: str, look: Callable[[], Panel]) -> None:
    """Have a fact shown."""
    _registered[name] = look


def panels() -> list[Panel]:
    """Return every fact as it is now."""
    return [look() for look in _registered.values()]
