"""Numbers rounded for people."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def share(value: float) -> str:
    """Return a share from 0 to 1 in percent; small ones with a decimal."""
    percent = value * 100
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


@register.filter
def milliseconds(value: float | None) -> str:
    """Return a duration in milliseconds or seconds; a dash where there is none."""
    if value is None:
        return "–"
    if value < 1000:
        return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
    return f"{value / 1000:.1f} s"
