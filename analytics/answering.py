"""Numbers about answers, searches and faults that are kept as counts: tokens, cost, coverage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from analytics.models import Counted, Durations
from analytics.types import Kind


def _rows(kind: Kind, since: datetime) -> Iterable[Counted]:
    return Durations.objects.filter(kind=kind, minute__gte=since).defer("counts")


def by_outcome(kind: Kind, since: datetime, name: str = "") -> dict[str, int]:
    """Return how often each outcome of a kind came about; with ``name``, of that one alone."""
    found: Counter[str] = Counter()
    for row in _rows(kind, since):
        if name in ("", row.name):
            found[row.outcome] += row.count
    return dict(sorted(found.items()))


def searches(since: datetime) -> dict[str, Any]:
    """Return how many searches there were, and how many of them found nothing."""
    found = by_outcome(Kind.SEARCH, since)
    count, nothing = sum(found.values()), found.get("nothing", 0)
    return {"count": count, "nothing": nothing, "share": _share(nothing, count)}


def coverage(since: datetime) -> dict[str, Any]:
    """Return the mean share of an answer's sentences that its sources carry, 0 to 1."""
    rows = list(_rows(Kind.COVERAGE, since))
    answers = sum(row.count for row in rows)
    percent = sum(row.total_ms for row in rows)
    return {"answers": answers, "mean": _share(percent / 100, answers)}


def refusals(since: datetime) -> dict[str, Any]:
    """Return what became of the answers, by outcome, and the share that was refused."""
    found = by_outcome(Kind.ANSWER, since)
    return {"outcomes": found, "refused": _share(found.get("refused", 0), sum(found.values()))}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def tokens(since: datetime) -> list[dict[str, Any]]:
    """Return the tokens that each model read and wrote, and what they cost where that is known."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"prompt": 0.0, "completion": 0.0})
    for row in _rows(Kind.TOKENS, since):
        found[row.name][row.outcome] += row.total_ms
    return [
        {
            "model": model,
            "prompt": int(counts["prompt"]),
            "completion": int(counts["completion"]),
            "cost": cost(model, counts["prompt"], counts["completion"]),
        }
        for model, counts in sorted(found.items())
    ]


def cost(model: str, prompt: float, completion: float) -> float | None:
    """Return what tokens of a model cost by ``TOKEN_PRICES``; ``None`` where it names no price."""
    price = settings.TOKEN_PRICES.get(model)
    if price is None:
        return None
    return round((prompt * price[0] + completion * price[1]) / 1_000_000, 6)


def faults(since: datetime) -> list[dict[str, Any]]:
    """Return what failed, by code and by where it did, the most frequent first."""
    found: Counter[tuple[str, str]] = Counter()
    for row in _rows(Kind.FAULT, since):
        found[row.outcome, row.name] += row.count
    return [
        {"where": where, "code": code, "count": count}
        for (where, code), count in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]
