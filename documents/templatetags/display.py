"""How times, sizes, stages and marked passages look on a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from documents.types import MediaType, Outcome, PageKind, Stage

register = template.Library()

_STEPS = ((60, "minute", 60), (3600, "hour", 24), (86_400, "day", 7))
_STAGES = {
    Stage.WAITING: "Waiting",
    Stage.EXTRACTING: "Reading the file",
    Stage.RECOGNISING: "Recognising pages",
    Stage.CHUNKING: "Cutting into passages",
    Stage.EMBEDDING: "Learning what it means",
    Stage.INDEXING: "Adding to the index",
    Stage.DONE: "Done",
}
_KINDS = {
    MediaType.PDF: "PDF",
    MediaType.DOCX: "Word document",
    MediaType.PPTX: "PowerPoint presentation",
    MediaType.XLSX: "Excel workbook",
    MediaType.ODT: "OpenDocument text",
    MediaType.ODS: "OpenDocument spreadsheet",
    MediaType.ODP: "OpenDocument presentation",
    MediaType.RTF: "Rich text",
    MediaType.EPUB: "E-book",
    MediaType.EML: "E-mail",
    MediaType.CSV: "Table (CSV)",
    MediaType.TXT: "Plain text",
    MediaType.MARKDOWN: "Markdown",
    MediaType.HTML: "HTML",
}
_OUTCOMES = {
    Outcome.USED: "Shown",
    Outcome.DUPLICATE: "Says the same as one above",
    Outcome.JOINED: "Joined with its neighbour",
    Outcome.BELOW_THRESHOLD: "Too far from the question",
    Outcome.BEYOND_LIMIT: "Behind those shown",
}
#: Characters of a passage that a list of hits shows.
EXCERPT = 420


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Return a moment as people say it, with the exact one on hover."""
    if moment is None:
        return ""
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        exact.strftime("%-d %B %Y, %H:%M:%S %Z"),
        _relative(moment, timezone.now()),
    )


def _relative(moment: datetime, now: datetime) -> str:
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 45:
        return "just now"
    for size, name, limit in _STEPS:
        count = max(1, round(abs(seconds) / size))
        if count < limit:
            words = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    same_year = moment.year == now.year
    return moment.strftime("%-d %b" if same_year else "%-d %b %Y")


@register.filter
def stage_name(stage: str) -> str:
    """Return what is being done to a version, in words."""
    return _STAGES.get(Stage(stage), stage) if stage in set(Stage) else stage


@register.filter
def kind_name(media_type: str) -> str:
    """Return a media type as people call it."""
    return _KINDS[MediaType(media_type)] if media_type in set(MediaType) else media_type


@register.filter
def outcome_name(outcome: str) -> str:
    """Return what became of a candidate, in words."""
    return _OUTCOMES[Outcome(outcome)] if outcome in set(Outcome) else outcome


@register.filter
def part_name(media_type: str) -> str:
    """Return what a numbered part of such a file is called: page, slide or sheet."""
    return PageKind.of(media_type).value


@register.filter
def percent(value: float) -> str:
    """Return a share in [0, 1] as a rounded percentage."""
    return f"{round(100 * value)} %"


@register.simple_tag
def marked(text: str, spans: Iterable[Sequence[int]]) -> SafeString:
    """Return a passage, cut around its first mark, with the spans marked.

    ``spans`` are ``(start, end)`` offsets into ``text``; overlapping ones are joined.
    """
    clear = _disjoint(spans, len(text))
    begin, end = _window(text, clear[0][0] if clear else 0)
    parts, cut = [("", "…" if begin else "")], begin
    for start, stop in clear:
        if begin <= start < end:
            parts += [("", text[cut:start]), ("mark", text[start : min(stop, end)])]
            cut = min(stop, end)
    parts += [("", text[cut:end]), ("", "…" if end < len(text) else "")]
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", t) if kind else t,) for kind, t in parts if t)
    )


def _disjoint(spans: Iterable[Sequence[int]], length: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted((max(0, s), min(e, length)) for s, e in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def _window(text: str, focus: int) -> tuple[int, int]:
    """Return the part of a long text to show, beginning and ending at words."""
    if len(text) <= EXCERPT:
        return 0, len(text)
    begin = max(0, min(focus - EXCERPT // 4, len(text) - EXCERPT))
    end = begin + EXCERPT
    if begin:
        begin = max(text.find(" ", begin, min(begin + 40, focus or 1)) + 1, begin)
    if end < len(text):
        space = text.rfind(" ", end - 40, end)
        end = space if space > focus else end
    return begin, end
