"""Numbers rounded for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat

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


#: How the columns of the lists of use are called; those left out are ids or told elsewhere.
_LABELS = {
    "day": "Day",
    "title": "Document",
    "question": "Question",
    "username": "Who",
    "questions": "asked",
    "refusals": "refused",
    "users": "people",
    "uploads": "uploads",
    "uploaded_bytes": "size",
    "uploads_failed": "failed",
    "viewed": "viewed",
    "opened": "opened",
    "downloaded": "downloaded",
    "readers": "people",
    "citations": "cited",
    "answers": "answers",
    "count": "times",
    "unsolved": "unsolved",
}


@register.filter
def columns(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the columns of a list of use that people see, in order."""
    return [{"name": name, "label": _LABELS[name]} for name in rows[0] if name in _LABELS]


@register.filter
def cells(row: Mapping[str, Any]) -> list[str]:
    """Return a row of a list of use as people read it."""
    return [_cell(name, value) for name, value in row.items() if name in _LABELS]


def _cell(name: str, value: Any) -> str:
    if name == "uploaded_bytes":
        return filesizeformat(value)
    if isinstance(value, datetime | date):
        return f"{value:%-d %b}"
    return str(value)
