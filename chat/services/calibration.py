"""Measuring whether the confidence means what it says, on questions with known answers.

Everything goes the way of the product: its index, its search, its answers. Only the
database is one of its own, which the caller provides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asgiref.sync import async_to_sync
from django.conf import settings

from chat.answer.calibration import Case, Kind
from chat.answer.confidence import NOTHING, Grounds
from chat.answer.engine import AnswerRun, Asked, Retrieve, Retrieved
from chat.answer.gold import holds_one
from chat.answer.retrieval import retriever
from chat.llm.extractive import Similarity
from chat.types import AnswerDraft, DoneEvent
from documents.errors import InvalidInput
from documents.services.evaluation import Dataset, Progress, dataset_index

#: Relevances below which passages are not used, for which precision and recall are told.
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question, the group of texts it is about, and the answers that are right."""

    text: str
    kind: Kind
    group: str = ""
    gold: tuple[str, ...] = ()


def labelled_read(folder: Path, dataset: Dataset) -> list[Labelled]:
    """Read the questions of a set with the answers that are right. Raises ``InvalidInput``.

    ``queries.jsonl`` must give ``metadata.answers`` (texts), ``metadata.paragraph`` (the
    id of a text) and may give ``metadata.is_impossible``. A group is a title.
    """
    try:
        with (folder / "queries.jsonl").open(encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        return [_labelled(row["text"], row["metadata"], dataset) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"{folder} does not tell in queries.jsonl which answers are right: {error!r}"
        raise InvalidInput(message) from None


def _labelled(text: str, about: Mapping[str, object], dataset: Dataset) -> Labelled:
    paragraph, gold = str(about["paragraph"]), about["answers"]
    if not isinstance(gold, list):
        raise TypeError("metadata.answers is no list")
    kind = Kind.UNANSWERABLE if about.get("is_impossible") else Kind.ANSWERABLE
    return Labelled(text, kind, dataset.corpus[paragraph][0] or paragraph, tuple(map(str, gold)))


def off_topic(dataset: Dataset) -> list[Labelled]:
    """Return the questions of another set, to be asked of this one."""
    return [Labelled(text, Kind.OFF_TOPIC, dataset.name) for text in dataset.queries.values()]


def tried(
    dataset: Dataset, questions: Sequence[Labelled], on_progress: Progress | None = None
) -> list[Case]:
    """Index the set in the present (scratch) database and ask every question of it.

    Answers are quotes: no language model is asked.
    """
    notify: Callable[[str, int, int], None] = on_progress or (lambda *_: None)
    user, _ = dataset_index(dataset, notify)
    retrieve = retriever(user)
    found = []
    for done, question in enumerate(questions, start=1):
        found.append(_tried(question, retrieve))
        notify("asking", done, len(questions))
    return found


def _tried(question: Labelled, retrieve: Retrieve) -> Case:
    """Ask one question: as the product does it, and once for each other threshold."""
    once = _remembered(retrieve(question.text))
    live = float(settings.SIMILARITY_THRESHOLD)
    draft, grounds = _answer(question, once, live)
    seen = {_used(once, live): _outcome(question, draft)}
    at = {live: seen[_used(once, live)]}
    for threshold in THRESHOLDS if question.kind is not Kind.UNANSWERABLE else ():
        used = _used(once, threshold)
        if used not in seen:
            seen[used] = _outcome(question, _answer(question, once, threshold)[0])
        at[threshold] = seen[used]
    each = tuple((threshold, *at[threshold]) for threshold in sorted(at))
    return Case(question.kind, question.group, at[live][1], grounds, each)


def _used(found: Retrieved, threshold: float) -> int:
    return sum(passage.relevance >= threshold for passage in found.passages)


def _outcome(question: Labelled, draft: AnswerDraft) -> tuple[bool, bool]:
    quotes = [citation.quote for citation in draft.citations]
    return not draft.refused, holds_one(quotes, question.gold)


def _answer(
    question: Labelled, found: Retrieved, threshold: float
) -> tuple[AnswerDraft, Grounds | None]:
    run = AnswerRun(Asked(question.text, threshold=threshold), retrieve=lambda _: found, model=None)
    draft = async_to_sync(_to_the_end)(run)
    return draft, None if draft.refused else run.grounds or NOTHING


async def _to_the_end(run: AnswerRun) -> AnswerDraft:
    answers = [event.answer async for event in run.events() if isinstance(event, DoneEvent)]
    if not answers:
        raise InvalidInput("A question could not be answered: is the embedder reachable?")
    return answers[0]


def _remembered(found: Retrieved) -> Retrieved:
    """Return the same with cosines that are computed once, however often it is answered from."""
    if found.similarity is None:
        return found
    return Retrieved(found.passages, _Remembering(found.similarity), found.trace)


class _Remembering:
    """A similarity that remembers what it was asked."""

    def __init__(self, similarity: Similarity) -> None:
        self._similarity = similarity
        self._known: dict[tuple[str, str], float] = {}

    def __call__(self, question: str, texts: Sequence[str]) -> list[float]:
        new = [text for text in dict.fromkeys(texts) if (question, text) not in self._known]
        if new:
            found = self._similarity(question, new)
            self._known |= {(question, t): x for t, x in zip(new, found, strict=True)}
        return [self._known[question, text] for text in texts]
