"""One way to search, measured on the questions of a set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from chat.answer.judging import (
    TOP,
    Change,
    Outcome,
    Span,
    agreed,
    compared,
    located,
    marks,
    rank_of,
    says_expected,
)
from chat.answer.retrieval import HITS_PER_PASSAGE, retrieved
from chat.models import Judgement, QuestionSet
from chat.services.running import draft_of
from chat.services.setups import Setup
from documents.models import Document
from documents.search.hybrid import MAX_QUERY, search
from documents.search.scope import Within
from documents.search.tuning import Tuning
from documents.selectors import active_space, space_embedder
from documents.types import Hit

#: Results asked for: the rank of a right passage beyond these is not told. With twice as many,
#: a search takes twice as long.
DEPTH = 50

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with what is known of its answer: words of documents, right and wrong ones."""

    id: int
    text: str
    expected: str
    #: ``(document id, quote)``; an empty quote means the whole document.
    right: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one way to search made of one question. ``hits`` are the first ones, as places."""

    question_id: int
    right: tuple[int | None, ...]
    wrong: tuple[int | None, ...]
    refused: bool
    answered_right: bool | None
    hits: tuple[dict[str, Any], ...]

    @property
    def outcome(self) -> Outcome:
        """What of it decides whether another one is better."""
        return Outcome(self.right, self.wrong, self.refused, self.answered_right)


def judged_questions(user: User, question_set: QuestionSet) -> list[JudgedQuestion]:
    """Return the questions of a set with what most people say of each passage."""
    said: dict[int, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    quotes: dict[tuple[str, str], str] = {}
    rows = Judgement.objects.visible_to(user).filter(question__question_set=question_set)
    for row in rows.order_by("pk"):
        key = (str(row.document_id), row.quote_key)
        said[row.question_id][key].append(row.grade)
        quotes[key] = row.quote
    return [
        JudgedQuestion(
            id=question.pk,
            text=question.text,
            expected=question.expected,
            right=_graded(said[question.pk], quotes, 1),
            wrong=_graded(said[question.pk], quotes, 0),
        )
        for question in question_set.questions.order_by("pk")
    ]


def _graded(
    said: Mapping[tuple[str, str], Sequence[int]],
    quotes: Mapping[tuple[str, str], str],
    grade: int,
) -> tuple[tuple[str, str], ...]:
    return tuple((key[0], quotes[key]) for key, grades in said.items() if agreed(grades) == grade)


def measure(
    user: User,
    within: Within,
    setup: Setup,
    questions: Sequence[JudgedQuestion],
    on_progress: Progress = lambda _: None,
) -> list[Measured]:
    """Ask every question in the present index with the weight and the threshold of ``setup``.

    Answers are made without a language model, whatever the settings name: they cost
    nothing, and are the same every time. Raises ``EmbeddingFailed`` where the embedder
    does not work: searches go on by words alone then, which would measure something else.
    """
    space = active_space()
    if space is not None:
        space_embedder(space).embed_query("Is the embedder there?")
    spans = Spans()
    done = []
    for number, question in enumerate(questions, start=1):
        done.append(_measured(user, within, setup, question, spans))
        on_progress(number / len(questions))
    return done


def _measured(
    user: User, within: Within, setup: Setup, question: JudgedQuestion, spans: Spans
) -> Measured:
    tuning = Tuning(dense_weight=setup.dense_weight)
    hits = search(user, question.text[:MAX_QUERY], within=within, limit=DEPTH, tuning=tuning).hits
    found = retrieved(hits[: settings.MAX_CHUNKS * HITS_PER_PASSAGE])
    draft = draft_of(question.text, retrieve=lambda _: found, model=None, threshold=setup.threshold)
    places = [Span(hit.document_id, hit.start, hit.end) for hit in hits]
    right = spans.of(question.right)
    return Measured(
        question_id=question.id,
        right=tuple(rank_of(span, places) for span in right),
        wrong=tuple(rank_of(span, places) for span in spans.of(question.wrong)),
        refused=draft.refused,
        answered_right=_answered_right(question, draft.answer, refused=draft.refused),
        hits=tuple(_place(hit) for hit in hits[:TOP]),
    )


def _answered_right(question: JudgedQuestion, answer: str, *, refused: bool) -> bool | None:
    if not question.expected:
        return None
    return not refused and says_expected(answer, question.expected)


def _place(hit: Hit) -> dict[str, Any]:
    return {
        "document_id": hit.document_id,
        "version": hit.version,
        "page": hit.page,
        "start": hit.start,
        "end": hit.end,
        "relevance": hit.relevance,
    }


class Spans:
    """Where judged words stand in the current texts; each text is read once."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def of(self, quotes: Iterable[tuple[str, str]]) -> list[Span]:
        """Return the place of each quote, or its whole document where it stands no more."""
        return [located(document, quote, self._text(document)) for document, quote in quotes]

    def _text(self, document_id: str) -> str:
        if document_id not in self._texts:
            version = (
                Document.objects.filter(pk=document_id)
                .values_list("current_version__content__text", flat=True)
                .first()
            )
            self._texts[document_id] = version or ""
        return self._texts[document_id]


# --- what comes of two ----------------------------------------------------------------


def summary(questions: Sequence[JudgedQuestion], measured: Sequence[Measured]) -> dict[str, Any]:
    """Return the means: ranks over questions with a right passage, refusals over all."""
    ranked = [marks(item.right) for item in measured if item.right]
    answered = [item.answered_right for item in measured if item.answered_right is not None]
    return {
        "questions": len(questions),
        "judged": len(ranked),
        "expected": len(answered),
        "ndcg_10": _mean([item.ndcg_10 for item in ranked]),
        "recall_10": _mean([item.recall_10 for item in ranked]),
        "mrr_10": _mean([item.mrr_10 for item in ranked]),
        "refused": _mean([float(item.refused) for item in measured]),
        "answered_right": _mean([float(value) for value in answered]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def side_by_side(live: Sequence[Measured], other: Sequence[Measured]) -> Iterator[dict[str, Any]]:
    """Yield for each question what both made of it, and which is better."""
    for one, two in zip(live, other, strict=True):
        yield {
            "question_id": one.question_id,
            "change": compared(one.outcome, two.outcome).value,
            "live": _kept(one),
            "other": _kept(two),
        }


def _kept(measured: Measured) -> dict[str, Any]:
    kept = asdict(measured) | {"ndcg_10": None}
    del kept["question_id"]
    if measured.right:
        kept["ndcg_10"] = round(marks(measured.right).ndcg_10, 4)
    return kept


def counted(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many questions got better, worse, or stayed as they were."""
    changes = [result["change"] for result in results]
    return {change.value: changes.count(change.value) for change in Change}
