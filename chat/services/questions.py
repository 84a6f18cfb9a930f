"""Sets of questions of a collection, and what people say of the passages that answer them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from chat.answer.judging import located, question_key, quote_key
from chat.models import Citation, Feedback, Judgement, Message, QuestionSet, SavedQuestion
from chat.services.asking import checked_question
from documents.errors import Conflict, Forbidden, InvalidInput, NotFound
from documents.models import Collection, Document

#: The set of a collection that ratings of answers go to.
FROM_FEEDBACK = "From feedback"
#: More questions than this are no longer looked through by people, nor asked in a moment.
MAX_QUESTIONS = 1000
MAX_EXPECTED = 2000
_NOT_YOURS = "Only editors of the collection may change its questions."


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a document, and where they stood in one of its versions."""

    document: Document
    version: int
    start: int
    end: int
    quote: str


def set_get(user: User, set_id: int, *, edit: bool = False) -> QuestionSet:
    """Return a set the user may read. Raises ``NotFound``, and ``Forbidden`` with ``edit``."""
    rows = QuestionSet.objects.visible_to(user).select_related("collection")
    found: QuestionSet | None = rows.filter(pk=set_id).first() if set_id < 2**63 else None
    if found is None:
        raise NotFound
    if edit:
        _require_editor(user, found.collection)
    return found


def question_get(user: User, question_id: int, *, edit: bool = False) -> SavedQuestion:
    """Return a saved question the user may read. Raises like ``set_get``."""
    rows = SavedQuestion.objects.visible_to(user).select_related("question_set__collection")
    found: SavedQuestion | None = (
        rows.filter(pk=question_id).first() if question_id < 2**63 else None
    )
    if found is None:
        raise NotFound
    if edit:
        _require_editor(user, found.question_set.collection)
    return found


def may_edit(user: User, collection: Collection) -> bool:
    """Whether the user may change the questions of a collection."""
    return Collection.objects.editable_by(user).filter(pk=collection.pk).exists()


def _require_editor(user: User, collection: Collection) -> None:
    if not may_edit(user, collection):
        raise Forbidden(_NOT_YOURS)


def set_create(*, user: User, collection: Collection, name: str) -> QuestionSet:
    """Make a set in a collection. Raises ``Conflict`` when there is one of this name."""
    _require_editor(user, collection)
    name = _checked_name(name)
    made, is_new = QuestionSet.objects.get_or_create(
        collection=collection, name=name, defaults={"created_by": user}
    )
    if not is_new:
        raise Conflict("The collection has a set of this name already.")
    return made


def set_rename(*, user: User, question_set: QuestionSet, name: str) -> QuestionSet:
    """Give a set another name. Raises ``Conflict`` when there is one of this name."""
    _require_editor(user, question_set.collection)
    name = _checked_name(name)
    others = QuestionSet.objects.filter(collection=question_set.collection, name=name)
    if others.exclude(pk=question_set.pk).exists():
        raise Conflict("The collection has a set of this name already.")
    question_set.name = name
    question_set.save(update_fields=["name"])
    return question_set


def set_delete(*, user: User, question_set: QuestionSet) -> None:
    """Delete a set with its questions, judgements and comparisons."""
    _require_editor(user, question_set.collection)
    question_set.delete()


def _checked_name(name: str) -> str:
    name = " ".join(name.replace("\x00", " ").split())
    if not 1 <= len(name) <= 120:
        raise InvalidInput("A set needs a name of 1 to 120 characters.")
    return name


@transaction.atomic
def question_save(
    *,
    user: User,
    question_set: QuestionSet,
    text: str,
    expected: str = "",
    message: Message | None = None,
) -> SavedQuestion:
    """Put a question into a set, or return the one with the same words.

    An expected answer that is given replaces the one it had.
    """
    _require_editor(user, question_set.collection)
    text, expected = checked_question(text), checked_expected(expected)
    known = SavedQuestion.objects.filter(question_set=question_set, key=question_key(text)).first()
    if known is None:
        if question_set.questions.count() >= MAX_QUESTIONS:
            raise InvalidInput(f"A set holds at most {MAX_QUESTIONS:,} questions.")
        known = SavedQuestion(
            question_set=question_set, key=question_key(text), text=text, created_by=user
        )
    known.expected = expected or known.expected
    known.message = known.message or message
    known.save()
    return known


def checked_expected(expected: str) -> str:
    """Return what a right answer says, as it is kept. Raises ``InvalidInput`` when too long."""
    expected = expected.replace("\x00", " ").strip()
    if len(expected) > MAX_EXPECTED:
        raise InvalidInput(f"An expected answer holds at most {MAX_EXPECTED:,} characters.")
    return expected


def question_expect(*, user: User, question: SavedQuestion, expected: str) -> SavedQuestion:
    """Note what a right answer says; an empty text takes that back."""
    _require_editor(user, question.question_set.collection)
    question.expected = checked_expected(expected)
    question.save(update_fields=["expected"])
    return question


def question_remove(*, user: User, question: SavedQuestion) -> None:
    """Take a question out of its set."""
    _require_editor(user, question.question_set.collection)
    question.delete()


# --- judgements -----------------------------------------------------------------------


def judgement_set(
    *, user: User, question: SavedQuestion, passage: Passage, grade: int, explicit: bool = True
) -> Judgement:
    """Keep what a member says of a passage; a later word of the same person replaces it.

    What came with the rating of a whole answer never replaces what was said of the
    passage itself. Raises ``InvalidInput`` for a document of another collection.
    """
    if grade not in Judgement.Grade.values:
        raise InvalidInput("A judgement is 1 for the right passage, or 0 for a wrong one.")
    if passage.document.collection_id != question.question_set.collection_id:
        raise InvalidInput("The document is not in the collection of this set.")
    key = quote_key(passage.quote)
    with transaction.atomic():
        known: Judgement = Judgement.objects.filter(
            question=question, document=passage.document, quote_key=key, by=user
        ).first() or Judgement(
            question=question, document=passage.document, quote_key=key, by=user, explicit=False
        )
        if known.explicit and not explicit:
            return known
        known.version, known.start, known.end = passage.version, passage.start, passage.end
        known.quote, known.grade, known.explicit = passage.quote, grade, explicit
        known.save()
    return known


def passage_find(document: Document, quote: str) -> Passage:
    """Return the place of words in what a document says now.

    An empty quote means the whole document. Raises ``InvalidInput`` for words that do
    not stand in it, and for a document without text.
    """
    version = document.current_version
    if version is None:
        raise InvalidInput("The document is not ready yet.")
    quote = quote.replace("\x00", " ").strip()
    if not quote:
        return Passage(document, version.number, 0, 0, "")
    text = version.content.text
    span = located(str(document.pk), quote, text)
    if span.start is None or span.end is None:
        raise InvalidInput("These words do not stand in the document.")
    return Passage(document, version.number, span.start, span.end, text[span.start : span.end])


def judgement_get(user: User, judgement_id: int) -> Judgement:
    """Return a judgement the user may read. Raises ``NotFound``."""
    rows = Judgement.objects.visible_to(user).select_related("question__question_set__collection")
    found: Judgement | None = rows.filter(pk=judgement_id).first() if judgement_id < 2**63 else None
    if found is None:
        raise NotFound
    return found


def judgement_remove(*, user: User, judgement: Judgement) -> None:
    """Take back a judgement of one's own; editors may remove anybody's."""
    if judgement.by_id != user.pk:
        _require_editor(user, judgement.question.question_set.collection)
    judgement.delete()


# --- from answers ---------------------------------------------------------------------


def default_set(user: User, collection: Collection) -> QuestionSet:
    """Return the set that ratings go to; the first one makes it."""
    _require_editor(user, collection)
    found, _ = QuestionSet.objects.get_or_create(
        collection=collection, name=FROM_FEEDBACK, defaults={"created_by": user}
    )
    return found


def asked_text(message: Message) -> str:
    """Return the question of a message as it can be asked alone."""
    return message.standalone_question or message.question


def cited_collections(user: User, message: Message) -> list[Collection]:
    """Return the collections an answer cites, as far as the user may read them."""
    documents = Citation.objects.filter(message=message).values("document_id")
    rows = Document.objects.visible_to(user).filter(pk__in=documents)
    return list(
        Collection.objects.visible_to(user).filter(pk__in=rows.values("collection_id")).distinct()
    )


def message_save(*, user: User, message: Message, question_set: QuestionSet) -> SavedQuestion:
    """Put the question of one of the user's messages into a set."""
    return question_save(
        user=user, question_set=question_set, text=asked_text(message), message=message
    )


@transaction.atomic
def passage_judge(*, user: User, message: Message, n: int, grade: int) -> Judgement:
    """Keep what the asker says of one source of an answer, in a set of its collection.

    Where the question is not in a set yet, it goes to the one of ratings, which takes an
    editor. Raises ``NotFound`` for a source that is gone or may not be read.
    """
    passage = next(
        (passage for number, passage in cited(user, message) if number == n),
        None,
    )
    if passage is None:
        raise NotFound
    question = _saved(user, message, passage.document.collection)
    return judgement_set(user=user, question=question, passage=passage, grade=grade)


def _saved(user: User, message: Message, collection: Collection) -> SavedQuestion:
    known: SavedQuestion | None = SavedQuestion.objects.filter(
        question_set__collection=collection, key=question_key(asked_text(message))
    ).first()
    if known is not None:
        return known
    return message_save(user=user, message=message, question_set=default_set(user, collection))


def cited(user: User, message: Message) -> list[tuple[int, Passage]]:
    """Return the sources of an answer that the user may still read, by their number."""
    rows = list(message.citations.order_by("n"))
    wanted = {row.document_id for row in rows}
    documents = Document.objects.visible_to(user).select_related("collection").in_bulk(wanted)
    return [
        (row.n, Passage(documents[row.document_id], row.version, row.start, row.end, row.quote))
        for row in rows
        if row.document_id in documents
    ]


@transaction.atomic
def question_from_feedback(user: User, feedback: Feedback) -> SavedQuestion | None:
    """Put a rated question with its passages into the set of ratings of its collection.

    Only where all the answer cites lies in one collection whose questions the rater may
    change: a question asked in private is shown to others by somebody who may publish
    there, or not at all. Returns nothing elsewhere.
    """
    message = feedback.message
    passages = [passage for _, passage in cited(user, message)]
    homes = {passage.document.collection_id for passage in passages}
    if len(homes) != 1 or len(passages) != message.citations.count():
        return None
    collection = passages[0].document.collection
    if not may_edit(user, collection):
        return None
    question = _saved(user, message, collection)
    grade = Judgement.Grade.RIGHT if feedback.rating > 0 else Judgement.Grade.WRONG
    for passage in passages:
        judgement_set(user=user, question=question, passage=passage, grade=grade, explicit=False)
    return question
