"""What is Ada's never reaches Bob: not by search, not by chat, not by guessed ids."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.utils import timezone

from chat.llm.scripted import ScriptedModel
from chat.models import Conversation, Message
from chat.selectors import WITHDRAWN
from documents.models import Chunk, Collection, Document, DocumentVersion, Membership
from documents.selectors import search_index
from documents.types import Mode, Role
from tests.integration.factories import WREN, Api, assert_problem, person, shelf, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

CANARY = "canary-31c7"
SECRET = WREN + f"\n\nThe word of the day is {CANARY}.".encode()
QUESTIONS = [
    "How many eggs does the wren lay in April?",
    "The keeper of the garden is called Odalys Brennt.",
    f"What is the word of the day? {CANARY}",
    "secret plans.txt",
    "wren",
]


@pytest.fixture
def secret(ada: Api, bob: Api) -> dict[str, Any]:
    """A document of Ada's, beside one of Bob's about the same thing."""
    bob.ready("own.txt", b"The wren of my own garden sings in the rain.")
    return ada.ready("secret plans.txt", SECRET)


# --- search and chat ------------------------------------------------------------------


@pytest.mark.parametrize("mode", [mode.value for mode in Mode])
def test_no_search_finds_what_is_somebody_elses(
    bob: Api, secret: dict[str, Any], mode: str
) -> None:
    for question in QUESTIONS:
        hits = bob.found(question, mode=mode, limit=100)
        assert all(hit["document"]["title"] == "own" for hit in hits)
        assert CANARY not in json.dumps(hits)


def test_the_owner_finds_what_the_other_does_not(ada: Api, secret: dict[str, Any]) -> None:
    assert ada.found(f"word of the day {CANARY}")[0]["document"]["id"] == secret["id"]


def test_a_neighbour_takes_no_place_in_the_results(
    ada: Api, bob: Api, settings: LazySettings
) -> None:
    settings.CHUNK_SIZE, settings.CHUNK_OVERLAP = 100, 0
    text = "\n\n".join(f"The wren, the wren, the wren. It is wren number {n}." for n in range(300))
    ada.upload(("wrens.txt", text.encode()))
    for name in ("x", "y", "z"):
        bob.upload((f"{name}.txt", f"In passing, a wren was seen at {name}.".encode()))
    work()
    assert Chunk.objects.filter(version__filename="wrens.txt").count() > 200
    for mode in Mode:
        assert len(bob.found("the wren the wren", mode=mode.value, limit=3)) == 3


def test_a_stale_index_may_cost_recall_but_never_privacy(bob: Api, secret: dict[str, Any]) -> None:
    version = DocumentVersion.objects.get(document_id=secret["id"])
    own = Collection.objects.get(memberships__user=bob.user)
    search_index().move([version.pk], own.pk)
    for mode in Mode:
        hits = bob.found(f"wren eggs {CANARY}", mode=mode.value, limit=100)
        assert [hit["document"]["title"] for hit in hits] == ["own"]


def test_a_retired_document_is_not_found_whatever_the_index_says(
    ada: Api, secret: dict[str, Any]
) -> None:
    Document.objects.filter(pk=secret["id"]).update(retired_at=timezone.now())
    assert ada.found(f"wren eggs {CANARY}", limit=100) == []


def test_no_prompt_holds_what_is_somebody_elses(
    bob: Api, secret: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedModel(["It sings in the rain [1]."])
    monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
    for question in QUESTIONS:
        bob.ask(question)
    prompts = "".join(m.content for p in model.prompts for m in p.messages)
    assert "sings in the rain" in prompts
    assert "seven eggs" not in prompts
    # Only where Bob typed it himself.
    assert prompts.count(CANARY) <= 2 * sum(CANARY in q for q in QUESTIONS)


def test_the_same_question_by_two_people_is_answered_for_each(
    ada: Api, bob: Api, secret: dict[str, Any]
) -> None:
    assert ada.ask(QUESTIONS[0]).json()["citations"]
    assert all(c["title"] == "own" for c in bob.ask(QUESTIONS[0]).json()["citations"])


# --- other people's ids in one's own requests -----------------------------------------


@pytest.mark.parametrize("by", ["id", "slug"])
def test_somebody_elses_collection_cannot_be_named(
    bob: Api, secret: dict[str, Any], by: str
) -> None:
    theirs = str(secret["collection"][by])
    own = bob.get("/api/documents").json()["results"][0]["id"]
    before = (Document.objects.count(), Message.objects.count())
    for response in (
        bob.get("/api/search", q="wren", collection=theirs),
        bob.get("/api/documents", collection=theirs),
        bob.upload(("x.txt", b"Text."), collection=theirs),
        bob.patch(f"/api/documents/{own}", {"collection": theirs}),
        bob.ask("How many eggs?", collections=[theirs]),
    ):
        assert_problem(response, 404, "not_found")
    assert (Document.objects.count(), Message.objects.count()) == before
    assert bob.document(own)["collection"]["slug"] != secret["collection"]["slug"]


def test_somebody_elses_document_cannot_be_named(bob: Api, secret: dict[str, Any]) -> None:
    own = bob.get("/api/documents").json()["results"][0]["id"]
    for response in (
        bob.get("/api/search", q="wren", document=secret["id"]),
        bob.ask("How many eggs?", documents=[secret["id"]]),
        bob.ask("How many eggs?", documents=[own, secret["id"]]),
    ):
        assert_problem(response, 404, "not_found")
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_what_a_request_says_of_its_scope_cannot_widen_it(
    bob: Api, ada: Api, secret: dict[str, Any]
) -> None:
    for extra in (
        {"owner": ada.user.pk},
        {"user_id": ada.user.pk},
        {"collections": [secret["collection"]["id"]]},
        {"versions": [1, 2]},
        {"filter": {"collection_id": secret["collection"]["id"]}},
        {"x') OR '1'='1": 1},
        {"collection__isnull": ""},
    ):
        response = bob.post("/api/search", {"q": "wren eggs", "limit": 100, **extra})
        assert CANARY not in response.content.decode()
        assert {hit["document"]["title"] for hit in response.json()["results"]} == {"own"}


def test_moving_into_a_collection_one_may_only_read_is_refused(
    bob: Api, ada: Api, secret: dict[str, Any]
) -> None:
    Membership.objects.create(
        collection_id=secret["collection"]["id"], user=bob.user, role=Role.VIEWER
    )
    own = bob.get("/api/documents", search="own").json()["results"][0]["id"]
    response = bob.patch(f"/api/documents/{own}", {"collection": secret["collection"]["slug"]})
    assert_problem(response, 403, "forbidden")


def test_a_reader_cannot_carry_a_document_away_or_share_it_on(
    bob: Api, secret: dict[str, Any]
) -> None:
    shared = secret["collection"]["slug"]
    Membership.objects.create(
        collection_id=secret["collection"]["id"], user=bob.user, role=Role.VIEWER
    )
    shelf(bob.user, "Mine")
    response = bob.patch(f"/api/documents/{secret['id']}", {"collection": "mine"})
    assert_problem(response, 403)
    person("carol")
    body = {"username": "carol", "role": "viewer"}
    assert_problem(bob.post(f"/api/collections/{shared}/members", body), 403)
    promote = bob.patch(f"/api/collections/{shared}/members/bob", {"role": "owner"})
    assert_problem(promote, 403)


def test_who_may_not_add_members_cannot_ask_which_names_exist(
    bob: Api, secret: dict[str, Any]
) -> None:
    Membership.objects.create(
        collection_id=secret["collection"]["id"], user=bob.user, role=Role.VIEWER
    )
    path = f"/api/collections/{secret['collection']['slug']}/members"
    real, made_up = (
        assert_problem(bob.post(path, {"username": name, "role": "viewer"}), 403)
        for name in ("ada", "nobody")
    )
    assert real | {"request_id": ""} == made_up | {"request_id": ""}


# --- things inside of other things ----------------------------------------------------


def test_a_version_is_only_found_under_its_own_document(
    ada: Api, bob: Api, secret: dict[str, Any]
) -> None:
    ada.add_version(secret["id"], "v2.txt", b"Another text.")
    work()
    own = bob.get("/api/documents").json()["results"][0]["id"]
    for tail in ("", "/content", "/download"):
        assert_problem(bob.get(f"/api/documents/{own}/versions/2{tail}"), 404)
        assert_problem(bob.get(f"/api/documents/{secret['id']}/versions/1{tail}"), 404)


def test_a_member_is_only_found_under_their_own_collection(
    ada: Api, bob: Api, secret: dict[str, Any]
) -> None:
    mine = shelf(bob.user, "Mine").slug
    assert_problem(bob.get(f"/api/collections/{mine}/members/ada"), 404)
    assert_problem(bob.delete(f"/api/collections/{mine}/members/ada"), 404)
    assert_problem(bob.delete(f"/api/collections/{secret['collection']['slug']}/members/bob"), 404)


def test_somebody_elses_conversation_cannot_be_continued(
    ada: Api, bob: Api, secret: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = ada.ask(QUESTIONS[0]).json()["conversation_id"]
    model, before = ScriptedModel(["No."]), Message.objects.count()
    monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
    theirs = bob.ask("And then?", conversation_id=conversation)
    random = bob.ask("And then?", conversation_id=str(uuid.uuid4()))
    bodies = [assert_problem(r, 404, "not_found") | {"request_id": ""} for r in (theirs, random)]
    assert bodies[0] == bodies[1]
    assert (Message.objects.count(), model.prompts) == (before, [])


# --- taking a right away --------------------------------------------------------------


@pytest.fixture
def shared(ada: Api, bob: Api, secret: dict[str, Any]) -> dict[str, Any]:
    """Ada's document, which Bob may read for now."""
    Membership.objects.create(
        collection_id=secret["collection"]["id"], user=bob.user, role=Role.VIEWER
    )
    return secret


def _revoke(ada: Api, document: dict[str, Any]) -> None:
    path = f"/api/collections/{document['collection']['slug']}/members/bob"
    assert ada.delete(path).status_code == 204


def test_a_right_that_is_taken_away_is_gone_at_the_next_request(
    ada: Api, bob: Api, shared: dict[str, Any]
) -> None:
    path = f"/api/documents/{shared['id']}"
    paths = (path, f"{path}/versions/1/content", f"{path}/versions/1/download")
    assert all(bob.get(p).status_code == 200 for p in paths)
    assert bob.found(CANARY, mode="keyword")
    _revoke(ada, shared)
    for p in paths:
        assert_problem(bob.get(p), 404)
    assert CANARY not in json.dumps(bob.found(CANARY, limit=100))
    assert bob.get("/api/documents").json()["count"] == 1


def test_quotes_and_sentences_of_it_are_withdrawn_from_old_answers(
    ada: Api, bob: Api, shared: dict[str, Any]
) -> None:
    answer = bob.ask(QUESTIONS[0], documents=[shared["id"]]).json()
    assert "seven eggs" in answer["answer"]
    assert all(citation["available"] for citation in answer["citations"])
    _revoke(ada, shared)
    detail = bob.get(f"/api/conversations/{answer['conversation_id']}")
    message = bob.get(f"/api/messages/{answer['id']}")
    for text in (detail.content.decode(), message.content.decode()):
        assert "seven eggs" not in text
        assert "secret plans" not in text
        assert shared["id"] not in text
        assert WITHDRAWN in text
    shown = message.json()
    for sentence in shown["sentences"]:
        assert shown["answer"][sentence["start"] : sentence["end"]] == sentence["text"]
    assert not any(c["available"] or c["quote"] or c["url"] for c in shown["citations"])


def test_a_withdrawn_answer_comes_back_with_the_right(
    ada: Api, bob: Api, shared: dict[str, Any]
) -> None:
    answer = bob.ask(QUESTIONS[0], documents=[shared["id"]]).json()
    with transaction.atomic():
        _revoke(ada, shared)
        bob.get(f"/api/messages/{answer['id']}")
        transaction.set_rollback(True)
    assert bob.get(f"/api/messages/{answer['id']}").json()["answer"] == answer["answer"]


def test_a_follow_up_does_not_carry_withdrawn_text_to_the_model(
    ada: Api, bob: Api, shared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = bob.ask(QUESTIONS[0], documents=[shared["id"]]).json()
    _revoke(ada, shared)
    model = ScriptedModel(["It sings in the rain [1]."])
    monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
    bob.ask("Where does the wren sing?", conversation_id=answer["conversation_id"])
    prompts = "".join(m.content for p in model.prompts for m in p.messages)
    assert "sing" in prompts
    assert "seven eggs" not in prompts


def test_deleting_a_source_takes_its_words_out_of_old_answers(
    ada: Api, secret: dict[str, Any]
) -> None:
    answer = ada.ask(QUESTIONS[0]).json()
    ada.delete(f"/api/documents/{secret['id']}")
    text = ada.get(f"/api/messages/{answer['id']}").content.decode()
    assert "seven eggs" not in text
    assert WITHDRAWN in text
    stored = Message.objects.get(pk=answer["id"])
    assert "seven eggs" not in stored.answer + json.dumps(stored.sentences)


def test_a_collection_without_members_is_nobodys(ada: Api, secret: dict[str, Any]) -> None:
    Membership.objects.all().delete()
    assert ada.get("/api/documents").json()["count"] == 0
    assert ada.found("wren") == []


def test_an_administrator_sees_no_more_than_others(secret: dict[str, Any]) -> None:
    root = Api(person("root", is_superuser=True, is_staff=True))
    assert root.get("/api/documents").json()["count"] == 0
    assert root.found("wren") == []
    assert_problem(root.get(f"/api/documents/{secret['id']}"), 404)


def test_uploads_never_go_to_a_default_collection_one_may_no_longer_change(
    ada: Api, bob: Api, shared: dict[str, Any]
) -> None:
    Collection.objects.filter(default_of=bob.user).update(default_of=None)
    Collection.objects.filter(pk=shared["collection"]["id"]).update(default_of=bob.user)
    (document,) = bob.upload(("x.txt", b"Bob's own text.")).json()["documents"]
    assert document["collection"]["id"] != shared["collection"]["id"]
