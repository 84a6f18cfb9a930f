"""Template tags of the pages that show answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from chat.templatetags.rendering import render_answer
from chat.types import ConfidenceLabel

register = template.Library()


@register.simple_tag
def answer_html(answer: Mapping[str, Any]) -> SafeString:
    """Return the text of an answer (in its API form) as safe HTML with its citations."""
    return render_answer(answer["answer"], answer["sentences"], answer["citations"])


@register.filter
def doubts(answer: Mapping[str, Any]) -> int:
    """Return how many sentences of an answer no passage carries, or only in part."""
    return sum(sentence["verdict"] != "supported" for sentence in answer["sentences"])


@register.filter
def confidence_word(value: float) -> str:
    """Return a confidence in [0, 1] as a word."""
    return ConfidenceLabel.of(value).value
