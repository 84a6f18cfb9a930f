"""How a search came to its results, written down while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from documents.text.terms import query_terms
from documents.text.words import all_stems
from documents.types import Scored

#: Candidates that a trace shows, unless more results than that were asked for.
SHOWN = 50


@dataclass(slots=True)
class Stopwatch:
    """Times of the steps of one search, in milliseconds, in the order they ended."""

    times: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time that the body takes to the step's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            took = (time.perf_counter() - started) * 1000
            self.times[name] = round(self.times.get(name, 0.0) + took, 2)


def ranks(channel: Sequence[Scored]) -> dict[int, int]:
    """Return where each chunk stands in its channel, from 1."""
    return {hit.chunk_id: rank for rank, hit in enumerate(channel, start=1)}


def looked_for(query: str) -> tuple[str, ...]:
    """Return the words that the keyword channel looks up, in the form the index keeps."""
    stems = (stem for term in query_terms(query) for stem in all_stems(term.text))
    return tuple(dict.fromkeys(stems))
