"""How well the search does on a saved set of questions, in the live index, read only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User

from chat.answer.judging import Marks, Span, marks, rank_of
from chat.models import QuestionSet
from chat.services.measuring import Spans, judged_questions
from documents.errors import InvalidInput, NotFound
from documents.search.hybrid import search
from documents.search.scope import Within
from documents.types import Mode, Role

#: Results asked for, as recall at 100 needs.
DEPTH = 100

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SetScores:
    """The means of one mode over the questions with a right passage, each from 0 to 1."""

    mode: Mode
    queries: int
    ndcg_10: float
    recall_10: float
    recall_100: float
    mrr_10: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The means by mode, and by question the ranks of its right passages in each mode."""

    name: str
    scores: tuple[SetScores, ...]
    questions: tuple[dict[str, Any], ...]


def set_named(name: str) -> QuestionSet:
    """Return the set called ``COLLECTION_SLUG/SET_NAME``, or with this id.

    Raises ``NotFound``. For the command line, whose user may read everything.
    """
    rows = QuestionSet.objects.select_related("collection", "created_by")
    slug, _, title = name.partition("/")
    if name.isascii() and name.isdigit() and len(name) < 18:
        rows = rows.filter(pk=int(name))
    else:
        rows = rows.filter(collection__slug=slug, name=title)
    found: QuestionSet | None = rows.first()
    if found is None:
        raise NotFound(
            f"{name} does not hold corpus.jsonl, queries.jsonl and qrels.tsv, "
            "and is no saved set of questions."
        )
    return found


def set_evaluate(question_set: QuestionSet, on_progress: Progress | None = None) -> Evaluation:
    """Ask every question that has a right passage, in every mode, on behalf of the set's owner.

    Raises ``InvalidInput`` where no passage is judged right, or nobody owns the set.
    """
    notify = on_progress or (lambda *_: None)
    user, spans = _owner(question_set), Spans()
    asked = [q for q in judged_questions(user, question_set) if q.right]
    if not asked:
        raise InvalidInput("No passage of this set is judged to be the right one yet.")
    within = Within(collections=[question_set.collection_id])
    rows: list[dict[str, Any]] = [{"id": q.id, "question": q.text, "modes": {}} for q in asked]
    scores = []
    for mode in Mode:
        kept: list[Marks] = []
        for done, (question, row) in enumerate(zip(asked, rows, strict=True), start=1):
            hits = search(user, question.text, within=within, mode=mode, limit=DEPTH).hits
            found = [Span(hit.document_id, hit.start, hit.end) for hit in hits]
            ranks = [rank_of(span, found) for span in spans.of(question.right)]
            kept.append(marks(ranks))
            row["modes"][mode.value] = {"ranks": ranks} | _rounded(kept[-1])
            notify(mode.value, done, len(asked))
        scores.append(_means(mode, kept))
    name = f"{question_set.collection.slug}/{question_set.name}"
    return Evaluation(name, tuple(scores), tuple(rows))


def _owner(question_set: QuestionSet) -> User:
    """Return who made the set, or an owner of its collection where that one is gone."""
    maker = question_set.created_by
    if (
        maker is not None
        and QuestionSet.objects.visible_to(maker).filter(pk=question_set.pk).exists()
    ):
        return maker
    members = question_set.collection.memberships.filter(role=Role.OWNER, user__is_active=True)
    first = members.select_related("user").order_by("pk").first()
    if first is None:
        raise InvalidInput("The collection of this set has no owner who could read it.")
    return first.user


def _rounded(one: Marks) -> dict[str, float]:
    return {key: round(value, 4) for key, value in asdict(one).items()}


def _means(mode: Mode, kept: Sequence[Marks]) -> SetScores:
    names = ("ndcg_10", "recall_10", "recall_100", "mrr_10")
    means = [round(sum(getattr(one, name) for one in kept) / len(kept), 4) for name in names]
    return SetScores(mode, len(kept), *means)
