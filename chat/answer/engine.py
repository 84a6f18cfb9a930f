"""From a question to a verified answer, as a stream of events.

The engine knows neither requests nor tables: what it needs of the database comes
in as ``retrieve``, which is called once, before the model is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import cast

from asgiref.sync import sync_to_async

from chat.answer.citations import CitationStream, quoted
from chat.answer.confidence import Grounds, calibrated, grounds
from chat.answer.followup import combined
from chat.answer.prompt import REFUSAL, answer_prompt, rewrite_prompt, rewritten
from chat.answer.refusal import is_refusal, may_become_refusal, without_marker
from chat.answer.verify import verified
from chat.errors import ModelError
from chat.llm.base import LanguageModel, Piece, Prompt, Usage
from chat.llm.extractive import Quote, Similarity, arranged, choose
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
from documents.errors import ProductError
from documents.types import SearchTrace

Retrieve = Callable[[str], "Retrieved"]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages for a question, best first, and how to compare two texts by meaning.

    ``trace`` tells how the search came to them. ``whole`` is false where something that
    belongs to the search failed and it did without.
    """

    passages: tuple[Passage, ...]
    similarity: Similarity | None = None
    trace: SearchTrace | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the turns before it. Passages below ``threshold`` are not used."""

    question: str
    history: tuple[Turn, ...] = ()
    threshold: float = 0.0
    max_tokens: int = 800
    deadline: float = 60.0


class AnswerRun:
    """One answer while it is made.

    ``events`` yields the sources, the text as it comes, and the finished answer or
    what stopped it. Closing that iterator closes the model's stream; ``partial``
    then returns what had arrived. ``retrieve`` runs in a thread.
    """

    def __init__(self, asked: Asked, *, retrieve: Retrieve, model: LanguageModel | None) -> None:
        self.asked = asked
        self.standalone = asked.question
        #: What the search gave, whether it is used or below the threshold.
        self.found: Retrieved = Retrieved(())
        self.passages: tuple[Passage, ...] = ()
        #: What a reader has seen so far.
        self.text = ""
        #: What the answer was made with: a prompt, or sentences that were chosen.
        self.prompt: Prompt | None = None
        self.quotes: tuple[Quote, ...] = ()
        #: What its confidence rests on, and citations that the model made up.
        self.grounds: Grounds | None = None
        self.invented = 0
        self._retrieve, self._model = retrieve, model
        self._citations: CitationStream | None = None
        self._held = ""
        self._usage = Usage()
        self._timings: dict[str, float] = {}
        self._clock = time.perf_counter()

    @property
    def model_name(self) -> str:
        """Return the model's name, or ``extractive``."""
        return self._model.model if self._model else EXTRACTIVE

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """Answer the question. Call once."""
        self.standalone = await self._made_standalone()
        self._lap("rewrite_ms")
        try:
            found = self.found = await sync_to_async(self._retrieve)(self.standalone)
        except ProductError as error:
            yield ErrorEvent(error.code, error.message, error.retryable)
            return
        self.passages = tuple(p for p in found.passages if p.relevance >= self.asked.threshold)
        self._lap("search_ms")
        yield SourcesEvent(self.passages)
        if not self.passages:
            yield DoneEvent(self._refusal())
            return
        stream = self._extracted() if self._model is None else self._generated(self._model)
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, DeltaEvent):
                    self.text += event.text
                yield event

    def partial(self) -> AnswerDraft | None:
        """Return what had arrived, verified like a whole answer; nothing when nothing had."""
        if self._citations is None:
            return None
        self._citations.feed(self._held)
        self._citations.flush()
        self._held = ""
        so_far = self._citations.answer()
        if not so_far.text.strip():
            return None
        return replace(self._finished(so_far), incomplete=True)

    async def _made_standalone(self) -> str:
        """Return the question as it can be searched for, whatever came before it."""
        question, history = self.asked.question, self.asked.history
        if not history:
            return question
        if self._model is None:
            return combined(question, history)
        reply = ""
        try:
            stream = self._model.stream(rewrite_prompt(question, history))
            async with aclosing(cast("AsyncGenerator[Piece, None]", stream)) as pieces:
                async for piece in pieces:
                    reply += piece.text
        except ModelError:
            return combined(question, history)
        return rewritten(reply, question)

    async def _extracted(self) -> AsyncGenerator[StreamEvent, None]:
        """Quote the sentences that carry the answer best."""
        quotes = await asyncio.to_thread(
            choose,
            self.standalone,
            self.passages,
            focus=self.asked.question,
            similarity=self.found.similarity,
        )
        if not quotes:
            yield DoneEvent(self._refusal())
            return
        self.quotes = arranged(quotes)
        whole = quoted(self.quotes)
        self._lap("answer_ms")
        yield DeltaEvent(whole.text)
        yield DoneEvent(await asyncio.to_thread(self._finished, whole))

    async def _generated(self, model: LanguageModel) -> AsyncGenerator[StreamEvent, None]:
        """Stream the model's answer; what may still be a refusal is held back."""
        asked = self.asked
        self.prompt = prompt = answer_prompt(
            asked.question,
            self.passages,
            asked.history,
            max_tokens=asked.max_tokens,
            deadline=asked.deadline,
        )
        self._citations = citations = CitationStream(self.passages, self.standalone)
        raw = ""
        try:
            stream = cast("AsyncGenerator[Piece, None]", model.stream(prompt))
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    raw += self._taken(piece)
                    if not may_become_refusal(raw):
                        text, self._held = citations.feed(self._held), ""
                        if text:
                            yield DeltaEvent(text)
        except ModelError as error:
            partial = await asyncio.to_thread(self.partial)
            yield ErrorEvent(error.code, error.message, error.retryable, partial)
            return
        async for event in self._concluded(raw, citations):
            yield event

    def _taken(self, piece: Piece) -> str:
        self._usage = piece.usage or self._usage
        if piece.text and "first_token_ms" not in self._timings:
            self._lap("first_token_ms")
        self._held += piece.text
        return piece.text

    async def _concluded(
        self, raw: str, citations: CitationStream
    ) -> AsyncGenerator[StreamEvent, None]:
        self._lap("answer_ms")
        if is_refusal(raw):
            yield DoneEvent(self._refusal(without_marker(raw)))
            return
        rest = citations.feed(self._held) + citations.flush()
        self._held = ""
        if rest:
            yield DeltaEvent(rest)
        yield DoneEvent(await asyncio.to_thread(self._finished, citations.answer()))

    def _finished(self, whole: CitedAnswer) -> AnswerDraft:
        sentences = verified(whole, self.passages)
        self.grounds = grounds(
            self.standalone,
            self.passages,
            sentences,
            whole.citations,
            self.found.similarity,
            self.found.trace,
        )
        self.invented = whole.invented
        self._lap("verify_ms")
        return replace(
            self._refusal(whole.text),
            refused=False,
            confidence=calibrated(self.grounds).value,
            sentences=sentences,
            citations=whole.citations,
        )

    def _refusal(self, said: str = "") -> AnswerDraft:
        """Return an answer that says there is none. It has no citations."""
        return AnswerDraft(
            question=self.asked.question,
            answer=said.strip() or REFUSAL,
            refused=True,
            confidence=0.0,
            model=self.model_name,
            prompt_tokens=self._usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens,
            timings=self._timings,
        )

    def _lap(self, step: str) -> None:
        """Note how long the step that just ended took, in milliseconds."""
        now = time.perf_counter()
        self._timings[step] = round((now - self._clock) * 1000, 1)
        self._clock = now
