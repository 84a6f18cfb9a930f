"""How often what was worked out before was there when it was asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.dispatch import receiver
from django.utils import timezone

from analytics.models import Durations
from analytics.recording import note
from analytics.types import Kind, Measurement
from documents.caching import Cached
from documents.signals import cache_asked

HIT, MISS = "hit", "miss"
#: What the caches hold, for people.
LABELS = {
    Cached.ANSWER: "Answers",
    Cached.SEARCH: "Searches",
    Cached.EMBEDDING: "Vectors of questions",
    Cached.PAGE: "Pictures of pages",
}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How often a cache was asked, and had it or had it not."""

    name: str
    hits: int
    misses: int

    @property
    def label(self) -> str:
        """What it holds, for people."""
        return LABELS.get(Cached(self.name), self.name)

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self.hits + self.misses

    @property
    def hit_rate(self) -> float | None:
        """The share of hits, from 0 to 1; ``None`` where nothing was asked."""
        return round(self.hits / self.asked, 4) if self.asked else None


@receiver(cache_asked)
def count(sender: object, kind: str, *, hit: bool, **_: Any) -> None:  # noqa: ARG001
    """Note that a cache was asked."""
    if not settings.REQUEST_LOG_DAYS:
        return
    outcome = HIT if hit else MISS
    note(Measurement(at=timezone.now(), kind=Kind.CACHE, name=kind, outcome=outcome, ms=0.0))


def caches(since: datetime) -> list[CacheUse]:
    """Return how each cache did since a moment; those nobody asked as well."""
    rows = Durations.objects.filter(kind=Kind.CACHE, minute__gte=since)
    counted = Counter(
        {
            (name, outcome): number
            for name, outcome, number in rows.order_by()
            .values_list("name", "outcome")
            .annotate(number=Sum("count"))
        }
    )
    return [CacheUse(kind.value, counted[kind, HIT], counted[kind, MISS]) for kind in LABELS]


def shown(since: datetime) -> list[dict[str, Any]]:
    """Return the same in the shape of the API."""
    return [
        {"name": each.name, "hits": each.hits, "misses": each.misses, "hit_rate": each.hit_rate}
        for each in caches(since)
    ]
