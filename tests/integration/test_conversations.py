"""Asking again, rewording, exporting and finding conversations, over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat.models import Conversation, Message
from chat.selectors import history
from chat.turns import TURNS_SHOWN, turns
from documents.models import Membership
from tests.integration.factories import Api, assert_problem, shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
KEEPER = "Who is the keeper of the garden?"


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document that says how many eggs."""
    return ada.ready()


@pytest.fixture
def eggs(ada: Api, wren: dict[str, Any]) -> dict[str, Any]:
    """An answered question."""
    return dict(ada.ask(EGGS).json())


def _again(api: Api, answer: dict[str, Any], **more: Any) -> Any:
    return api.post("/api/chat", {"replaces": answer["id"], **more})


def _conversation(api: Api, answer: dict[str, Any], **query: Any) -> Any:
    return api.get(f"/api/conversations/{answer['conversation_id']}", **query).json()


# --- asking again ---------------------------------------------------------------------


def test_asking_again_repeats_the_question_in_its_conversation(
    ada: Api, eggs: dict[str, Any]
) -> None:
    second = _again(ada, eggs).json()
    assert (second["question"], second["replaces"]) == (EGGS, eggs["id"])
    assert second["conversation_id"] == eggs["conversation_id"]
    assert "seven eggs" in second["answer"]


def test_the_new_answer_takes_the_place_of_the_old_one(ada: Api, eggs: dict[str, Any]) -> None:
    third = ada.ask(KEEPER, conversation_id=eggs["conversation_id"]).json()
    second = _again(ada, eggs).json()
    shown = [m["id"] for m in _conversation(ada, eggs)["messages"]]
    assert shown == [second["id"], third["id"]]


def test_nothing_is_lost_when_an_answer_is_replaced(ada: Api, eggs: dict[str, Any]) -> None:
    second = _again(ada, eggs, question=KEEPER).json()
    everything = _conversation(ada, eggs, all=1)["messages"]
    assert [m["id"] for m in everything] == [eggs["id"], second["id"]]
    assert everything[0]["answer"] == eggs["answer"]


def test_an_edited_question_is_answered_anew(ada: Api, eggs: dict[str, Any]) -> None:
    second = _again(ada, eggs, question=KEEPER).json()
    assert second["question"] == KEEPER
    assert "Odalys Brennt" in second["answer"]


def test_of_a_chain_the_newest_is_replaced_whichever_is_named(
    ada: Api, eggs: dict[str, Any]
) -> None:
    second = _again(ada, eggs).json()
    third = _again(ada, eggs).json()
    assert third["replaces"] == second["id"]
    assert [m["id"] for m in _conversation(ada, eggs)["messages"]] == [third["id"]]


def test_asking_again_streams_like_a_first_question(ada: Api, eggs: dict[str, Any]) -> None:
    done = ada.stream(KEEPER, replaces=eggs["id"])[-1]
    assert (done.name, done.data["replaces"]) == ("done", eggs["id"])


def test_the_same_places_are_searched_again(ada: Api, wren: dict[str, Any]) -> None:
    first = ada.ask(EGGS, documents=[wren["id"]]).json()
    Message.objects.update(scope=Message.objects.get().scope | {"as_of": None, "more": 1})
    second = _again(ada, first).json()
    kept = Message.objects.get(pk=second["id"]).scope
    assert (kept["documents"], kept["more"]) == ([wren["id"]], 1)


def test_another_scope_may_be_given(ada: Api, eggs: dict[str, Any]) -> None:
    shelf(ada.user, "Empty")
    assert _again(ada, eggs, collections=["empty"]).json()["refused"]


def test_a_scope_that_is_gone_is_told_and_replaces_nothing(ada: Api, eggs: dict[str, Any]) -> None:
    gone = shelf(ada.user, "Gone")
    Message.objects.update(scope={"collections": [gone.pk], "documents": []})
    gone.delete()
    assert_problem(_again(ada, eggs), 409, "scope_gone")
    assert Message.objects.count() == 1


def test_while_one_is_answering_asking_again_is_refused(ada: Api, eggs: dict[str, Any]) -> None:
    Message.objects.update(state=Message.State.ANSWERING, touched_at=timezone.now())
    assert_problem(_again(ada, eggs), 409, "still_answering")
    assert Message.objects.count() == 1


def test_an_answer_whose_process_died_can_be_asked_again(ada: Api, eggs: dict[str, Any]) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    Message.objects.update(state=Message.State.ANSWERING, touched_at=long_ago)
    assert _again(ada, eggs).status_code == 200


def test_a_stopped_answer_can_be_asked_again(ada: Api, eggs: dict[str, Any]) -> None:
    Message.objects.update(state=Message.State.STOPPED)
    assert _again(ada, eggs).json()["state"] == "complete"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "invalid"), ({"question": ""}, "empty_question"), ({"replaces": ""}, "invalid")],
)
def test_without_a_question_there_must_be_one_to_repeat(
    ada: Api, body: dict[str, str], code: str
) -> None:
    assert_problem(ada.post("/api/chat", body), 400, code)


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_a_question_that_cannot_be_asked_replaces_nothing(
    ada: Api, eggs: dict[str, Any], words: str
) -> None:
    assert_problem(_again(ada, eggs, question=words), 400)
    assert Message.objects.count() == 1


def test_a_strangers_message_cannot_be_replaced(bob: Api, eggs: dict[str, Any]) -> None:
    assert_problem(_again(bob, eggs), 404, "not_found")
    assert Message.objects.count() == 1


def test_a_message_of_another_conversation_is_not_replaced(ada: Api, eggs: dict[str, Any]) -> None:
    other = ada.ask(KEEPER).json()
    refused = _again(ada, eggs, conversation_id=other["conversation_id"])
    assert_problem(refused, 404, "not_found")
    assert Message.objects.count() == 2


def _message(conversation: Conversation, question: str, **fields: Any) -> Message:
    message: Message = Message.objects.create(
        conversation=conversation, question=question, answer=f"About {question}",
        state=Message.State.COMPLETE, **fields,
    )  # fmt: skip
    return message


@pytest.fixture
def talk(ada: Api) -> Conversation:
    conversation: Conversation = Conversation.objects.create(user=ada.user, title="Birds")
    return conversation


def test_the_history_holds_the_newest_of_each_chain_and_only_turns_before(
    ada: Api, talk: Conversation
) -> None:
    first = _message(talk, "one")
    second = _message(talk, "two")
    _message(talk, "one, reworded", replaces=first, place=first.place)
    third = _message(talk, "three")
    again = _message(talk, "two, reworded", replaces=second, place=second.place)
    assert [t.question for t in history(again, ada.user)] == ["one, reworded"]
    assert [t.question for t in history(third, ada.user)] == ["one, reworded", "two, reworded"]


def test_a_page_holds_the_last_turns_and_another_those_before(ada: Api, talk: Conversation) -> None:
    rows = [_message(talk, str(n)) for n in range(TURNS_SHOWN + 5)]
    last = turns(talk)
    assert last == rows[5:]
    assert turns(talk, before=last[0]) == rows[:5]


# --- changing -------------------------------------------------------------------------


def test_a_conversation_is_renamed_and_keeps_its_place(ada: Api, talk: Conversation) -> None:
    changed = ada.patch(f"/api/conversations/{talk.pk}", {"title": "  About \n wrens "}).json()
    assert changed["title"] == "About wrens"
    assert Conversation.objects.get().updated_at == talk.updated_at


def test_of_two_changes_both_happen_or_neither(ada: Api, bob: Api, talk: Conversation) -> None:
    theirs = shelf(bob.user, "Theirs")
    body = {"title": "Stolen", "shared_with": theirs.slug}
    assert_problem(ada.patch(f"/api/conversations/{talk.pk}", body), 404, "not_found")
    talk.refresh_from_db()
    assert (talk.title, talk.shared_with) == ("Birds", None)


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_title_that_is_none_is_refused(ada: Api, talk: Conversation, title: str) -> None:
    assert_problem(ada.patch(f"/api/conversations/{talk.pk}", {"title": title}), 400)
    assert Conversation.objects.get().title == "Birds"


# --- export ---------------------------------------------------------------------------


def test_the_markdown_holds_question_answer_source_and_quote(
    ada: Api, eggs: dict[str, Any]
) -> None:
    response = ada.get(f"/api/conversations/{eggs['conversation_id']}/export.md")
    text = response.content.decode()
    citation = eggs["citations"][0]
    assert f"## {EGGS}" in text
    assert f"](<http://testserver{citation['url']}>), version 1" in text
    assert f"   > {citation['quote']}" in text


def test_the_json_is_what_the_api_gives(ada: Api, eggs: dict[str, Any]) -> None:
    path = f"/api/conversations/{eggs['conversation_id']}"
    exported = json.loads(ada.get(f"{path}/export.json").content)
    assert exported == ada.get(path).json()


@pytest.mark.parametrize(
    ("ending", "kind"), [("md", "text/markdown"), ("json", "application/json")]
)
def test_an_export_is_a_download_with_a_safe_name(
    ada: Api, talk: Conversation, ending: str, kind: str
) -> None:
    Conversation.objects.update(title='../../etc/"x"\r\nSet-Cookie: a=b; Größe & <b>')
    response = ada.get(f"/api/conversations/{talk.pk}/export.{ending}")
    name = f"etcx-set-cookie-ab-groe-b-{talk.updated_at:%Y-%m-%d}.{ending}"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] == f"{kind}; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", ["text/markdown", "application/json", "*/*", "image/png"])
def test_an_export_comes_whatever_is_accepted(ada: Api, talk: Conversation, accept: str) -> None:
    path = f"/api/conversations/{talk.pk}/export.md"
    assert ada.send("GET", path, Accept=accept).status_code == 200


def test_an_export_leaves_out_what_can_no_longer_be_read(ada: Api, eggs: dict[str, Any]) -> None:
    Membership.objects.all().delete()
    for ending in ("md", "json"):
        path = f"/api/conversations/{eggs['conversation_id']}/export.{ending}"
        text = ada.get(path).content.decode()
        assert "seven" not in text
        assert "can no longer read" in text


# --- finding --------------------------------------------------------------------------


def _found(api: Api, search: str, **more: Any) -> list[dict[str, Any]]:
    response = api.get("/api/conversations", search=search, **more)
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def test_a_conversation_is_found_by_its_title(ada: Api, talk: Conversation) -> None:
    (found,) = _found(ada, "bird")
    assert found["match"] == {
        "where": "title", "message_id": None, "text": "Birds", "highlights": [[0, 4]],
    }  # fmt: skip


def test_a_conversation_is_found_by_a_question(ada: Api, talk: Conversation) -> None:
    message = _message(talk, "Where does Müller live?")
    (found,) = _found(ada, "MULLER where")
    assert (found["match"]["where"], found["match"]["message_id"]) == ("question", str(message.pk))
    assert found["match"]["highlights"] == [[0, 5], [11, 17]]


def test_a_conversation_is_found_by_an_answer(ada: Api, eggs: dict[str, Any]) -> None:
    (found,) = _found(ada, "SEVEN eggs april")
    assert (found["id"], found["match"]["where"]) == (eggs["conversation_id"], "answer")
    assert "seven eggs" in found["match"]["text"]


def test_all_words_must_stand_in_one_text(ada: Api, eggs: dict[str, Any]) -> None:
    assert _found(ada, "seven keeper") == []


def test_an_answer_that_can_no_longer_be_read_is_not_found_by_its_words(
    ada: Api, eggs: dict[str, Any]
) -> None:
    Membership.objects.all().delete()
    assert _found(ada, "seven") == []


def test_nobody_finds_what_is_somebody_elses(bob: Api, eggs: dict[str, Any]) -> None:
    assert _found(bob, "eggs") == []


def test_what_was_found_comes_latest_first_and_in_pages(ada: Api) -> None:
    for n in range(3):
        Conversation.objects.create(user=ada.user, title=f"Wren {n}")
    page = ada.get("/api/conversations", search="wren", page_size=2).json()
    assert (page["count"], [r["title"] for r in page["results"]]) == (3, ["Wren 2", "Wren 1"])


@pytest.mark.parametrize("search", ["%", "_", "\x00", "'", '"', "a AND", "\\", "🐦", "x" * 200])
def test_no_words_break_the_search(ada: Api, talk: Conversation, search: str) -> None:
    assert ada.get("/api/conversations", search=search).status_code in (200, 400)


def test_without_words_everything_is_listed(ada: Api, talk: Conversation) -> None:
    (row,) = _found(ada, "  ")
    assert (row["id"], row["match"], row["is_own"], row["owner"]) == (
        str(talk.pk), None, True, "ada",
    )  # fmt: skip


# --- the title follows the first question ----------------------------------------------


def _title(api: Api, answer: dict[str, Any]) -> str:
    return str(_conversation(api, answer)["title"])


def test_a_title_follows_the_first_question_as_often_as_it_is_reworded(
    ada: Api, eggs: dict[str, Any]
) -> None:
    second = _again(ada, eggs, question=KEEPER).json()
    assert _title(ada, eggs) == KEEPER
    _again(ada, second, question=f"  {KEEPER}\n  Today? {'x' * 80}")
    assert _title(ada, eggs) == f"{KEEPER} Today? {'x' * 80}"[:80]


def test_a_title_that_a_person_gave_stays(ada: Api, eggs: dict[str, Any]) -> None:
    ada.patch(f"/api/conversations/{eggs['conversation_id']}", {"title": "Birds"})
    _again(ada, eggs, question=KEEPER)
    assert _title(ada, eggs) == "Birds"


def test_a_later_question_reworded_leaves_the_title(ada: Api, eggs: dict[str, Any]) -> None:
    later = ada.ask(EGGS, conversation_id=eggs["conversation_id"]).json()
    _again(ada, later, question=KEEPER)
    assert _title(ada, eggs) == EGGS
