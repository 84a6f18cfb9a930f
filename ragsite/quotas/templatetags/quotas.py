"""Quotas as people read them."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import filesizeformat

from ragsite.quotas.services import Quota

register = template.Library()

_NAMES = {
    "stored_files": "Files stored",
    "stored_bytes": "Space used",
    "files_a_day": "Files added today",
    "bytes_a_day": "Amount added today",
    "questions_a_day": "Questions asked today",
    "tokens_a_day": "Tokens of the language model today",
}


@register.filter
def quota_name(quota: Quota) -> str:
    """Return what it counts."""
    return _NAMES[quota.name]


@register.filter
def quota_amount(quota: Quota, amount: int | None) -> str:
    """Return an amount of it: bytes as a size, no limit as a dash."""
    if amount is None:
        return "–"
    return str(filesizeformat(amount)) if "bytes" in quota.name else f"{amount:,}"
