"""How page numbers are told to people."""

from __future__ import annotations

import itertools
from collections.abc import Sequence


def named_pages(numbers: Sequence[int]) -> str:
    """Return page numbers for people, neighbours joined: ``Pages 1, 3-5``."""
    runs: list[str] = []
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in group]
        first, last = members[0], members[-1]
        runs.append(str(first) if first == last else f"{first}\u2013{last}")
    shown = ", ".join(runs[:10]) + (" and others" if len(runs) > 10 else "")
    return f"Page {shown}" if len(numbers) == 1 else f"Pages {shown}"
