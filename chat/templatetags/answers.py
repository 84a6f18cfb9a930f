"""Template tags of the pages that show answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat.models import Message
from chat.provenance import UNREADABLE
from chat.services.asking import scope_read
from chat.templatetags.rendering import render_answer
from chat.types import ConfidenceLabel, Verdict
from documents.types import AsOf, Outcome

register = template.Library()

#: Collections that a refusal names; the rest are counted.
NAMED = 3

_OUTCOMES = {
    Outcome.USED: "Used",
    Outcome.JOINED: "Joined to its neighbour",
    Outcome.DUPLICATE: "Says the same as one before",
    Outcome.BELOW_THRESHOLD: "Below the threshold",
    Outcome.BEYOND_LIMIT: "Beyond the limit",
}
_STEPS = {
    "rewrite_ms": "rewriting",
    "search_ms": "searching",
    "first_token_ms": "first word",
    "answer_ms": "answering",
    "verify_ms": "checking",
    "cache_ms": "from the cache",
}


@register.simple_tag
def answer_html(answer: Mapping[str, Any]) -> SafeString:
    """Return the text of an answer (in its API form) as safe HTML with its citations."""
    return render_answer(answer["answer"], answer["sentences"], answer["citations"])


@register.filter
def asked_as_of(message: Message) -> AsOf | None:
    """Return the state of the library that a question was asked of, if not the present."""
    return scope_read(message.scope).as_of


@register.filter
def loss(source: Mapping[str, Any]) -> str:
    """Return what is said of a source (in its API form) that is gone."""
    if source["title"] == UNREADABLE:
        return "A source was deleted since, or you may no longer read it"
    return f"“{source['title']}” was deleted since"


@register.filter
def doubts(answer: Mapping[str, Any]) -> int:
    """Return how many sentences of an answer no passage carries, or only in part."""
    return sum(sentence["verdict"] != "supported" for sentence in answer["sentences"])


_VERDICTS = {
    Verdict.SUPPORTED: "Supported",
    Verdict.PARTIAL: "Partly supported",
    Verdict.UNSUPPORTED: "Not supported",
}


@register.filter
def verdict_word(verdict: str) -> str:
    """Return a verdict as words for a reader."""
    return _VERDICTS[Verdict(verdict)]


@register.filter
def confidence_word(value: float) -> str:
    """Return a confidence in [0, 1] as a word."""
    return ConfidenceLabel.of(value).value


@register.filter
def outcome_word(outcome: str) -> str:
    """Return what became of a candidate, in words."""
    return _OUTCOMES[Outcome(outcome)] if outcome in set(Outcome) else outcome


@register.filter
def times(timings: Mapping[str, float]) -> str:
    """Return steps with their times in milliseconds as one line."""
    return ", ".join(f"{_STEPS.get(name, name)} {_took(ms)}" for name, ms in timings.items())


def _took(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


@register.filter
def where_looked(searched: Mapping[str, Any]) -> str:
    """Return in how many documents of which collections an answer was looked for."""
    count = searched["documents"]
    if not count:
        return "There was no document to search"
    names = [each["name"] for each in searched["collections"]]
    shown = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    place = f" in {shown}{more}" if names else ""
    return f"Searched: {count} document{'' if count == 1 else 's'}{place}"


@register.filter
def exactly(moment: str) -> SafeString:
    """Return a moment in ISO 8601 as a date and a time of day."""
    local = timezone.localtime(datetime.fromisoformat(moment))
    shown = local.strftime("%-d %B %Y, %H:%M")
    return format_html('<time datetime="{}">{}</time>', moment, shown)


@register.filter
def of_hundred(value: float) -> int:
    """Return a share in [0, 1] as a number of a hundred."""
    return round(100 * value)
