"""How versions, moments and what changed look on a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from itertools import zip_longest

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from documents.services.comparison import WordRun
from documents.text.diff import WordKind
from documents.types import AsOf

register = template.Library()


@register.filter
def moment(as_of: AsOf) -> str:
    """Return a state that was, as people say it: a day, a time of a day, or a version."""
    if as_of.moment is None:
        return f"version {as_of.version}"
    local = timezone.localtime(as_of.moment, timezone.get_default_timezone())
    return local.strftime("%-d %B %Y" if _is_day(as_of, local) else "%-d %B %Y, %H:%M %Z")


@register.simple_tag
def rewording(runs: Iterable[WordRun]) -> SafeString:
    """Return the words of a reworded passage: what went struck out, what came underlined."""
    given = list(runs)
    following = [run.kind for run in given[1:]]
    shown = zip_longest(given, following)
    return format_html_join("", "{}", ((_run(run, kind),) for run, kind in shown))


def _run(run: WordRun, following: WordKind | None) -> SafeString | str:
    """One run; what went stands apart from what came in its place."""
    if run.kind is WordKind.SAME:
        return run.text
    words = run.text.rstrip()
    space = run.text[len(words) :]
    if run.kind is WordKind.ADDED:
        return format_html('<ins><span class="spoken">added: </span>{}</ins>{}', words, space)
    if following is WordKind.ADDED:
        space = space or " "
    return format_html('<del><span class="spoken">removed: </span>{}</del>{}', words, space)


def _is_day(as_of: AsOf, local: datetime) -> bool:
    """Whether a whole day was meant; today's ends when it was asked."""
    return local.time() == time.max or as_of.asked == local.strftime("%Y-%m-%d")
