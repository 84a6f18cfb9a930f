"""What a comparison came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.db import transaction

#: Rows that one write transaction touches at most: others wait for it.
BATCH: Final = 200
#: Ids that are looked at together.
WINDOW: Final = 1000

T = TypeVar("T")


@dataclass(slots=True)
class Report:
    """How many were looked at and mended, by kind, and what only a person can mend.

    With ``dry_run`` nothing is changed, and ``mended`` counts what would be.
    """

    dry_run: bool = False
    looked: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    left: list[dict[str, Any]] = field(default_factory=list)

    def leave(self, code: str, version_id: int) -> None:
        """Note a fault of a version that only a person can mend."""
        self.left.append({"code": code, "version": version_id})

    def mend(self, kind: str, items: Sequence[T], each: Callable[[Sequence[T]], int]) -> None:
        """Mend in short transactions.

        ``each`` looks again at what it is given, which may have changed meanwhile, and
        returns how many it has mended.
        """
        for start in range(0, len(items), BATCH):
            group = items[start : start + BATCH]
            if self.dry_run:
                self.mended[kind] += len(group)
                continue
            with transaction.atomic():
                self.mended[kind] += each(group)
        self.mended += Counter()  # leaves out what is zero


def windows(highest: int, size: int = WINDOW) -> Iterator[tuple[int, int]]:
    """Yield the first and last id of each window up to the highest."""
    for low in range(1, highest + 1, size):
        yield low, low + size - 1
