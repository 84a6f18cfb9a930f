"""Sets of questions: who may do what, what ratings put there, and what outlives a version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat.models import Judgement, Message, QuestionSet, SavedQuestion
from chat.services import question_files, questions
from chat.services.conversations import feedback_set
from chat.services.measuring import Spans, judged_questions
from documents.errors import Conflict, Forbidden, InvalidInput, NotFound
from documents.models import Collection, Document
from documents.services.documents import document_delete, document_update
from documents.types import Role
from tests.integration.factories import WREN, Api, person, shelf, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("one_transaction", "no_broker"),
]

QUESTION = "How many eggs does the wren lay in April?"


class House:
    """A collection with an owner, an editor and a viewer; a stranger; and one document."""

    def __init__(self) -> None:
        self.owner, self.editor = Api(person("olga")), Api(person("edda"))
        self.viewer, self.stranger = Api(person("vera")), Api(person("sten"))
        self.collection = shelf(
            self.owner.user,
            "Birds",
            edda=(self.editor.user, Role.EDITOR),
            vera=(self.viewer.user, Role.VIEWER),
        )
        found = self.owner.ready(collection=self.collection.slug)
        self.document: Document = Document.objects.get(pk=found["id"])
        self.set = questions.set_create(
            user=self.owner.user, collection=self.collection, name="Eggs"
        )

    def ask(self, api: Api, question: str = QUESTION) -> Message:
        return Message.objects.get(pk=api.ask(question).json()["id"])

    def question(self, text: str = QUESTION, **more: Any) -> SavedQuestion:
        return questions.question_save(
            user=self.owner.user, question_set=self.set, text=text, **more
        )

    def judge(self, quote: str, grade: int = 1, api: Api | None = None) -> Judgement:
        return questions.judgement_set(
            user=(api or self.owner).user,
            question=self.question(),
            passage=questions.passage_find(self.document, quote),
            grade=grade,
        )

    def new_version(self, data: bytes) -> None:
        self.owner.add_version(str(self.document.pk), "wren.txt", data)
        work()


@pytest.fixture
def house(db: None) -> House:
    return House()


def test_a_stranger_finds_neither_the_set_nor_its_questions(house: House) -> None:
    question = house.question()
    for get, key in (
        (questions.set_get, house.set.pk),
        (questions.question_get, question.pk),
        (questions.judgement_get, house.judge("seven eggs").pk),
    ):
        with pytest.raises(NotFound):
            get(house.stranger.user, key)


def test_a_viewer_reads_but_does_not_change_a_set(house: House) -> None:
    found = questions.set_get(house.viewer.user, house.set.pk)
    with pytest.raises(Forbidden):
        questions.question_save(user=house.viewer.user, question_set=found, text="Why?")
    with pytest.raises(Forbidden):
        questions.set_delete(user=house.viewer.user, question_set=found)


def test_a_viewer_adds_a_judgement_and_takes_back_only_that(house: House) -> None:
    mine, theirs = house.judge("seven eggs", api=house.viewer), house.judge("seven eggs")
    questions.judgement_remove(user=house.viewer.user, judgement=mine)
    with pytest.raises(Forbidden):
        questions.judgement_remove(user=house.viewer.user, judgement=theirs)
    assert list(Judgement.objects.all()) == [theirs]


def test_an_editor_may_remove_anybodys_judgement(house: House) -> None:
    judgement = house.judge("seven eggs", api=house.viewer)
    questions.judgement_remove(user=house.editor.user, judgement=judgement)
    assert not Judgement.objects.exists()


def test_two_sets_of_one_collection_have_two_names(house: House) -> None:
    with pytest.raises(Conflict):
        questions.set_create(user=house.owner.user, collection=house.collection, name=" Eggs ")
    other = questions.set_create(user=house.owner.user, collection=house.collection, name="Nests")
    with pytest.raises(Conflict):
        questions.set_rename(user=house.owner.user, question_set=other, name="Eggs")


def test_the_same_question_is_kept_once(house: House) -> None:
    first = house.question(expected="Seven.")
    again = house.question(f"  {QUESTION.upper()} ")
    assert (again.pk, again.expected) == (first.pk, "Seven.")


def test_a_set_does_not_grow_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MAX_QUESTIONS", 1)
    house.question()
    house.question()
    with pytest.raises(InvalidInput, match="at most 1"):
        house.question("Another one?")


def test_a_thumb_up_puts_the_question_with_its_passages_into_the_set_of_ratings(
    house: House,
) -> None:
    message = house.ask(house.owner)
    feedback_set(user=house.owner.user, message=message, rating=1)
    question = SavedQuestion.objects.get()
    assert (question.question_set.name, question.text) == (questions.FROM_FEEDBACK, QUESTION)
    cited = [c.quote for c in message.citations.all()]
    assert [j.quote for j in question.judgements.all()] == cited
    assert {j.grade for j in question.judgements.all()} == {1}


def test_changing_the_thumb_changes_the_judgements(house: House) -> None:
    message = house.ask(house.owner)
    feedback_set(user=house.owner.user, message=message, rating=1)
    feedback_set(user=house.owner.user, message=message, rating=-1)
    assert {j.grade for j in Judgement.objects.all()} == {0}
    assert SavedQuestion.objects.count() == 1


def test_a_thumb_does_not_overrule_what_was_said_of_the_passage(house: House) -> None:
    message = house.ask(house.owner)
    questions.passage_judge(user=house.owner.user, message=message, n=1, grade=1)
    feedback_set(user=house.owner.user, message=message, rating=-1)
    assert Judgement.objects.get(explicit=True).grade == 1


def test_the_thumb_of_a_viewer_publishes_nothing(house: House) -> None:
    feedback = feedback_set(user=house.viewer.user, message=house.ask(house.viewer), rating=-1)
    assert feedback.rating == -1
    assert not SavedQuestion.objects.exists()


def test_an_answer_from_two_collections_goes_into_no_set(house: House) -> None:
    message = house.ask(house.owner)
    other = shelf(house.owner.user, "Elsewhere")
    found = house.owner.ready("w2.txt", WREN + b"\n\nMore.", collection=other.slug)
    citation = message.citations.all()[0]
    citation.pk, citation.n, citation.document_id = None, 99, found["id"]
    citation.save()
    feedback_set(user=house.owner.user, message=message, rating=1)
    assert not SavedQuestion.objects.exists()


def test_a_refusal_that_is_rated_goes_into_no_set(house: House) -> None:
    message = house.ask(house.owner, "Which colour has the kingfisher?")
    feedback_set(user=house.owner.user, message=message, rating=-1)
    assert not SavedQuestion.objects.exists()


def test_a_viewer_judges_a_source_only_where_the_question_is_known(house: House) -> None:
    message = house.ask(house.viewer)
    with pytest.raises(Forbidden):
        questions.passage_judge(user=house.viewer.user, message=message, n=1, grade=0)
    house.question()
    made = questions.passage_judge(user=house.viewer.user, message=message, n=1, grade=0)
    assert (made.by, made.question.question_set) == (house.viewer.user, house.set)


def test_a_source_that_is_not_there_cannot_be_judged(house: House) -> None:
    message = house.ask(house.owner)
    with pytest.raises(NotFound):
        questions.passage_judge(user=house.owner.user, message=message, n=77, grade=0)


def test_words_that_are_not_in_the_document_cannot_be_judged(house: House) -> None:
    with pytest.raises(InvalidInput, match="do not stand"):
        questions.passage_find(house.document, "It lays ninety eggs")


def test_a_document_of_another_collection_cannot_be_judged(house: House) -> None:
    elsewhere = shelf(house.owner.user, "Elsewhere")
    found = house.owner.ready("other.txt", b"Something else.", collection=elsewhere.slug)
    passage = questions.passage_find(Document.objects.get(pk=found["id"]), "Something")
    with pytest.raises(InvalidInput, match="not in the collection"):
        questions.judgement_set(
            user=house.owner.user, question=house.question(), passage=passage, grade=1
        )


def test_a_judgement_finds_its_words_in_a_new_version(house: House) -> None:
    house.judge("It lays seven eggs in April.")
    house.new_version(b"A new first paragraph.\n\n" + WREN)
    asked = judged_questions(house.owner.user, house.set)[0]
    (span,) = Spans().of(asked.right)
    text = house.owner.content(str(house.document.pk), 2)
    assert text[span.start : span.end] == "It lays seven eggs in April."


def test_a_judgement_whose_words_are_gone_means_the_document(house: House) -> None:
    house.judge("It lays seven eggs in April.")
    house.new_version(WREN.replace(b"seven", b"eight"))
    (span,) = Spans().of(judged_questions(house.owner.user, house.set)[0].right)
    assert (span.document_id, span.start) == (str(house.document.pk), None)


def test_people_who_disagree_say_nothing_together(house: House) -> None:
    house.judge("seven eggs", 1)
    house.judge("seven eggs", 0, api=house.viewer)
    asked = judged_questions(house.owner.user, house.set)[0]
    assert (asked.right, asked.wrong) == ((), ())


def test_a_deleted_document_takes_its_judgements_along(house: House) -> None:
    house.judge("seven eggs")
    document_delete(user=house.owner.user, document=house.document)
    assert not Judgement.objects.visible_to(house.owner.user).exists()
    work()
    assert not Judgement.objects.exists()
    assert SavedQuestion.objects.count() == 1


def test_the_words_of_a_document_that_was_moved_away_are_hidden(house: House) -> None:
    house.judge("seven eggs")
    elsewhere = shelf(house.owner.user, "Elsewhere")
    document_update(user=house.owner.user, document=house.document, collection=elsewhere)
    assert not Judgement.objects.visible_to(house.viewer.user).exists()
    exported = list(question_files.set_exported(house.viewer.user, house.set))
    assert "seven" not in str(exported)


def test_what_is_exported_can_be_brought_into_another_set(house: House) -> None:
    house.question(expected="Seven eggs.")
    house.judge("seven eggs")
    rows = question_files.set_exported(house.owner.user, house.set)
    data = "\n".join(json.dumps(row) for row in rows).encode()
    other = questions.set_create(user=house.owner.user, collection=house.collection, name="New")
    counts = question_files.set_imported(user=house.owner.user, question_set=other, data=data)
    assert counts == {"questions": 1, "judgements": 1, "unplaced": 0}
    again = list(question_files.set_exported(house.owner.user, other))
    assert (again[0]["expected"], again[0]["judgements"][0]["quote"]) == (
        "Seven eggs.",
        "seven eggs",
    )


def test_a_file_may_name_a_document_by_its_title_and_no_words(house: House) -> None:
    title = house.document.title
    line = {"question": "Eggs?", "judgements": [{"document": title}, {"document": "Nothing"}]}
    counts = question_files.set_imported(
        user=house.owner.user, question_set=house.set, data=json.dumps(line).encode()
    )
    assert (counts["judgements"], counts["unplaced"]) == (1, 1)
    assert Judgement.objects.get().quote == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"not json", b"\xff\xfe", b"[]", b'{"text": "x"}', b'{"question": "x", "judgements": 1}',
     b'{"question": "x"}\n{"question": ""}', b'{"question": "x", "judgements": [{"grade": "a"}]}'],
)  # fmt: skip
def test_a_file_of_another_form_is_refused_whole(house: House, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        question_files.set_imported(user=house.owner.user, question_set=house.set, data=data)
    assert not SavedQuestion.objects.exists()


def test_a_collection_that_goes_takes_its_sets_along(house: House) -> None:
    house.question()
    document_delete(user=house.owner.user, document=house.document)
    work()
    Collection.objects.get(pk=house.collection.pk).delete()
    assert not QuestionSet.objects.exists()


# --- over the API ---------------------------------------------------------------------


def test_a_set_is_made_filled_judged_and_read_over_the_api(house: House) -> None:
    api = house.editor
    made = api.post("/api/question-sets", {"collection": "birds", "name": "From a program"}).json()
    path = f"/api/question-sets/{made['id']}/questions"
    question = api.post(path, {"question": QUESTION, "expected": "Seven"}).json()
    body = {"document_id": str(house.document.pk), "quote": "lays seven eggs", "grade": 1}
    assert api.post(f"/api/questions/{question['id']}/judgements", body).status_code == 201
    (row,) = house.viewer.get(path).json()["results"]
    assert (row["question"], row["expected"]) == (QUESTION, "Seven")
    assert [(j["quote"], j["grade"], j["by"]) for j in row["judgements"]] == [
        ("lays seven eggs", 1, "edda")
    ]


def test_a_set_cannot_take_a_question_from_somebody_elses_answer(house: House) -> None:
    message = house.ask(house.owner)
    path = f"/api/question-sets/{house.set.pk}/questions"
    body = {"question": "Mine?", "message_id": str(message.pk)}
    assert house.editor.post(path, body).status_code == 404
    assert not SavedQuestion.objects.exists()


def test_a_foreign_document_cannot_be_judged_over_the_api(house: House) -> None:
    question = house.question()
    foreign = house.stranger.ready("secret.txt", b"A secret of Sten.")
    body = {"document_id": foreign["id"], "quote": "secret"}
    path = f"/api/questions/{question.pk}/judgements"
    assert house.owner.post(path, body).status_code == 404
