"""How what people thought of answers agrees with how sure the answers were."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, IntegerField, Q
from django.db.models.functions import Cast, Least

from chat.models import Feedback

#: Bins of equal width from 0 to 1, as the reliability curve has them.
BINS = 10


@dataclass(frozen=True, slots=True)
class Rated:
    """Rated answers of about the same confidence: from ``low`` up to ``high``."""

    low: float
    high: float
    good: int
    bad: int

    @property
    def count(self) -> int:
        """How many were rated."""
        return self.good + self.bad

    @property
    def share(self) -> float:
        """The share that was found good; 0 where none was rated."""
        return self.good / self.count if self.count else 0.0


def rated_by_confidence() -> list[Rated]:
    """Return the ratings of answers by confidence, in one query; refusals are left out."""
    place = Least(Cast(F("message__confidence") * BINS, IntegerField()), BINS - 1)
    rows = (
        Feedback.objects.filter(message__refused=False)
        .values(place=place)
        .annotate(good=Count("pk", filter=Q(rating=1)), bad=Count("pk", filter=Q(rating=-1)))
        .order_by("place")
    )
    return [
        Rated(row["place"] / BINS, (row["place"] + 1) / BINS, row["good"], row["bad"])
        for row in rows
    ]
