"""Whether a load was borne: limits by route, and the table that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Milliseconds that 95 of 100 may take, by the beginning of a route's name; the longest
#: that fits counts. What a person calls at once, soon, and worth waiting for.
LIMITS = {
    "": 1_000.0,
    "POST /api/chat": 3_000.0,
    "POST /api/documents/upload": 2_000.0,
    "DELETE": 2_000.0,
    "streamed until done": 3_000.0,
    "until ready": 30_000.0,
}


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a route; times in milliseconds."""

    name: str
    count: int
    failures: int
    p50: float
    p95: float
    p99: float
    longest: float


def limit(name: str, slower: float = 1.0) -> float:
    """Return the milliseconds that 95 of 100 may take, on a machine so many times slower."""
    best = max((start for start in LIMITS if name.startswith(start)), key=len)
    return LIMITS[best] * slower


def faults(rows: Sequence[Row], *, slower: float = 1.0, failures: float = 0.0) -> list[str]:
    """Return a sentence for each limit that was broken.

    ``failures`` is the share of requests that may fail, from 0 to 1.
    """
    if not any(row.count for row in rows):
        return ["Nothing was asked."]
    asked, failed = sum(row.count for row in rows), sum(row.failures for row in rows)
    found = [
        f"{row.name}: p95 {row.p95:.0f} ms, the limit is {limit(row.name, slower):.0f} ms."
        for row in rows
        if row.count and row.p95 > limit(row.name, slower)
    ]
    if failed > failures * asked:
        found.append(f"{failed} of {asked} requests failed, {failures:.1%} may.")
    return found


def table(rows: Iterable[Row], slower: float = 1.0) -> str:
    """Return the rows as a table in Markdown."""
    lines = [
        "| route | requests | failed | p50 ms | p95 ms | p99 ms | longest ms | limit of p95 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.name} | {row.count} | {row.failures} | {row.p50:.0f} | {row.p95:.0f} "
        f"| {row.p99:.0f} | {row.longest:.0f} | {limit(row.name, slower):.0f} |"
        for row in rows
    ]
    return "\n".join(lines)
