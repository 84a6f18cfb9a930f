"""Sets of questions as files: one JSON object a line, out and in again."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.utils.text import slugify

from chat.answer.judging import question_key
from chat.models import Judgement, QuestionSet
from chat.services.asking import checked_question
from chat.services.questions import (
    MAX_QUESTIONS,
    checked_expected,
    judgement_set,
    passage_find,
    question_save,
)
from documents.errors import InvalidInput, NotFound, ProductError
from documents.models import Document

#: Bytes of a file with questions.
MAX_SIZE = 2_000_000


def set_file(user: User, question_set: QuestionSet) -> tuple[str, str]:
    """Return a set as a file, one JSON object a line, with a name for it."""
    rows = set_exported(user, question_set)
    text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    return f"{slugify(question_set.name) or 'questions'}.jsonl", text


def set_exported(user: User, question_set: QuestionSet) -> Iterator[dict[str, Any]]:
    """Yield each question with the judgements that the user may read."""
    rows = Judgement.objects.visible_to(user).filter(question__question_set=question_set)
    by_question: dict[int, list[Judgement]] = {}
    for row in rows.select_related("document", "by"):
        by_question.setdefault(row.question_id, []).append(row)
    for question in question_set.questions.all():
        yield {
            "question": question.text,
            "expected": question.expected,
            "judgements": [_exported(row) for row in by_question.get(question.pk, ())],
        }


def _exported(row: Judgement) -> dict[str, Any]:
    return {
        "document_id": str(row.document_id),
        "title": row.document.title,
        "version": row.version,
        "start": row.start,
        "end": row.end,
        "quote": row.quote,
        "grade": row.grade,
        "by": row.by.get_username() if row.by else None,
        "at": row.at.isoformat(),
    }


def set_imported(*, user: User, question_set: QuestionSet, data: bytes) -> Counter[str]:
    """Add the questions of a file, each with its judgements as the user's own.

    A line is ``{"question", "expected"?, "judgements"?: [{"document", "quote"?, "grade"?}]}``,
    where ``document`` (or ``document_id``) is an id or the exact title of a document of the
    collection. Returns how many ``questions`` and ``judgements`` were taken, and how many
    ``unplaced`` judgements were not, because their document or words are not there.
    Raises ``InvalidInput`` for a file that is not of this form, before anything is kept.
    """
    counts: Counter[str] = Counter(questions=0, judgements=0, unplaced=0)
    lines = lines_read(data)
    _check_room(question_set, lines)
    for line in lines:
        question = question_save(
            user=user,
            question_set=question_set,
            text=line["question"],
            expected=line["expected"],
        )
        counts["questions"] += 1
        for item in line.get("judgements") or ():
            try:
                document = _document(user, question_set, item)
                passage = passage_find(document, str(item.get("quote") or ""))
                grade = int(item.get("grade", 1) > 0)
                judgement_set(user=user, question=question, passage=passage, grade=grade)
                counts["judgements"] += 1
            except ProductError:
                counts["unplaced"] += 1
    return counts


def lines_read(data: bytes) -> list[dict[str, Any]]:
    """Return the questions of a file. Raises ``InvalidInput`` for one of another form."""
    if len(data) > MAX_SIZE:
        raise InvalidInput(f"A file with questions holds at most {MAX_SIZE:,} bytes.")
    lines = []
    try:
        for number, text in enumerate(data.decode("utf-8-sig").split("\n"), start=1):
            if text.strip():
                lines.append(_line(json.loads(text), number))
    except ValueError:  # bad UTF-8 or bad JSON
        raise InvalidInput("The file must hold one JSON object a line, in UTF-8.") from None
    if not lines:
        raise InvalidInput("There is no question in the file.")
    return lines


def _line(line: Any, number: int) -> dict[str, Any]:
    if not isinstance(line, dict) or not str(line.get("question") or "").strip():
        raise InvalidInput(f"Line {number} has no question.")
    judgements = line.get("judgements") or []
    is_list = isinstance(judgements, list)
    if not is_list or not all(_is_judgement(item) for item in judgements):
        raise InvalidInput(f"The judgements of line {number} cannot be read.")
    try:
        question = checked_question(str(line["question"]))
        expected = checked_expected(str(line.get("expected") or ""))
    except InvalidInput as error:
        raise InvalidInput(f"Line {number}: {error.message}") from None
    return line | {"question": question, "expected": expected}


def _check_room(question_set: QuestionSet, lines: list[dict[str, Any]]) -> None:
    """Raise ``InvalidInput`` when the set would hold too many questions."""
    known = set(question_set.questions.values_list("key", flat=True))
    if len(known | {question_key(line["question"]) for line in lines}) > MAX_QUESTIONS:
        raise InvalidInput(f"A set holds at most {MAX_QUESTIONS:,} questions.")


def _is_judgement(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("grade", 1), int)


def _document(user: User, question_set: QuestionSet, item: dict[str, Any]) -> Document:
    named = str(item.get("document_id") or item.get("document") or "")
    rows = Document.objects.visible_to(user).filter(collection=question_set.collection_id)
    rows = rows.select_related("current_version__content")
    try:
        rows = rows.filter(pk=uuid.UUID(named))
    except ValueError:
        rows = rows.filter(title=named).order_by("created_at")
    found: Document | None = rows.first()
    if found is None:
        raise NotFound
    return found
