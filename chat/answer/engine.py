"""From a question to a verified answer, as a stream of events.

The engine knows neither requests nor tables: what it needs of the database comes
in as ``retrieve``, which is called once, before the model is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from chat.answer.citations import CitationStream, cited
from chat.answer.confidence import confidence
from chat.answer.followup import combined
from chat.answer.prompt import REFUSAL, answer_prompt, rewrite_prompt, rewritten
from chat.answer.refusal import is_refusal, may_become_refusal, without_marker
from chat.answer.verify import verified
from chat.errors import ModelError
from chat.llm.base import LanguageModel, Usage
from chat.llm.extractive import Similarity, choose, composed
from chat.llm.factory import EXTRACTIVE
from chat.types import (
    AnswerDraft,
    CitedAnswer,
    DeltaEvent,
    DoneEvent,
    ErrorEvent,
    Passage,
    SourcesEvent,
    StreamEvent,
    Turn,
)

Retrieve = Callable[[str], "Retrieved"]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages for a question, best first, and how to compare two texts by meaning."""

    passages: tuple[Passage, ...]
    similarity: Similarity | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the turns before it. Passages below ``threshold`` are not used."""

    question: str
    history: tuple[Turn, ...] = ()
    threshold: float = 0.0
    max_tokens: int = 800
    deadline: float = 60.0


@dataclass(slots=True)
class _Run:
    """One answer while it is made."""

    asked: Asked
    model: LanguageModel | None
    standalone: str = ""
    passages: tuple[Passage, ...] = ()
    usage: Usage = Usage()
    timings: dict[str, float] = field(default_factory=dict)
    _clock: float = field(default_factory=time.perf_counter)

    @property
    def model_name(self) -> str:
        return self.model.model if self.model else EXTRACTIVE

    def lap(self, step: str) -> None:
        """Note how long the step that just ended took, in milliseconds."""
        now = time.perf_counter()
        self.timings[step] = round((now - self._clock) * 1000, 1)
        self._clock = now


async def answer(
    asked: Asked, *, retrieve: Retrieve, model: LanguageModel | None
) -> AsyncIterator[StreamEvent]:
    """Yield the sources, the text as it comes, and the finished answer or what stopped it.

    ``retrieve`` runs in a thread. Closing the iterator closes the model's stream.
    """
    run = _Run(asked, model)
    run.standalone = await _standalone(run)
    run.lap("rewrite_ms")
    found = await asyncio.to_thread(retrieve, run.standalone)
    run.passages = tuple(p for p in found.passages if p.relevance >= asked.threshold)
    run.lap("search_ms")
    yield SourcesEvent(run.passages, run.standalone)
    if not run.passages:
        yield DoneEvent(_refusal(run))
        return
    stream = _extracted(run, found) if model is None else _generated(run, model)
    async with aclosing(stream) as events:
        async for event in events:
            yield event


async def _standalone(run: _Run) -> str:
    """Return the question as it can be searched for, whatever came before it."""
    question, history = run.asked.question, run.asked.history
    if not history:
        return question
    if run.model is None:
        return combined(question, history)
    reply = ""
    try:
        async with aclosing(run.model.stream(rewrite_prompt(question, history))) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                reply += piece.text
    except ModelError:
        return combined(question, history)
    return rewritten(reply, question)


async def _extracted(run: _Run, found: Retrieved) -> AsyncIterator[StreamEvent]:
    """Quote the sentences that carry the answer best."""
    quotes = await asyncio.to_thread(
        choose, run.standalone, run.passages, similarity=found.similarity
    )
    if not quotes:
        yield DoneEvent(_refusal(run))
        return
    whole = cited(composed(quotes), run.passages, run.standalone)
    run.lap("answer_ms")
    yield DeltaEvent(whole.text)
    yield DoneEvent(await asyncio.to_thread(_finished, run, whole))


async def _generated(run: _Run, model: LanguageModel) -> AsyncIterator[StreamEvent]:
    """Stream the model's answer; nothing that may still be a refusal is shown as an answer."""
    asked = run.asked
    prompt = answer_prompt(
        asked.question,
        run.passages,
        asked.history,
        max_tokens=asked.max_tokens,
        deadline=asked.deadline,
    )
    citations = CitationStream(run.passages, run.standalone)
    raw, held = "", ""
    try:
        async with aclosing(model.stream(prompt)) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                run.usage = piece.usage or run.usage
                raw += piece.text
                if piece.text and "first_token_ms" not in run.timings:
                    run.lap("first_token_ms")
                held += piece.text
                if not may_become_refusal(raw):
                    text, held = citations.feed(held), ""
                    if text:
                        yield DeltaEvent(text)
    except ModelError as error:
        partial = await asyncio.to_thread(_partial, run, citations, held)
        yield ErrorEvent(error.code, error.message, error.retryable, partial)
        return
    if is_refusal(raw):
        run.lap("answer_ms")
        yield DoneEvent(_refusal(run, without_marker(raw)))
        return
    rest = citations.feed(held) + citations.flush()
    if rest:
        yield DeltaEvent(rest)
    run.lap("answer_ms")
    yield DoneEvent(await asyncio.to_thread(_finished, run, citations.answer()))


def _partial(run: _Run, citations: CitationStream, held: str) -> AnswerDraft | None:
    """Return what had arrived when the model failed, verified like a whole answer."""
    citations.feed(held)
    citations.flush()
    so_far = citations.answer()
    if not so_far.text.strip():
        return None
    run.lap("answer_ms")
    return replace(_finished(run, so_far), incomplete=True)


def _finished(run: _Run, whole: CitedAnswer) -> AnswerDraft:
    sentences = verified(whole, run.passages)
    sure = confidence(run.standalone, run.passages, sentences)
    run.lap("verify_ms")
    return AnswerDraft(
        question=run.asked.question,
        answer=whole.text,
        refused=False,
        confidence=sure.value,
        sentences=sentences,
        citations=whole.citations,
        model=run.model_name,
        prompt_tokens=run.usage.prompt_tokens,
        completion_tokens=run.usage.completion_tokens,
        timings=run.timings,
    )


def _refusal(run: _Run, said: str = "") -> AnswerDraft:
    """Return an answer that says there is none. It has no citations."""
    return AnswerDraft(
        question=run.asked.question,
        answer=said.strip() or REFUSAL,
        refused=True,
        confidence=0.0,
        model=run.model_name,
        prompt_tokens=run.usage.prompt_tokens,
        completion_tokens=run.usage.completion_tokens,
        timings=run.timings,
    )
