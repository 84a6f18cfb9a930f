"""Answers and conversations as Markdown, to be taken elsewhere. Pure functions.

They take answers in the API's shape, as a reader may see them. What a model or a
document wrote is text here too: it may be opened by a program that fetches the
images and runs the markup it meets, so neither is left able to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: What stands behind a sentence that its sources do not carry, or only in part.
PARTIAL, UNSUPPORTED = "(~)", "(?)"
LEGEND = (
    f"{PARTIAL} The sources carry this sentence only in part.\n"
    f"{UNSUPPORTED} No source carries this sentence."
)
_MARKS = {"partial": PARTIAL, "unsupported": UNSUPPORTED}
_STATES = {
    "answering": "This answer was still being written.",
    "stopped": "This answer was stopped. What had arrived was kept.",
    "failed": "This answer failed. What had arrived was kept.",
}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands at the head of an exported conversation. ``base`` ends with a slash."""

    title: str
    owner: str
    url: str
    exported_at: datetime
    base: str


def answer_markdown(answer: Mapping[str, Any], base: str) -> str:
    """Return one answer with its numbered sources, their links made absolute with ``base``."""
    return "\n\n".join(_blocks(answer, base)) + "\n"


def conversation_markdown(cover: Cover, answers: Sequence[Mapping[str, Any]]) -> str:
    """Return a conversation with its questions, answers, sources and quotes."""
    blocks = [f"# {_inline(cover.title)}", _head(cover)]
    for answer in answers:
        blocks += ["---", f"## {_inline(answer['question'])}"]
        if answer.get("as_of"):
            blocks.append(f"*As of {_inline(str(answer['as_of']))}*")
        blocks += _blocks(answer, cover.base)
    if any(_doubtful(answer) for answer in answers):
        blocks += ["---", LEGEND.replace("\n", "  \n")]
    return "\n\n".join(blocks) + "\n"


def _head(cover: Cover) -> str:
    when = cover.exported_at.strftime("%-d %B %Y, %H:%M %Z").strip()
    return f"Asked by {_inline(cover.owner)}. Exported on {when} from <{cover.url}>."


def _blocks(answer: Mapping[str, Any], base: str) -> Iterable[str]:
    """Return the answer, what became of it, and its sources."""
    text = _closed(inert(_marked(answer)).strip())
    if text:
        yield text
    if answer["refused"]:
        yield "*The question was not answered from the documents.*"
    if answer["state"] in _STATES:
        yield f"*{_STATES[answer['state']]}*"
    if answer["error"]:
        yield f"*{_inline(answer['error']['message'])}*"
    if answer["citations"]:
        yield "**Sources**"
        yield "\n".join(_source(citation, base) for citation in answer["citations"])


def _marked(answer: Mapping[str, Any]) -> str:
    """Return the text with a mark behind each sentence that is not carried in full."""
    text, parts, cut = str(answer["answer"]), [], 0
    for sentence in answer["sentences"]:
        mark = _MARKS.get(str(sentence["verdict"]))
        if mark:
            whole = text[cut : sentence["end"]]
            said = whole.rstrip()
            parts += [said, f" {mark}", whole[len(said) :]]
            cut = sentence["end"]
    return "".join([*parts, text[cut:]])


def _doubtful(answer: Mapping[str, Any]) -> bool:
    return any(sentence["verdict"] in _MARKS for sentence in answer["sentences"])


def _source(citation: Mapping[str, Any], base: str) -> str:
    """Return one numbered source with its place, its link and what it says."""
    place = [f"version {citation['version']}"]
    if citation["page"]:
        place.append(f"{citation['page_kind']} {citation['page']}")
    title = _inline(citation["title"])
    if citation["url"]:
        title = f"[{title}](<{base.rstrip('/')}{citation['url']}>)"
    lines = [f"{citation['n']}. {title}, {', '.join(place)}"]
    lines += [f"   > {inert(line)}" for line in citation["quote"].split("\n") if line.strip()]
    return "\n".join(lines)


def inert(text: str) -> str:
    """Return Markdown with the same words, but without images and without HTML.

    A bracket right behind an exclamation mark is escaped: what went before it cannot
    undo that, as it could undo the escape of the mark itself.
    """
    return _TAG.sub("&lt;", text.replace("![", "!\\["))


def _closed(text: str) -> str:
    """End a block of code that was cut off: it would swallow what follows."""
    return f"{text}\n```" if len(re.findall(r"(?m)^ {0,3}```", text)) % 2 else text


def _inline(text: str) -> str:
    """Return plain words as one line of Markdown that shows just them."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
