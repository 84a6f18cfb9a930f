"""Question sets as files: over the API and by the command."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat.models import Judgement, QuestionSet, SavedQuestion
from chat.services import question_files, questions
from documents.models import Collection
from tests.integration.factories import Api, assert_problem, shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

LINE = {
    "question": "How many eggs?",
    "expected": "Seven.",
    "judgements": [{"document": "wren", "quote": "seven eggs"}, {"document": "owl"}],
}


def _lines(*lines: Any) -> bytes:
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()


@pytest.fixture
def birds(ada: Api) -> QuestionSet:
    """A set about the collection of the wren."""
    document = ada.ready()
    collection = Collection.objects.get(pk=document["collection"]["id"])
    return questions.set_create(user=ada.user, collection=collection, name="Birds & eggs")


def _import(api: Api, saved: QuestionSet, *files: bytes) -> Any:
    path = f"/api/question-sets/{saved.pk}/import"
    return api.form(path, [("q.jsonl", data) for data in files], name="file")


def _command(*arguments: str) -> str:
    out = StringIO()
    call_command("import_questions", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


# --- over the API ---------------------------------------------------------------------


def test_a_file_is_taken_in_and_counted(ada: Api, birds: QuestionSet) -> None:
    response = _import(ada, birds, _lines(LINE))
    assert response.status_code == 200, response.content
    assert response.json() == {"questions": 1, "judgements": 1, "unplaced": 1}
    assert SavedQuestion.objects.get().expected == "Seven."
    assert Judgement.objects.get().by == ada.user


def test_what_is_exported_comes_in_again(ada: Api, birds: QuestionSet) -> None:
    _import(ada, birds, _lines(LINE))
    sent = ada.get(f"/api/question-sets/{birds.pk}/export.jsonl")
    assert sent["Content-Type"].startswith("application/jsonl")
    assert 'filename="birds-eggs.jsonl"' in sent["Content-Disposition"]
    other = questions.set_create(user=ada.user, collection=birds.collection, name="Other")
    assert _import(ada, other, sent.content).json()["judgements"] == 1


def test_an_empty_set_is_an_empty_file(ada: Api, birds: QuestionSet) -> None:
    assert ada.get(f"/api/question-sets/{birds.pk}/export.jsonl").content == b""


@pytest.mark.parametrize("files", [[], [_lines(LINE), _lines(LINE)]])
def test_one_file_is_asked_for(ada: Api, birds: QuestionSet, files: list[bytes]) -> None:
    assert_problem(_import(ada, birds, *files), 400, "invalid")


def test_json_in_the_body_is_told_to_be_sent_as_a_form(ada: Api, birds: QuestionSet) -> None:
    response = ada.post(f"/api/question-sets/{birds.pk}/import", LINE)
    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"question": "x" * 2001}, "Line 2: A question holds at most 2,000 characters."),
        ({"question": "x", "expected": "y" * 2001}, "Line 2: An expected answer holds"),
        ({"question": "\x00"}, "Line 2: "),
    ],
)
def test_a_line_that_cannot_be_kept_keeps_the_others_out_too(
    ada: Api, birds: QuestionSet, bad: dict[str, str], says: str
) -> None:
    problem = assert_problem(_import(ada, birds, _lines(LINE, bad)), 400)
    assert says in problem["detail"]
    assert not SavedQuestion.objects.exists()


def test_more_questions_than_a_set_holds_are_refused_whole(
    ada: Api, birds: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_files, "MAX_QUESTIONS", 2)
    _import(ada, birds, _lines({"question": "One?"}, {"question": "Two?"}))
    assert _import(ada, birds, _lines({"question": "one"}, {"question": "Two?"})).status_code == 200
    assert_problem(_import(ada, birds, _lines({"question": "Three?"})), 400, "invalid")


def test_a_separator_of_lines_within_a_question_is_part_of_it(ada: Api, birds: QuestionSet) -> None:
    assert _import(ada, birds, _lines({"question": "One\u2028line\x85only?"})).status_code == 200
    assert SavedQuestion.objects.get().text == "One\u2028line\x85only?"


def test_a_file_that_is_too_large_is_refused(
    ada: Api, birds: QuestionSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_files, "MAX_SIZE", 10)
    assert_problem(_import(ada, birds, _lines(LINE)), 400, "invalid")


# --- by the command -------------------------------------------------------------------


def test_the_command_makes_the_set_it_names(ada: Api, tmp_path: Path) -> None:
    ada.ready()
    slug = shelf(ada.user, "Archive").slug
    file = tmp_path / "q.jsonl"
    file.write_bytes(_lines(LINE))
    said = json.loads(_command(f"{slug}/Old ones", str(file), "--json"))
    made = QuestionSet.objects.get(name="Old ones")
    assert said == {"set": made.pk, "questions": 1, "judgements": 0, "unplaced": 2}
    assert (made.collection.slug, made.created_by) == (slug, ada.user)


def test_the_command_adds_to_a_set_by_its_id(birds: QuestionSet, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_bytes(_lines(LINE))
    assert "Birds & eggs: 1 questions and 1 judgements" in _command(str(birds.pk), str(file))
    assert birds.questions.count() == 1


@pytest.mark.parametrize("name", ["nowhere/Birds", "999999", "nowhere", ""])
def test_a_set_that_cannot_be_named_is_a_wrong_use(ada: Api, tmp_path: Path, name: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_bytes(_lines(LINE))
    with pytest.raises(CommandError) as error:
        _command(name, str(file))
    assert error.value.returncode == 2


def test_a_file_of_another_form_makes_no_set(birds: QuestionSet, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_bytes(b"[]")
    with pytest.raises(CommandError, match="Line 1 has no question"):
        _command(f"{birds.collection.slug}/New", str(file))
    assert QuestionSet.objects.get() == birds


def test_a_file_that_is_not_there_makes_no_set(birds: QuestionSet, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        _command(f"{birds.collection.slug}/New", str(tmp_path / "none.jsonl"))
    assert QuestionSet.objects.get() == birds
