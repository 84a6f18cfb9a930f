"""What fires now, for any page of administrators."""

from __future__ import annotations

from typing import Any

from django import template

from analytics.alerts.watching import overview
from analytics.error_groups import open_count

register = template.Library()


@register.simple_tag
def alerts_overview() -> dict[str, Any]:
    """Return what fires now, and whether anybody looks."""
    return overview()


@register.simple_tag
def errors_open() -> int:
    """Return how many faults nobody has resolved."""
    return open_count()
