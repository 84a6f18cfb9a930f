"""The same question twice: when the second answer comes from the cache, and when it must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from chat.models import Message
from chat.services.asking import question_ask
from chat.services.repeating import answer_ticket
from documents.models import Collection, Document, Membership
from documents.services.documents import document_retire
from documents.types import Role
from ragsite.redis_cache import RedisCache
from tests.integration.factories import Api, work
from tests.integration.redis_server import RedisServer, cache_on
from tests.openai_server import OpenAIServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction", "store")]

EGGS = "How many eggs does the wren lay?"
OTHER = b"The otter of Hollow Fell\n\nThe otter sleeps under the old bridge, and fishes at dusk."


def sqlite_cache(path: Path) -> dict[str, Any]:
    """The setting ``CACHES`` as it is without Redis."""
    options = {"key": "ab" * 32}
    backend = "ragsite.cache.SqliteCache"
    return {"default": {"BACKEND": backend, "LOCATION": str(path), "OPTIONS": options}}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> str:
    """One cache after the other."""
    if request.param == "redis":
        settings.CACHES = cache_on(request.getfixturevalue("redis").url)
    else:
        settings.CACHES = sqlite_cache(tmp_path / "cache.db")
    return str(request.param)


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    """A server that writes the answers, and counts them."""
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL, settings.CHAT_MODEL = server.url, "gpt-test"
        yield server


@pytest.fixture
def wren(ada: Api, model: OpenAIServer) -> dict[str, Any]:
    """Ada's document, about which she has asked once."""
    document = ada.ready()
    ask(ada)
    assert calls(model) == 1
    return document


def ask(api: Api, question: str = EGGS, **more: Any) -> dict[str, Any]:
    response = api.ask(question, **more)
    assert response.status_code == 200, response.content
    return dict(response.json())


def calls(model: OpenAIServer) -> int:
    """How often the model was asked."""
    return len(model.prompts())


def shared(bob: Api, document: dict[str, Any], role: Role = Role.VIEWER) -> Membership:
    collection = Collection.objects.get(pk=document["collection"]["id"])
    membership: Membership = Membership.objects.create(
        collection=collection, user=bob.user, role=role
    )
    return membership


# --- the same again --------------------------------------------------------------------------


def test_the_second_answer_asks_no_model_and_is_the_same(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    first, second = ask(ada), ask(ada)
    assert calls(model) == 1
    same = ("answer", "citations", "sentences", "confidence", "refused", "model", "question")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert second["citations"]
    assert second["id"] != first["id"]


def test_it_costs_no_tokens(ada: Api, wren: dict[str, Any]) -> None:
    assert ask(ada)["usage"] == {"prompt_tokens": 0, "completion_tokens": 0}


def test_it_comes_in_the_same_events(ada: Api, wren: dict[str, Any], model: OpenAIServer) -> None:
    anew = ada.stream(EGGS + " ")  # the words count without the space
    assert calls(model) == 1
    message = Message.objects.get(pk=anew[-1].data["id"])
    assert "repeats" in message.trace
    assert [event.name for event in anew] == ["sources", "delta", "done"]
    assert anew[1].data["text"] == anew[2].data["answer"]


def test_its_sources_are_those_of_the_first(ada: Api, model: OpenAIServer) -> None:
    ada.ready()
    first, second = ada.stream(EGGS), ada.stream(EGGS)
    assert calls(model) == 1
    assert second[0].data["sources"] == first[0].data["sources"] != []


def test_the_explanation_says_where_it_comes_from(ada: Api, wren: dict[str, Any]) -> None:
    first = Message.objects.get()
    why = ada.get(f"/api/messages/{ask(ada)['id']}/why").json()
    assert why["repeats"]["message_id"] == str(first.pk)
    assert why["prompt"]["is_exact"] is True
    assert ada.get(f"/api/messages/{first.pk}/why").json()["repeats"] is None


def test_a_refusal_is_given_again_too(ada: Api, wren: dict[str, Any], model: OpenAIServer) -> None:
    model.script("I cannot answer this from the documents. NOT_IN_SOURCES")
    first, second = ask(ada, "Who nests in the ivy?"), ask(ada, "Who nests in the ivy?")
    assert calls(model) == 2
    assert first["refused"]
    assert (second["answer"], second["refused"]) == (first["answer"], first["refused"])


# --- what makes it worthless -----------------------------------------------------------------


def _new_version(api: Api, document: dict[str, Any]) -> None:
    api.add_version(document["id"], "wren.txt", b"The wren lays nine eggs in the ivy of the wall.")
    work()


def _deleted(api: Api, document: dict[str, Any]) -> None:
    assert api.delete(f"/api/documents/{document['id']}").status_code == 204


def _renamed(api: Api, document: dict[str, Any]) -> None:
    api.patch(f"/api/documents/{document['id']}", {"title": "The heron"})


def _moved(api: Api, document: dict[str, Any]) -> None:
    api.post("/api/collections", {"name": "Elsewhere", "slug": "elsewhere"})
    moved = api.patch(f"/api/documents/{document['id']}", {"collection": "elsewhere"})
    assert moved.status_code == 200, moved.content


def _retired(api: Api, document: dict[str, Any]) -> None:
    del api
    document_retire(Document.objects.get(pk=document["id"]))


def _another_document(api: Api, document: dict[str, Any]) -> None:
    api.ready("otter.txt", OTHER, collection=document["collection"]["slug"])


CHANGES = [_new_version, _deleted, _renamed, _moved, _retired, _another_document]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_after_a_change_of_the_library_it_is_worked_out_anew(
    ada: Api, wren: dict[str, Any], change: Callable[[Api, dict[str, Any]], None]
) -> None:
    change(ada, wren)
    answer = ask(ada)
    assert "repeats" not in Message.objects.get(pk=answer["id"]).trace


def test_after_a_new_version_the_answer_is_from_that(ada: Api, wren: dict[str, Any]) -> None:
    _new_version(ada, wren)
    assert {citation["version"] for citation in ask(ada)["citations"]} == {2}


def test_after_a_deletion_nothing_of_the_text_comes_back(ada: Api, wren: dict[str, Any]) -> None:
    _deleted(ada, wren)
    answer = ask(ada)
    assert answer["refused"]
    assert "seven eggs" not in str(answer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIMILARITY_THRESHOLD", 0.01),
        ("MAX_CHUNKS", 2),
        ("CHAT_MODEL", "gpt-other"),
        ("SECOND_OPINION", True),
        ("VERSION", "99.0"),
        ("ANSWER_CACHE_SECONDS", 0),
    ],
)
def test_after_a_changed_setting_it_is_worked_out_anew(
    ada: Api, wren: dict[str, Any], model: OpenAIServer, settings: Any, name: str, value: Any
) -> None:
    setattr(settings, name, value)
    ask(ada)
    assert calls(model) >= 2


def test_a_disliked_answer_is_not_given_again(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    ada.post(f"/api/messages/{Message.objects.get().pk}/feedback", {"rating": -1})
    ask(ada)
    assert calls(model) == 2


def test_an_answer_whose_conversation_was_deleted_is_not_given_again(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    ada.delete(f"/api/conversations/{Message.objects.get().conversation_id}")
    ask(ada)
    assert calls(model) == 2


def test_an_answer_that_failed_is_not_kept(ada: Api, model: OpenAIServer) -> None:
    ada.ready()
    model.fail("cut", on="chat")
    assert ada.ask(EGGS).status_code >= 500
    model.heal()
    ask(ada)
    assert calls(model) >= 2


def test_what_changes_while_the_model_writes_keeps_the_answer_from_being_kept(
    ada: Api, wren: dict[str, Any]
) -> None:
    message = question_ask(user=ada.user, question=EGGS)
    before = answer_ticket(message, ada.user)
    _renamed(ada, wren)
    after = answer_ticket(message, ada.user)
    assert before is not None
    assert after is not None
    assert before.key != after.key


# --- asked otherwise -------------------------------------------------------------------------


def test_asking_again_on_purpose_asks_the_model(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    ada.post("/api/chat", {"replaces": str(Message.objects.get().pk)})
    assert calls(model) == 2


def test_what_was_asked_again_is_what_is_given_from_then_on(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    model.script("The wren lays seven eggs in April [1].")
    again = ada.post("/api/chat", {"replaces": str(Message.objects.get().pk)}).json()
    assert ask(ada)["answer"] == again["answer"]
    assert calls(model) == 2


def test_a_question_with_turns_before_it_is_worked_out(
    ada: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    ask(ada, conversation_id=str(Message.objects.get().conversation_id))
    assert calls(model) > 1


@pytest.mark.parametrize(
    "more", [{"as_of": "2999-01-01"}, {"documents": "all"}], ids=["a moment", "one document"]
)
def test_another_place_is_another_question(
    ada: Api, wren: dict[str, Any], model: OpenAIServer, more: dict[str, Any]
) -> None:
    ask(ada, **({"documents": [wren["id"]]} if "documents" in more else more))
    assert calls(model) == 2


# --- other people ----------------------------------------------------------------------------


def test_another_member_of_the_same_collection_is_answered_for_themselves(
    ada: Api, bob: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    shared(bob, wren)
    ask(bob)
    assert calls(model) == 2


def test_a_lost_right_is_lost_at_once(
    ada: Api, bob: Api, wren: dict[str, Any], model: OpenAIServer
) -> None:
    membership = shared(bob, wren)
    assert ask(bob)["citations"]
    membership.delete()
    answer = ask(bob)
    assert answer["refused"]
    assert "seven" not in str(answer)


def test_a_stranger_gets_nothing(ada: Api, bob: Api, wren: dict[str, Any]) -> None:
    assert ask(bob)["refused"]


# --- the cache itself ------------------------------------------------------------------------


def test_no_text_is_in_the_cache(ada: Api, wren: dict[str, Any], store: str) -> None:
    held: list[Any] = []
    if store == "redis":
        held = [str((key, cache.get(key))) for key in cache.keys("*")]  # type: ignore[attr-defined]
    else:
        cache._do(lambda db: held.extend(db.execute("SELECT key, value FROM entry")))  # type: ignore[attr-defined]
    assert held
    assert not [entry for entry in held if "eggs" in str(entry)]


def test_a_redis_that_stops_and_comes_back_costs_nothing_but_time(
    ada: Api, wren: dict[str, Any], model: OpenAIServer, redis: RedisServer, store: str
) -> None:
    if store != "redis":
        redis.stop()  # without REDIS_URL nobody misses it
        ask(ada)
        redis.start()
        assert calls(model) == 1
        return
    redis.stop()
    assert ask(ada)["citations"]
    assert ada.found("wren eggs")
    redis.start()
    asked = calls(model)
    assert asked == 2
    RedisCache.rests.clear()
    ask(ada)
    ask(ada)
    assert calls(model) == 3
