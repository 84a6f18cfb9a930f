"""The passages nearest to a question that was refused: no answer, but where to look.

Kept are their places alone. Who may read the text, and whether it is still there,
is decided when it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat.llm.terms import term_set
from chat.types import Passage
from documents.text.sentences import sentence_spans

#: Passages offered with a refusal, and characters shown of each.
MOST = 3
LONGEST = 240
_ENDS = (".", "!", "?", "。", "！", "？")


@dataclass(frozen=True, slots=True)
class NearPlace:
    """Where a near passage stands: a line, ``content[start:end]``, inside of a chunk.

    ``chunk`` is the offset at which that chunk begins; ``relevance`` is in [0, 1].
    """

    document: str
    version: int
    page: int | None
    chunk: int
    start: int
    end: int
    relevance: float


def near_places(question: str, passages: Sequence[Passage]) -> tuple[NearPlace, ...]:
    """The first few of ``passages``, each as the line of it that is closest to ``question``."""
    return tuple(_place(question, passage) for passage in passages[:MOST])


def _place(question: str, passage: Passage) -> NearPlace:
    start, end = _line(question, passage)
    chunks = passage.chunks or ((passage.start, passage.end),)
    # Chunks overlap: the last one that begins before the line holds the most of it.
    chunk, until = [place for place in chunks if place[0] <= start][-1]
    end = _cut(passage, start, end, min(end, until, start + LONGEST))
    return NearPlace(
        document=passage.document_id,
        version=passage.version,
        page=passage.page_at(start),
        chunk=chunk,
        start=start,
        end=end,
        relevance=round(passage.relevance, 4),
    )


def _line(question: str, passage: Passage) -> tuple[int, int]:
    """The sentence of ``passage`` that shares most words with ``question``, by its place.

    Of equals one that is a whole sentence, and not a heading; then the first.
    """
    asked, spans = term_set(question), sentence_spans(passage.text)
    if not spans:
        return passage.start, passage.end
    texts = [passage.text[start:end] for start, end in spans]
    shared = [(len(asked & term_set(text)), text.endswith(_ENDS)) for text in texts]
    start, end = spans[shared.index(max(shared))]
    return passage.start + start, passage.start + end


def _cut(passage: Passage, start: int, end: int, limit: int) -> int:
    """Where a line from ``start`` to ``end`` is cut: at a word, before ``limit``."""
    if end <= limit:
        return end
    space = passage.text.rfind(" ", start - passage.start + 1, limit - passage.start)
    return limit if space < 0 else passage.start + space
