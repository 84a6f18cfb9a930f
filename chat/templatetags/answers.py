"""Template tags of the pages that show answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from chat.answer.confidence import HIGH_FROM, MEDIUM_FROM
from chat.models import Message
from chat.provenance import UNREADABLE
from chat.services.asking import scope_read
from chat.templatetags.rendering import render_answer
from chat.types import ConfidenceLabel, Verdict
from documents.types import AsOf

register = template.Library()


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
    if value >= HIGH_FROM:
        return ConfidenceLabel.HIGH.value
    return (ConfidenceLabel.MEDIUM if value >= MEDIUM_FROM else ConfidenceLabel.LOW).value
