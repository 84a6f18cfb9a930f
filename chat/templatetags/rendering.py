"""The one place where an answer's Markdown becomes HTML.

The text is a model's, and what it read came from documents: nothing in it is
trusted. Markdown is parsed without raw HTML, images and link definitions; the
sentences and the citation marks are put around its plain text; and the whole is
sanitised last, so that only what is on the lists below can ever reach a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from chat.templatetags.sentences import Span, located, plain_text
from chat.types import Verdict
from chat.verdicts import reason

_TAGS = {
    *("p", "br", "hr", "h4", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "span"),
}
_ATTRIBUTES = {
    "a": {"href", "title", "data-n"},
    "span": {"data-cites", "title"},
    "ol": {"start"},
}
_CLASSES = {
    "a": {"cite"},
    "span": {"cite", "gone", "sentence", "supported", "partial", "unsupported"},
}

Write = Callable[[str, int], str]


def _parser() -> MarkdownIt:
    # A link definition could turn "[1]" into a link to anywhere; an image would be
    # fetched from another host without a click.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    return parser.disable(["reference", "image", "html_block", "html_inline"])


_MARKDOWN = _parser()


class _Renderer(RendererHTML):
    """Renders as usual, but hands plain text and code to the writer of sentences."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._offset = 0

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        content = tokens[idx].content
        offset, self._offset = self._offset, self._offset + len(content)
        return self._write(content, offset)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        self._offset += len(tokens[idx].content)
        return f"<code>{escape(tokens[idx].content)}</code>"


def render_answer(
    text: str, sentences: Sequence[Mapping[str, Any]], citations: Sequence[Mapping[str, Any]]
) -> SafeString:
    """Return an answer as HTML that is safe to show.

    ``sentences`` and ``citations`` are those of the answer's API form. Each sentence
    that is found again in the rendered text is a span with its verdict and the
    numbers it cites; each ``[n]`` that names a citation links to its passage.
    """
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "h4"  # the page has its own higher headings
    spans = located(plain_text(tokens), [str(sentence["text"]) for sentence in sentences])
    write = _writer(spans, sentences, {int(c["n"]): c for c in citations})
    html = _Renderer(write).render(tokens, _MARKDOWN.options, {})
    return mark_safe(sanitised(html))  # noqa: S308  # this is what sanitising is for


def sanitised(html: str) -> str:
    """Return the HTML with everything taken away that is not on the lists above."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
        clean_content_tags={"script", "style"},
    )


def _writer(
    spans: Sequence[Span],
    sentences: Sequence[Mapping[str, Any]],
    citations: Mapping[int, Mapping[str, Any]],
) -> Write:
    """Return what writes a run of plain text: sentences around, citations within."""

    def write(content: str, offset: int) -> str:
        parts, cut, end = [], 0, offset + len(content)
        for span in spans:
            if span.end <= offset or span.start >= end:
                continue
            start = max(span.start - offset, 0)
            stop = min(span.end - offset, len(content))
            parts.append(_cited(content[cut:start], citations))
            inner = _cited(content[start:stop], citations)
            parts.append(_sentence(inner, sentences[span.sentence]))
            cut = stop
        return "".join([*parts, _cited(content[cut:], citations)])

    return write


def _sentence(inner: str, sentence: Mapping[str, Any]) -> str:
    verdict = str(sentence["verdict"])
    cites = " ".join(str(int(n)) for n in sentence["citations"])
    doubtful = verdict in {Verdict.PARTIAL, Verdict.UNSUPPORTED}
    hint = f' title="{escape(reason(sentence))}"' if doubtful else ""
    return f'<span class="sentence {escape(verdict)}" data-cites="{cites}"{hint}>{inner}</span>'


def _cited(text: str, citations: Mapping[int, Mapping[str, Any]]) -> str:
    """Return plain text escaped, with each ``[n]`` of a citation as its link."""
    parts, rest = [], text
    while (opened := rest.find("[")) >= 0:
        closed = rest.find("]", opened)
        inside = rest[opened + 1 : closed] if closed > 0 else ""
        known = inside.isascii() and inside.isdigit() and len(inside) < 5
        if known and int(inside) in citations:
            parts += [escape(rest[:opened]), _link(citations[int(inside)])]
            rest = rest[closed + 1 :]
        else:
            parts.append(escape(rest[: opened + 1]))
            rest = rest[opened + 1 :]
    return "".join([*parts, escape(rest)])


def _link(citation: Mapping[str, Any]) -> str:
    n = int(citation["n"])
    if not citation.get("url"):
        return f'<span class="cite gone" title="This source can no longer be read.">[{n}]</span>'
    place = f", {citation['page_kind']} {citation['page']}" if citation.get("page") else ""
    title = escape(f"{citation['title']}{place}")
    href = escape(str(citation["url"]))
    return f'<a class="cite" data-n="{n}" href="{href}" title="{title}">[{n}]</a>'
