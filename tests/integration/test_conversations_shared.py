"""What a member of a collection sees of a conversation that is shared with it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from chat.masking import LEFT_OUT, NOT_ANSWERED, UNFINISHED
from chat.models import Citation, Conversation, Message
from documents.models import Collection, Document, Membership
from documents.services.collections import collection_delete
from documents.types import Role
from tests.integration.factories import Api, assert_problem, person, shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

OPEN = b"The heron of the mill pond eats eels in the evening."
SECRET = b"The salary of the miller is ninety crowns, as agreed in the contract."
CANARY = "ninety crowns"


@dataclass(frozen=True, slots=True)
class Shared:
    """Ada's conversation, shared with a collection that she and Bob belong to."""

    ada: Api
    bob: Api
    collection: Collection
    conversation: Conversation
    message: Message

    @property
    def path(self) -> str:
        """Return where the API shows it."""
        return f"/api/conversations/{self.conversation.pk}"

    def answer(self, reader: Api) -> dict[str, Any]:
        """Return the answer as this reader gets it."""
        response = reader.get(self.path)
        assert response.status_code == 200, response.content
        (answer,) = response.json()["messages"]
        return dict(answer)


def _cited(message: Message, n: int, document_id: str, data: bytes) -> None:
    Citation.objects.create(
        message=message, n=n, document_id=document_id, title=f"Title {n}", version=1,
        start=0, end=len(data), quote=data.decode(),
    )  # fmt: skip


def _sentence(whole: str, text: str, *citations: int, verdict: str = "supported") -> dict[str, Any]:
    start = whole.index(text)
    return {
        "text": text, "citations": list(citations), "verdict": verdict, "support": 1.0,
        "start": start, "end": start + len(text),
    }  # fmt: skip


@pytest.fixture
def shared(ada: Api, bob: Api) -> Shared:
    """One answer that rests on a document both may read, and on one that is Ada's alone."""
    collection = shelf(ada.user, "Mill", bob=(bob.user, Role.VIEWER))
    shelf(ada.user, "Private")
    heron = ada.ready("heron.txt", OPEN, collection="mill")
    miller = ada.ready("miller.txt", SECRET, collection="private")
    parts = ["The heron eats eels.", "The miller earns ninety crowns.", "Crowns: ninety."]
    text = "\n\n".join(parts)
    conversation = Conversation.objects.create(
        user=ada.user, title="At the mill", shared_with=collection
    )
    message = Message.objects.create(
        conversation=conversation, question="What happens at the mill?", answer=text,
        standalone_question=f"What of the {CANARY}?", state=Message.State.COMPLETE,
        sentences=[
            _sentence(text, parts[0], 1), _sentence(text, parts[1], 1, 2),
            _sentence(text, parts[2], verdict="partial"),
        ],
        usage={"prompt_tokens": 12}, timings={"search_ms": 1.0}, trace={"prompt": CANARY},
    )  # fmt: skip
    _cited(message, 1, heron["id"], OPEN)
    _cited(message, 2, miller["id"], SECRET)
    return Shared(ada, bob, collection, conversation, message)


# --- masking --------------------------------------------------------------------------


def test_a_member_reads_the_question_and_what_rests_on_readable_sources(shared: Shared) -> None:
    answer = shared.answer(shared.bob)
    assert answer["question"] == "What happens at the mill?"
    assert answer["answer"] == f"The heron eats eels.\n\n{LEFT_OUT}"
    assert [c["n"] for c in answer["citations"]] == [1]


def test_the_owner_reads_everything(shared: Shared) -> None:
    assert shared.answer(shared.ada)["answer"].count(CANARY) == 1


def test_nothing_of_an_unreadable_document_reaches_a_member_by_any_door(shared: Shared) -> None:
    message = f"/api/messages/{shared.message.pk}"
    for path in (shared.path, f"{shared.path}/export.md", f"{shared.path}/export.json", message):
        text = shared.bob.get(path).content.decode()
        assert "heron eats eels" in text
        assert "rowns" not in text, path
        assert "Title 2" not in text, path


def test_a_member_is_not_told_how_the_answer_came_about(shared: Shared) -> None:
    answer = shared.answer(shared.bob)
    assert (answer["usage"], answer["timings"], answer["standalone_question"]) == ({}, {}, "")


def test_sentences_keep_their_places_in_the_text_that_is_shown(shared: Shared) -> None:
    answer = shared.answer(shared.bob)
    for sentence in answer["sentences"]:
        assert answer["answer"][sentence["start"] : sentence["end"]] == sentence["text"]


def test_a_sentence_with_a_readable_but_wrong_source_is_left_out(shared: Shared) -> None:
    text = "The miller earns ninety crowns."
    sentences = [_sentence(text, text, 1, verdict="unsupported")]
    Message.objects.update(answer=text, sentences=sentences)
    assert shared.answer(shared.bob)["answer"] == LEFT_OUT


def test_words_between_sentences_are_left_out(shared: Shared) -> None:
    text = "# Ninety crowns\n\nThe heron eats eels. [1]\n\nSo: ninety crowns"
    Message.objects.update(answer=text, sentences=[_sentence(text, "The heron eats eels.", 1)])
    shown = shared.answer(shared.bob)["answer"]
    assert "rowns" not in shown
    assert "The heron eats eels." in shown


@pytest.mark.parametrize("state", [Message.State.ANSWERING, Message.State.STOPPED])
def test_an_unfinished_answer_without_sources_is_not_shown(shared: Shared, state: str) -> None:
    Message.objects.update(state=state, sentences=[], answer=CANARY, touched_at=timezone.now())
    answer = shared.answer(shared.bob)
    assert answer["answer"] == ("" if state == Message.State.ANSWERING else UNFINISHED)


def test_the_words_of_a_refusal_are_ours(shared: Shared) -> None:
    Message.objects.update(refused=True, sentences=[], answer=f"Nothing about {CANARY}.")
    assert shared.answer(shared.bob)["answer"] == NOT_ANSWERED


def test_an_answer_that_was_replaced_is_not_shared(shared: Shared) -> None:
    second = Message.objects.create(
        conversation=shared.conversation, question="Reworded", replaces=shared.message,
        place=shared.message.place, state=Message.State.COMPLETE,
    )  # fmt: skip
    shown = shared.bob.get(shared.path, all=1).json()["messages"]
    assert [m["id"] for m in shown] == [str(second.pk)]
    assert shown[0]["replaces"] is None
    assert_problem(shared.bob.get(f"/api/messages/{shared.message.pk}"), 404)


# --- rights ---------------------------------------------------------------------------


def test_a_member_sees_who_shared_it_and_that_it_is_not_theirs(shared: Shared) -> None:
    (row,) = shared.bob.get("/api/conversations").json()["results"]
    assert (row["owner"], row["shared_with"], row["is_own"]) == ("ada", "mill", False)


@pytest.mark.parametrize(("flag", "of_ada", "of_bob"), [("true", 0, 1), ("false", 1, 0)])
def test_the_list_can_be_narrowed_to_what_is_shared(
    shared: Shared, flag: str, of_ada: int, of_bob: int
) -> None:
    assert shared.ada.get("/api/conversations", shared=flag).json()["count"] == of_ada
    assert shared.bob.get("/api/conversations", shared=flag).json()["count"] == of_bob


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/chat", {"question": "And?", "conversation_id": "{conversation}"}),
        ("POST", "/api/chat", {"replaces": "{message}"}),
        ("PATCH", "/api/conversations/{conversation}", {"title": "Mine"}),
        ("PATCH", "/api/conversations/{conversation}", {"shared_with": None}),
        ("DELETE", "/api/conversations/{conversation}", None),
        ("POST", "/api/messages/{message}/feedback", {"rating": -1}),
    ],
)
def test_reading_is_all_that_a_member_may_do(
    shared: Shared, method: str, path: str, body: Any
) -> None:
    ids = {"conversation": shared.conversation.pk, "message": shared.message.pk}
    given = {k: v.format(**ids) if isinstance(v, str) else v for k, v in (body or {}).items()}
    response = shared.bob.send(method, path.format(**ids), given if body else None)
    theirs = assert_problem(response, 404, "not_found")
    random = shared.bob.send("GET", f"/api/conversations/{uuid.uuid4()}")
    assert theirs["detail"] == assert_problem(random, 404)["detail"]
    shared.conversation.refresh_from_db()
    assert (shared.conversation.title, Message.objects.count()) == ("At the mill", 1)


def test_a_stranger_sees_nothing_of_it(shared: Shared) -> None:
    stranger = Api(person("sten"))
    for more in ("", "/export.md", "/export.json"):
        assert_problem(stranger.get(shared.path + more), 404, "not_found")
    assert stranger.get("/api/conversations").json()["count"] == 0


def _unshare(shared: Shared) -> None:
    assert shared.ada.patch(shared.path, {"shared_with": None}).status_code == 200


def _reader_leaves(shared: Shared) -> None:
    Membership.objects.get(user=shared.bob.user, collection=shared.collection).delete()


def _owner_leaves(shared: Shared) -> None:
    other = person("cleo")
    Membership.objects.create(collection=shared.collection, user=other, role=Role.OWNER)
    Membership.objects.get(user=shared.ada.user, collection=shared.collection).delete()


def _collection_goes(shared: Shared) -> None:
    Document.objects.filter(collection=shared.collection).delete()
    collection_delete(user=shared.ada.user, collection=shared.collection)


def _owner_is_deactivated(shared: Shared) -> None:
    shared.ada.user.is_active = False
    shared.ada.user.save()


@pytest.mark.parametrize(
    "end", [_unshare, _reader_leaves, _owner_leaves, _collection_goes, _owner_is_deactivated]
)
def test_sharing_ends_at_the_next_request(shared: Shared, end: Any) -> None:
    assert shared.bob.get(shared.path).status_code == 200
    end(shared)
    assert_problem(shared.bob.get(shared.path), 404, "not_found")
    assert_problem(shared.bob.get(f"/api/messages/{shared.message.pk}"), 404, "not_found")
    assert shared.bob.get("/api/conversations", search="mill").json()["count"] == 0


def test_an_owner_who_comes_back_does_not_share_again(shared: Shared) -> None:
    _owner_leaves(shared)
    Membership.objects.create(collection=shared.collection, user=shared.ada.user, role=Role.VIEWER)
    assert_problem(shared.bob.get(shared.path), 404, "not_found")


def test_a_conversation_is_shared_by_its_owner(shared: Shared) -> None:
    _unshare(shared)
    changed = shared.ada.patch(shared.path, {"shared_with": "mill"}).json()
    assert changed["shared_with"] == "mill"
    assert shared.bob.get(shared.path).status_code == 200


@pytest.mark.parametrize("key", ["bobs-own", "nowhere", "", 7])
def test_it_cannot_be_shared_with_what_the_owner_does_not_belong_to(
    shared: Shared, key: Any
) -> None:
    shelf(shared.bob.user, "Bobs own")
    response = shared.ada.patch(shared.path, {"shared_with": key})
    assert response.status_code in (400, 404)
    shared.conversation.refresh_from_db()
    assert shared.conversation.shared_with == shared.collection


# --- finding --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "count"), [("mill", 1), ("happens", 1), ("crowns", 0), ("eels", 0)]
)
def test_of_what_is_shared_only_titles_and_questions_are_searched(
    shared: Shared, search: str, count: int
) -> None:
    found = shared.bob.get("/api/conversations", search=search).json()
    assert found["count"] == count
    assert CANARY not in json.dumps(found)


def test_a_search_of_ones_own_finds_nothing_shared(shared: Shared) -> None:
    found = shared.bob.get("/api/conversations", search="mill", shared="false").json()
    assert found["count"] == 0
