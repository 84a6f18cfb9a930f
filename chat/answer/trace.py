"""How an answer came about, in a form that is kept with it: numbers and places, no text.

What a place holds is read again when somebody looks, if they may still read it. The
size is bounded: at most ``CANDIDATES`` candidates of the search and the passages of
one prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chat.answer.confidence import WEIGHTS
from chat.answer.engine import AnswerRun
from chat.answer.near import near_places
from chat.answer.prompt import passages_sent, turns_sent
from chat.llm.base import Prompt
from chat.types import Passage
from documents.types import Outcome, SearchTrace, TracedCandidate

#: The form of what is kept, for readers of older rows.
FORM = 1
#: Candidates of the search that are kept, best first.
CANDIDATES = 20

Kept = dict[str, Any]


def answer_trace(run: AnswerRun, *, refused: bool) -> Kept:
    """What is kept of ``run``: a mapping that JSON can hold."""
    found, trace = run.found.passages, run.found.trace
    kept: Kept = {
        "form": FORM,
        "threshold": run.asked.threshold,
        "search": _search(trace) if trace else None,
        "candidates": _candidates(trace, run) if trace else [],
        "passages": [_passage(passage, run) for passage in found],
    }
    if run.prompt:
        kept["prompt"] = _prompt(run.prompt, run)
    if run.quotes:
        kept["quotes"] = [
            {"passage": q.passage.n, "start": q.start, "end": q.end, "score": round(q.score, 4)}
            for q in run.quotes
        ]
    if run.grounds and not refused:
        kept["grounds"] = {name: round(value, 4) for name, value in asdict(run.grounds).items()}
        kept["weights"] = asdict(WEIGHTS)
        kept["invented"] = run.invented
    if refused:
        kept["near"] = [asdict(place) for place in near_places(run.standalone, found)]
    return kept


def _search(trace: SearchTrace) -> Kept:
    # Titles of the documents that the question named are not kept: they may be withdrawn.
    named = {each.document_id for each in trace.candidates if each.title in trace.scoped_to}
    return {
        "mode": trace.mode.value,
        "terms": list(trace.terms)[:64],
        "model": trace.model,
        "dense_weight": trace.dense_weight,
        "keyword": trace.keyword,
        "semantic": trace.semantic,
        "reranker": trace.reranker,
        "named": sorted(named),
        "timings": dict(trace.timings),
    }


def _candidates(trace: SearchTrace, run: AnswerRun) -> list[Kept]:
    return [
        {
            "document": each.document_id,
            "version": each.version,
            "page": each.page,
            "start": each.start,
            "end": each.end,
            "keyword": _rounded(each.keyword),
            "keyword_rank": each.keyword_rank,
            "semantic": _rounded(each.semantic),
            "semantic_rank": each.semantic_rank,
            "fused": _rounded(each.fused),
            "ranked": _rounded(each.ranked),
            "relevance": _rounded(each.relevance),
        }
        | _fate(each, run)
        for each in trace.candidates[:CANDIDATES]
    ]


def _fate(candidate: TracedCandidate, run: AnswerRun) -> Kept:
    """What became of a candidate in the search, and after it."""
    if candidate.outcome is not Outcome.USED:
        return {"outcome": candidate.outcome.value, "passage": None}
    place = (candidate.start, candidate.end)
    for passage in run.found.passages:
        same = (passage.document_id, passage.version) == (candidate.document_id, candidate.version)
        if same and place in passage.chunks:
            first = place == passage.chunks[0] or len(passage.chunks) == 1
            used = Outcome.USED if first else Outcome.JOINED
            outcome = used if passage in run.passages else Outcome.BELOW_THRESHOLD
            return {"outcome": outcome.value, "passage": passage.n}
    return {"outcome": Outcome.BEYOND_LIMIT.value, "passage": None}


def _passage(passage: Passage, run: AnswerRun) -> Kept:
    used = passage in run.passages
    return {
        "n": passage.n,
        "document": passage.document_id,
        "version": passage.version,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "chunks": len(passage.chunks) or 1,
        "heading_at": _best_chunk(passage, run.found.trace),
        "relevance": round(passage.relevance, 4),
        "outcome": (Outcome.USED if used else Outcome.BELOW_THRESHOLD).value,
    }


def _best_chunk(passage: Passage, trace: SearchTrace | None) -> int:
    """Where the chunk begins whose heading the passage bears: the most relevant one."""
    inside = [
        each
        for each in (trace.candidates if trace else ())
        if each.document_id == passage.document_id
        and each.version == passage.version
        and (each.start, each.end) in passage.chunks
    ]
    best = max(inside, key=lambda each: each.relevance, default=None)
    return best.start if best else passage.start


def _prompt(prompt: Prompt, run: AnswerRun) -> Kept:
    return {
        "messages": len(prompt.messages),
        "characters": sum(len(message.content) for message in prompt.messages),
        "digest": prompt_digest(prompt),
        "passages": [passage.n for passage in passages_sent(run.passages)],
        "turns": len(turns_sent(run.asked.history)),
    }


def prompt_digest(prompt: Prompt) -> str:
    """A hash of the whole prompt, to tell later whether it was put together again the same."""
    digest = hashlib.sha256()
    for message in prompt.messages:
        digest.update(f"{message.role}\0{message.content}\0".encode())
    return digest.hexdigest()[:32]


def places_of(kept: Mapping[str, Any]) -> Sequence[Kept]:
    """Every place that a kept trace names, for looking up who may read it."""
    named = [kept.get(part, ()) for part in ("candidates", "passages", "near")]
    return [place for part in named for place in part]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
