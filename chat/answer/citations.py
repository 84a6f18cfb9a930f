"""From a model's text with ``[n]`` markers to an answer whose every number is true.

A marker names a passage of the prompt. Here it becomes a citation of the very
sentences in that passage which carry the claim before it, numbered 1..k in order of
appearance. The text may come in pieces of any size: what is given out depends on the
whole text alone, never on where it was cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.answer.spans import SpanFinder, finders
from chat.llm.extractive import Quote
from chat.llm.terms import term_set
from chat.types import CitationDraft, CitedAnswer, CitedSentence, Passage
from documents.text.sentences import sentence_spans

_NUMBERS = r"\d{1,3}(?:\s{0,2}(?:[,;–-]|and|und|y|et)\s{0,2}\d{1,3}){0,9}"
_NAME = r"(?:(?:passages?|sources?|documents?|docs?|refs?)\s{0,2})?"
_MARKER = re.compile(
    rf"(?P<space>[ \t]{{0,3}})[\[【]\s{{0,2}}{_NAME}\^?#?(?P<numbers>{_NUMBERS})"
    r"\s{0,2}(?:†[^】\]\n]{0,60})?[\]】](?:\([^()\s]{0,300}\))?",
    re.IGNORECASE,
)
#: Text at the end that may still grow into a marker, or into what follows one.
_OPEN = re.compile(r"[ \t]{0,3}(?:[\[【][^\]】\n]{0,200}(?:[\]】](?:\([^()\s]{0,300})?)?)?$")
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)")
_BULLET = re.compile(r"^(?:\s*(?:[-*+•>]|#{1,6}|\d{1,2}[.)])\s+)+")
#: Characters of text before a marker that are looked at to find its claim.
_LOOK_BACK = 2_000


@dataclass(frozen=True, slots=True)
class _Mark:
    """A citation as set: after ``plain`` characters of text without markers."""

    plain: int
    n: int
    length: int


@dataclass(slots=True)
class _Register:
    """The citations of one answer, numbered as they come."""

    citations: list[CitationDraft] = field(default_factory=list)

    def number(self, passage: Passage, start: int, end: int) -> int:
        """The number under which ``content[start:end]`` is cited, new or known."""
        for known in self.citations:
            same = known.version_id == passage.version_id
            if same and known.start <= start and end <= known.end:
                return known.n
        self.citations.append(_citation(len(self.citations) + 1, passage, start, end))
        return len(self.citations)


class CitationStream:
    """Takes a model's text in pieces, gives out clean text, and the answer at the end.

    The pieces given out, joined, are the ``text`` of the answer: nothing that a
    reader has seen changes later.
    """

    def __init__(self, passages: Sequence[Passage], question: str = "") -> None:
        self._finders = finders(passages)
        self._question = question
        self._register = _Register()
        self._pending = ""
        self._plain = ""
        self._text = ""
        self._marks: list[_Mark] = []
        #: Numbers that named no passage, with the length of the text before them.
        self._invented: list[tuple[int, int]] = []

    def feed(self, piece: str) -> str:
        """Text that is now certain; a marker that may be incomplete waits."""
        self._pending += piece
        match = _OPEN.search(self._pending)
        return self._consume(match.start() if match else len(self._pending))

    def flush(self) -> str:
        """The rest, when no more pieces come."""
        return self._consume(len(self._pending))

    def answer(self) -> CitedAnswer:
        """The answer so far. Call after ``flush``."""
        return CitedAnswer(
            text=self._text,
            sentences=tuple(self._sentences()),
            citations=tuple(self._register.citations),
            invented=len(self._invented),
        )

    def _consume(self, end: int) -> str:
        ready, self._pending = self._pending[:end], self._pending[end:]
        before = len(self._text)
        position = 0
        for match in _MARKER.finditer(ready):
            self._write(ready[position : match.start()])
            self._set(match)
            position = match.end()
        self._write(ready[position:])
        return self._text[before:]

    def _write(self, text: str) -> None:
        if text.startswith(":") and self._leads_line():
            text = f" {text}"  # "[1]: address" at the start of a line defines a link in Markdown
        self._plain += text
        self._text += text

    def _set(self, match: re.Match[str]) -> None:
        """Replace one marker by citations, or by plain text where it names no passage."""
        if self._in_code():
            self._write(match[0])
            return
        asked = _expanded(match["numbers"])
        known = [number for number in asked if number in self._finders]
        self._invented += [(len(self._plain), n) for n in asked if n not in self._finders]
        if not known:
            self._write(f"{match['space']}({match['numbers'].strip()})")
            return
        claim = self._claim()
        set_here = {mark.n for mark in self._marks if mark.plain == len(self._plain)}
        for number in known:
            n = self._cite(self._finders[number], claim)
            if n not in set_here:
                self._mark(n, match["space"] if not set_here else "")
                set_here.add(n)

    def _cite(self, finder: SpanFinder, claim: str) -> int:
        return self._register.number(finder.passage, *finder.best(claim))

    def _mark(self, n: int, space: str) -> None:
        shown = f"{space}[{n}]"
        self._marks.append(_Mark(len(self._plain), n, len(shown)))
        self._text += shown

    def _leads_line(self) -> bool:
        """Whether a marker has just been set where a line begins."""
        here = len(self._plain)
        return bool(self._marks) and self._marks[-1].plain == here and _begins_line(self._plain)

    def _in_code(self) -> bool:
        # An index in code, `row[1]`, is no citation.
        return self._plain.count("`") % 2 == 1

    def _claim(self) -> str:
        """The text that the marker at this point speaks of.

        Its sentence up to here, without the part that an earlier marker in the same
        sentence has already covered; the question where a marker leads its line.
        """
        offset = max(len(self._plain) - _LOOK_BACK, 0)
        tail = self._plain[offset:]
        spans = sentence_spans(tail)
        if not spans or tail.endswith("\n"):
            return self._question
        start, end = spans[-1][0] + offset, spans[-1][1] + offset
        cuts = [m.plain for m in self._marks if start < m.plain < len(self._plain)]
        rest = self._plain[max(cuts) : end] if cuts else ""
        return rest if len(term_set(rest)) >= 2 else self._plain[start:end]

    def _sentences(self) -> list[CitedSentence]:
        spans = sentence_spans(self._plain)
        owners = [_owner(spans, self._plain, mark.plain) for mark in self._marks]
        made = []
        for i, (start, end) in enumerate(spans):
            mine = [m for m, owner in zip(self._marks, owners, strict=True) if owner == i]
            text = _BULLET.sub("", self._plain[start:end])
            cited = tuple(dict.fromkeys(mark.n for mark in mine))
            invented = tuple(
                n for place, n in self._invented if _owner(spans, self._plain, place) == i
            )
            begin, stop = self._begin(start, mine), self._end(end, mine)
            made.append(CitedSentence(text, cited, begin, stop, invented))
        return [sentence for sentence in made if sentence.text]

    def _begin(self, plain: int, mine: Sequence[_Mark]) -> int:
        """Where a sentence begins in the text with markers, its own leading one included."""
        first = min([plain, *(mark.plain for mark in mine)])
        before = (m for m in self._marks if m.plain <= first and m not in mine)
        return first + sum(mark.length for mark in before)

    def _end(self, plain: int, mine: Sequence[_Mark]) -> int:
        """Where a sentence ends in the text with markers, its own markers included."""
        last = max([plain, *(mark.plain for mark in mine)])
        before = (m for m in self._marks if m.plain < last or (m.plain == last and m in mine))
        return last + sum(mark.length for mark in before)


def cited(text: str, passages: Sequence[Passage], question: str = "") -> CitedAnswer:
    """The answer that a model's complete ``text`` makes from ``passages``."""
    stream = CitationStream(passages, question)
    stream.feed(text)
    stream.flush()
    return stream.answer()


def quoted(quotes: Sequence[Quote]) -> CitedAnswer:
    """The answer that consists of ``quotes``, in the order given, each with its citation."""
    register = _Register()
    text = ""
    sentences = []
    for quote in quotes:
        n = register.number(quote.passage, quote.start, quote.end)
        start = len(text)
        said = _unmarked(quote.text)
        text += f"{said} [{n}]"
        sentences.append(CitedSentence(said, (n,), start, len(text)))
        text += "\n\n"
    return CitedAnswer(text.rstrip(), tuple(sentences), tuple(register.citations))


def _citation(n: int, passage: Passage, start: int, end: int) -> CitationDraft:
    return CitationDraft(
        n=n,
        passage=passage.n,
        document_id=passage.document_id,
        title=passage.title,
        version=passage.version,
        version_id=passage.version_id,
        page=passage.page_at(start),
        quote=passage.text[start - passage.start : end - passage.start],
        start=start,
        end=end,
    )


def _expanded(numbers: str) -> list[int]:
    """``1, 3-5`` as ``[1, 3, 4, 5]``; a range wider than ten is two numbers."""
    wide = _RANGE.sub(lambda m: ",".join(map(str, _range(int(m[1]), int(m[2])))), numbers)
    return list(dict.fromkeys(int(number) for number in re.findall(r"\d+", wide)))


def _range(low: int, high: int) -> list[int]:
    return list(range(low, high + 1)) if low < high <= low + 10 else [low, high]


def _owner(spans: Sequence[tuple[int, int]], plain: str, position: int) -> int:
    """Which sentence a marker after ``position`` characters belongs to.

    The one before it, or the one after it where the marker leads a line.
    """
    if _begins_line(plain[:position]):
        line = plain[position:].split("\n", 1)[0]
        after = [i for i, (start, _) in enumerate(spans) if start >= position]
        if line.strip() and after:
            return after[0]
    return max(sum(start < position for start, _ in spans) - 1, 0)


def _begins_line(before: str) -> bool:
    return not before.rsplit("\n", 1)[-1].strip(" \t-*+•>")


def _unmarked(text: str) -> str:
    """One line of a quotation; its own reference numbers would look like ours."""
    return _MARKER.sub(lambda m: f"{m['space']}({m['numbers']})", " ".join(text.split()))
