"""Numbers rounded for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
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
        return f"{value:.0f}\u00a0ms" if value >= 10 else f"{value:.1f}\u00a0ms"
    return f"{value / 1000:.1f}\u00a0s"


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


#: Columns of text; all others are numbers, which stand on the right.
_TEXTS = frozenset({"day", "title", "question", "username"})


@register.filter
def columns(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the heads of the columns of a list of use that people see, in order."""
    return [{"text": _LABELS[name], "side": _side(name)} for name in rows[0] if name in _LABELS]


@register.filter
def cells(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the cells of a row of a list of use as people read them."""
    return [
        {"text": _cell(name, value), "side": _side(name)}
        for name, value in row.items()
        if name in _LABELS
    ]


def _side(name: str) -> str:
    return "" if name in _TEXTS else "right"


def _cell(name: str, value: Any) -> str:
    if name == "uploaded_bytes":
        return filesizeformat(value)
    if isinstance(value, date):
        return f"{value:%-d\u00a0%b}"
    return str(value)
