"""The geometry of the dashboard's charts; ``templates/analytics/_chart.html`` draws it.

Drawn into the page itself, so that the stylesheet colours them like everything else,
light or dark. The table beside each chart has the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

#: The size of a picture, and the room around the plot, in its own units.
WIDTH, HEIGHT, LEFT, RIGHT, BELOW, ABOVE = 720, 200, 70, 16, 24, 10
#: Lines across the plot, and times below it, at most.
GUIDES, TIMES = 4, 8

Numbers = Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a stacked bar, with what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    says: str


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its bars, or its line as SVG paths (one for each stretch without a gap)."""

    name: str
    bars: tuple[Bar, ...] = ()
    paths: tuple[str, ...] = ()
    dots: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: series in order, guide lines with their values, and times below."""

    series: tuple[Series, ...]
    guides: tuple[Label, ...]
    times: tuple[Label, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bars(times: Sequence[datetime], numbers: Numbers) -> Chart:
    """Return stacked bars over time, one part for each series."""
    sums = [sum(each[i] or 0 for each in numbers.values()) for i in range(len(times))]
    top = _top(max(sums, default=0))
    step = _step(times)
    below = [0.0] * len(times)
    series = []
    for name, values in numbers.items():
        parts = []
        for i, value in enumerate(values):
            if value:
                low, below[i] = _y(below[i], top), below[i] + value
                high = _y(below[i], top)
                says = f"{name}: {value:,.0f} ({times[i]:%d %b %H:%M})"
                parts.append(Bar(_x(i, step) + 0.5, high, max(step - 1, 1), low - high, says))
        series.append(Series(name, bars=tuple(parts)))
    return Chart(tuple(series), _guides(top, ""), _labels(times, step))


def lines(times: Sequence[datetime], numbers: Numbers, unit: str = "") -> Chart:
    """Return lines over time, one for each series; ``None`` leaves a gap."""
    top = _top(max((v for each in numbers.values() for v in each if v is not None), default=0))
    step = _step(times)
    series = []
    for name, values in numbers.items():
        places = [
            None if value is None else (_x(i, step) + step / 2, _y(value, top))
            for i, value in enumerate(values)
        ]
        dots = tuple(
            Bar(place[0], place[1], 0, 0, f"{name}: {value:,.0f} {unit} ({times[i]:%d %b %H:%M})")
            for i, (place, value) in enumerate(zip(places, values, strict=True))
            if place is not None and value is not None
        )
        series.append(Series(name, paths=_paths(places), dots=dots))
    return Chart(tuple(series), _guides(top, unit), _labels(times, step))


def _paths(places: Sequence[tuple[float, float] | None]) -> tuple[str, ...]:
    stretches: list[list[str]] = []
    for before, place in pairwise([None, *places]):
        if place is not None:
            if before is None:
                stretches.append([])
            stretches[-1].append(f"{place[0]:.1f} {place[1]:.1f}")
    return tuple(f"M{' L'.join(stretch)}" for stretch in stretches if len(stretch) > 1)


def _step(times: Sequence[datetime]) -> float:
    return (WIDTH - LEFT - RIGHT) / max(len(times), 1)


def _x(place: int, step: float) -> float:
    return round(LEFT + place * step, 2)


def _y(value: float, top: float) -> float:
    return round(ABOVE + (HEIGHT - BELOW - ABOVE) * (1 - value / top), 2)


def _top(highest: float) -> float:
    """Return a round number at or above the highest, so that the guides are round too."""
    if highest <= 0:
        return float(GUIDES)
    rough = highest / GUIDES
    size = 10.0 ** math.floor(math.log10(rough))
    return next(n for n in (1, 2, 2.5, 5, 10) if n * size >= rough) * size * GUIDES


def _guides(top: float, unit: str) -> tuple[Label, ...]:
    values = [top * n / GUIDES for n in range(GUIDES + 1)]
    return tuple(Label(LEFT, _y(value, top), f"{value:,.10g} {unit}".strip()) for value in values)


def _labels(times: Sequence[datetime], step: float) -> tuple[Label, ...]:
    is_long = len(times) > 1 and (times[-1] - times[0]).total_seconds() > 36 * 3600
    every = math.ceil(len(times) / TIMES) or 1
    return tuple(
        Label(_x(i, step) + step / 2, HEIGHT - 6, f"{times[i]:{'%d %b' if is_long else '%H:%M'}}")
        for i in range(every // 2, len(times), every)
    )
