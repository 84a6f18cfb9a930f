"""Plain values that travel through a question's life: passages, citations, answers, events.

Nothing here touches Django, a database or the network. Offsets count Unicode
code points, start inclusive, end exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """How well the cited passages carry a sentence."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"


#: From these confidences on the label is high, and medium.
HIGH_FROM, MEDIUM_FROM = 0.8, 0.5


class Basis(StrEnum):
    """What a verdict rests on."""

    #: The words, names and numbers of the sentence, looked for in the passages.
    FACTS = "facts"
    #: The sentence stands in a passage word for word.
    QUOTED = "quoted"
    #: Sentence and passages are in two languages: only names and figures were compared.
    FIGURES = "figures"
    #: It says nothing that could be looked for.
    NOTHING = "nothing"


class MissingKind(StrEnum):
    """What a piece of a sentence is that no passage holds."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    WORD = "word"


class ConfidenceLabel(StrEnum):
    """The confidence of an answer in a word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def of(cls, value: float) -> ConfidenceLabel:
        """The word for a confidence in [0, 1]."""
        if value >= HIGH_FROM:
            return cls.HIGH
        return cls.MEDIUM if value >= MEDIUM_FROM else cls.LOW


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one document version that goes into a prompt.

    ``n`` counts from 1 in the prompt. ``text == content[start:end]`` of that
    version. ``page_breaks`` lists ``(offset, page)`` where the page changes inside
    the passage, in ascending order; ``page`` is the one it begins on. ``chunks`` are
    the places of the chunks that were joined into it, in the order of the text.
    ``page_kind`` is what its pages are called: page, slide or sheet.
    """

    n: int
    document_id: str
    title: str
    version: int
    version_id: int
    page: int | None
    heading: str
    text: str
    start: int
    end: int
    relevance: float
    page_breaks: tuple[tuple[int, int], ...] = ()
    chunks: tuple[tuple[int, int], ...] = ()
    page_kind: str = "page"

    def page_at(self, offset: int) -> int | None:
        """The page on which the character at ``offset`` of the version's text stands."""
        page = self.page
        for begins, number in self.page_breaks:
            if begins <= offset:
                page = number
        return page


@dataclass(frozen=True, slots=True)
class CitationDraft:
    """A citation before it has a row: ``quote == content[start:end]``.

    ``n`` counts from 1 in the answer; ``passage`` is the ``n`` of the passage.
    """

    n: int
    passage: int
    document_id: str
    title: str
    version: int
    version_id: int
    page: int | None
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of an answer with the numbers it cites, not yet verified.

    ``text`` is without markers; ``start``/``end`` are its place in the answer's
    text, markers included. ``invented`` are the numbers of its markers that named no
    passage.
    """

    text: str
    citations: tuple[int, ...]
    start: int
    end: int
    invented: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CitedAnswer:
    """An answer with its markers renumbered 1..k in order of appearance.

    ``invented`` counts the markers that named no passage and became plain text.
    """

    text: str
    sentences: tuple[CitedSentence, ...]
    citations: tuple[CitationDraft, ...]
    invented: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece of a sentence that no passage holds, as the sentence writes it."""

    kind: MissingKind
    text: str


@dataclass(frozen=True, slots=True)
class EvidenceSpan:
    """The place of what stands behind a verdict: offsets into the text of one version."""

    document_id: str
    version: int
    page: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and what verification says of it.

    ``support`` in [0, 1] is the score behind ``verdict``. ``evidence`` is what carries
    the sentence, or comes nearest to it; ``missing`` is what nothing carries.
    ``basis`` says what was compared, ``contradicted`` that the evidence says the
    opposite. ``invented`` lists the numbers it cited that named no passage.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    support: float = 0.0
    start: int = 0
    end: int = 0
    evidence: tuple[EvidenceSpan, ...] = ()
    missing: tuple[Missing, ...] = ()
    basis: Basis = Basis.FACTS
    contradicted: bool = False
    invented: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far an answer can be relied on, in [0, 1] and in a word."""

    value: float
    label: ConfidenceLabel


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """A finished answer before it is kept.

    ``model`` is ``extractive`` where no language model was asked. Tokens are 0
    where the server did not count them. ``timings`` maps a step to milliseconds.
    ``incomplete`` marks an answer that was cut off; what had arrived is kept.
    """

    question: str
    answer: str
    refused: bool
    confidence: float
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[CitationDraft, ...] = ()
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class SourcesEvent:
    """The passages were found. The first event of a stream."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class DeltaEvent:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class DoneEvent:
    """The finished answer. The last event of a stream that went well."""

    answer: AnswerDraft


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """What stopped the answer. ``partial`` holds what had arrived, if anything had."""

    code: str
    message: str
    retryable: bool = False
    partial: AnswerDraft | None = None
    #: Seconds after which to come back, where that is known.
    retry_after: int | None = None


StreamEvent = SourcesEvent | DeltaEvent | DoneEvent | ErrorEvent
