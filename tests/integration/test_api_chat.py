"""Questions over HTTP: as one answer, and as a stream that may break off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone

from chat.errors import (
    ModelBusy,
    ModelError,
    ModelInterrupted,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
)
from chat.llm.base import Piece, Prompt
from chat.llm.scripted import ScriptedModel
from chat.models import Citation, Conversation, Feedback, Message
from chat.turns import answers_sweep
from documents.errors import EmbeddingFailed
from documents.selectors import configured_embedder
from tests.integration.factories import Api, assert_problem, events_of, joined, shelf, work
from tests.samples import pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
UseModel = Callable[[Any], Any]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    """A document that says how many eggs."""
    return ada.ready()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseModel:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


# --- one answer -----------------------------------------------------------------------


def test_an_answer_has_the_members_that_the_contract_names(ada: Api, wren: dict[str, Any]) -> None:
    names = (
        "id conversation_id question answer refused confidence sentences citations model usage "
        "timings"
    )
    answer = ada.ask(EGGS).json()
    assert set(names.split()) <= answer.keys()
    assert {"text", "citations", "verdict"} <= answer["sentences"][0].keys()
    cited = "n document_id title version page quote start end url"
    assert set(cited.split()) <= answer["citations"][0].keys()


def test_the_answer_quotes_the_document(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    assert not answer["refused"]
    assert "seven eggs" in answer["answer"]
    assert (answer["model"], answer["state"]) == ("extractive", "complete")
    assert 0 < answer["confidence"] <= 1


@pytest.mark.parametrize(
    "question",
    [EGGS, "Who is the keeper of the garden?", "How many days do both parents feed the young?"],
)
def test_every_citation_is_the_text_at_its_place(
    ada: Api, wren: dict[str, Any], question: str
) -> None:
    citations = ada.ask(question).json()["citations"]
    assert citations
    for citation in citations:
        content = ada.content(citation["document_id"], citation["version"])
        assert content[citation["start"] : citation["end"]] == citation["quote"]


def test_a_citation_stays_true_after_a_new_version(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    ada.add_version(wren["id"], "v2.txt", b"The wren lays nine eggs now.")
    work()
    (citation, *_) = ada.get(f"/api/messages/{answer['id']}").json()["citations"]
    content = ada.content(wren["id"], citation["version"])
    assert content[citation["start"] : citation["end"]] == citation["quote"]
    assert "nine eggs" in ada.ask(EGGS).json()["answer"]


def test_a_citation_of_a_pdf_names_the_page(ada: Api) -> None:
    pages = ["The heron eats eels.", "The kite eats carrion on the road to Brown Tor."]
    ada.ready("birds.pdf", pdf_bytes(pages))
    (citation, *_) = ada.ask("What does the kite eat on the road?").json()["citations"]
    assert citation["page"] == 2


def test_sentences_name_their_citations_and_their_place(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    numbers = {citation["n"] for citation in answer["citations"]}
    for sentence in answer["sentences"]:
        assert set(sentence["citations"]) <= numbers
        assert sentence["verdict"] in ("supported", "partial", "unsupported")
        assert 0 <= sentence["start"] < sentence["end"] <= len(answer["answer"])


@pytest.mark.parametrize(
    "question", ["What is the boiling point of tungsten?", "Wer gewann 1954 die WM?"]
)
def test_a_question_that_nothing_answers_is_refused_without_citations(
    ada: Api, wren: dict[str, Any], question: str
) -> None:
    answer = ada.ask(question).json()
    assert (answer["refused"], answer["citations"], answer["confidence"]) == (True, [], 0.0)
    assert answer["answer"]


def test_an_empty_library_refuses(ada: Api) -> None:
    answer = ada.ask(EGGS).json()
    assert (answer["refused"], answer["citations"], answer["sentences"]) == (True, [], [])


def test_a_question_may_be_limited_to_collections_and_documents(
    ada: Api, wren: dict[str, Any]
) -> None:
    shelf(ada.user, "Empty")
    assert ada.ask(EGGS, collections=["empty"]).json()["refused"]
    assert not ada.ask(EGGS, collections=["empty", wren["collection"]["slug"]]).json()["refused"]
    assert not ada.ask(EGGS, documents=[wren["id"]]).json()["refused"]


def test_a_model_answers_from_the_passages_it_was_given(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    model = use(ScriptedModel(["It lays seven ", "eggs in April [1]."]))
    answer = ada.ask(EGGS).json()
    assert answer["answer"].startswith("It lays seven eggs in April")
    assert (answer["model"], answer["sentences"][0]["verdict"]) == ("scripted", "supported")
    assert answer["usage"]["completion_tokens"] > 0
    assert "seven eggs" in model.prompts[-1].messages[-1].content


def test_a_citation_that_the_model_invented_is_no_citation(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays seven eggs in April [1]. It sings at night [9]."]))
    answer = ada.ask(EGGS).json()
    assert [citation["n"] for citation in answer["citations"]] == [1]
    assert answer["sentences"][1]["citations"] == []
    assert answer["sentences"][1]["verdict"] == "unsupported"


# --- conversations --------------------------------------------------------------------


def test_a_follow_up_stays_in_its_conversation(ada: Api, wren: dict[str, Any]) -> None:
    first = ada.ask(EGGS).json()
    second = ada.ask("And in which month?", conversation_id=first["conversation_id"]).json()
    assert second["conversation_id"] == first["conversation_id"]
    detail = ada.get(f"/api/conversations/{first['conversation_id']}").json()
    assert [m["question"] for m in detail["messages"]] == [EGGS, "And in which month?"]
    assert detail["title"] == EGGS


def test_a_follow_up_is_searched_with_what_came_before(ada: Api, wren: dict[str, Any]) -> None:
    first = ada.ask(EGGS).json()
    second = ada.ask("And in which month?", conversation_id=first["conversation_id"]).json()
    assert "wren" in second["standalone_question"]
    assert not second["refused"]


def test_conversations_are_listed_latest_first(ada: Api, bob: Api, wren: dict[str, Any]) -> None:
    first = ada.ask(EGGS).json()
    ada.ask("Who counts the nests?")
    ada.ask("And when?", conversation_id=first["conversation_id"])
    body = ada.get("/api/conversations").json()
    assert [row["title"] for row in body["results"]] == [EGGS, "Who counts the nests?"]
    assert bob.get("/api/conversations").json()["count"] == 0


def test_a_conversation_is_deleted_with_all_its_answers(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    path = f"/api/conversations/{answer['conversation_id']}"
    assert ada.delete(path).status_code == 204
    assert_problem(ada.get(path), 404)
    assert_problem(ada.get(f"/api/messages/{answer['id']}"), 404)
    assert not Message.objects.exists()
    assert not Citation.objects.exists()


def test_a_rating_is_kept_and_replaced_by_the_next(ada: Api, wren: dict[str, Any]) -> None:
    path = f"/api/messages/{ada.ask(EGGS).json()['id']}/feedback"
    assert ada.post(path, {"rating": 1, "comment": "Yes."}).json() == {
        "rating": 1,
        "comment": "Yes.",
    }
    ada.post(path, {"rating": -1})
    feedback = Feedback.objects.get()
    assert (feedback.rating, feedback.comment) == (-1, "")


@pytest.mark.parametrize("rating", [0, 2, -2, None, "good", 1.5, True])
def test_a_rating_is_one_up_or_one_down(ada: Api, wren: dict[str, Any], rating: Any) -> None:
    path = f"/api/messages/{ada.ask(EGGS).json()['id']}/feedback"
    assert_problem(ada.post(path, {"rating": rating}), 400)
    assert not Feedback.objects.exists()


# --- the stream -----------------------------------------------------------------------


def test_a_stream_tells_sources_text_and_the_answer(ada: Api, wren: dict[str, Any]) -> None:
    events = ada.stream(EGGS)
    assert [e.name for e in events] == ["sources", "delta", "done"]
    assert events[0].data["sources"][0]["document_id"] == wren["id"]
    assert "seven eggs" in events[1].data["text"]


def test_the_pieces_of_a_stream_make_the_answer(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays ", "seven eggs ", "in April ", "[", "1", "]. They", " hatch [1]."]))
    events = ada.stream(EGGS)
    done = events[-1].data
    assert "".join(e.data["text"] for e in events if e.name == "delta") == done["answer"]
    assert done == ada.get(f"/api/messages/{done['id']}").json()


def test_accepting_events_is_enough_for_a_stream(ada: Api, wren: dict[str, Any]) -> None:
    async def call() -> tuple[Any, str]:
        response = await ada.begin({"question": EGGS}, Accept="text/event-stream")
        return response, await joined(response)

    response, text = async_to_sync(call)()
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response["Cache-Control"] == "no-store, no-transform"
    assert "event: done" in text


def test_a_line_break_in_a_piece_does_not_break_the_stream(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays\n\nevent: x\ndata: <img src=x>\r\n\r\n seven eggs [1]."]))
    assert {e.name for e in ada.stream(EGGS)} == {"sources", "delta", "done"}


@pytest.mark.parametrize(
    "body", [{"question": ""}, {"question": "x" * 2001}, {}, {"question": 1, "documents": ["x"]}]
)
def test_a_stream_that_cannot_begin_is_a_plain_problem(ada: Api, body: dict[str, Any]) -> None:
    response = ada.post("/api/chat", body | {"stream": True})
    assert_problem(response, 400)


# --- faults ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelUnauthorized(), 502),
        (ModelBusy(), 503),
        (ModelTimeout(), 504),
        (ModelUnreachable(), 502),
        (ModelInterrupted(), 502),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_a_fault_of_the_model_is_a_problem_and_a_failed_message(
    ada: Api, wren: dict[str, Any], use: UseModel, error: ModelError, status: int
) -> None:
    use(ScriptedModel([], error=error))
    body = assert_problem(ada.ask(EGGS), status, error.code)
    message = ada.get(f"/api/messages/{body['message_id']}").json()
    assert (message["state"], message["error"]["code"]) == ("failed", error.code)
    assert (message["question"], message["conversation_id"]) == (EGGS, body["conversation_id"])


def test_a_fault_in_a_stream_is_told_and_what_had_come_is_kept(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays seven eggs [1]. ", "They are whi"], error=ModelInterrupted()))
    events = ada.stream(EGGS)
    assert events[-1].name == "error"
    problem = events[-1].data
    assert {"type", "title", "status", "detail", "code", "request_id"} <= problem.keys()
    message = ada.get(f"/api/messages/{problem['message_id']}").json()
    assert (message["state"], message["error"]["code"]) == ("failed", "model_interrupted")
    assert message["answer"].startswith("It lays seven eggs")
    assert message["citations"][0]["document_id"] == wren["id"]


def test_an_unforeseen_fault_ends_the_stream_in_words(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    class Broken(ScriptedModel):
        async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
            yield Piece("It lays ")
            raise RuntimeError("secret-inside")

    use(Broken([]))
    events = ada.stream(EGGS)
    assert (events[-1].name, events[-1].data["code"]) == ("error", "server_error")
    assert "secret-inside" not in json.dumps(events[-1].data)
    assert Message.objects.get().state == "failed"


def test_a_conversation_goes_on_after_a_fault(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel([], error=ModelBusy()))
    conversation = assert_problem(ada.ask(EGGS), 503)["conversation_id"]
    use(None)
    assert not ada.ask(EGGS, conversation_id=conversation).json()["refused"]


def test_the_embedder_may_fail_and_words_still_find(
    ada: Api, wren: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(text: str) -> Any:
        raise EmbeddingFailed

    monkeypatch.setattr(configured_embedder(), "embed_query", failed)
    assert "seven eggs" in ada.ask(EGGS).json()["answer"]
    assert_problem(ada.get("/api/search", q="eggs", mode="semantic"), 503, "embedding_failed")


# --- breaking off ---------------------------------------------------------------------


class Watched(ScriptedModel):
    """A model during whose answer something happens, after its first piece."""

    def __init__(self, pieces: list[str], happens: Callable[[], Any]) -> None:
        super().__init__(pieces)
        self._happens = happens

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Yield the first piece, let it happen, yield the rest."""
        try:
            for number, text in enumerate(self._pieces):
                yield Piece(text)
                if number == 0:
                    await sync_to_async(self._happens)()
        finally:
            self.closed += 1


PIECES = ["It lays seven eggs in April [1]. ", "Both parents feed the young [1]. ", "The end."]


class Endless(ScriptedModel):
    """A model that says one sentence and then thinks for ever."""

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Yield the first piece and wait."""
        try:
            yield Piece(self._pieces[0])
            await asyncio.sleep(3600)
        finally:
            self.closed += 1


def test_a_reader_who_goes_away_stops_the_model_and_keeps_what_came(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    model, begun = use(Endless(PIECES)), asyncio.Event()

    async def read(response: Any) -> None:
        async for piece in response.streaming_content:
            if b"event: delta" in piece:
                begun.set()

    async def leave() -> None:
        response = await ada.begin({"question": EGGS, "stream": True})
        reading = asyncio.ensure_future(read(response))
        await asyncio.wait_for(begun.wait(), 10)
        reading.cancel()  # what the server does when the connection is gone
        await asyncio.wait({reading})

    async_to_sync(leave)()
    assert model.closed == 1
    message = Message.objects.get()
    assert message.state == "stopped"
    assert message.answer.startswith("It lays seven eggs in April")
    assert message.citations.get().quote


def test_a_silence_is_filled_so_that_no_proxy_gives_up(
    ada: Api, wren: dict[str, Any], use: UseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(ScriptedModel):
        async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
            await asyncio.sleep(0.2)
            yield Piece(self._pieces[0])

    monkeypatch.setattr("chat.api.ask.HEARTBEAT", 0.05)
    use(Slow(PIECES))

    async def read() -> str:
        return await joined(await ada.begin({"question": EGGS, "stream": True}))

    text = async_to_sync(read)()
    assert ": still here\n\n" in text
    assert events_of(text)[-1].data["answer"].startswith("It lays seven eggs")


def test_a_user_who_is_deactivated_gets_no_more_of_the_answer(
    ada: Api, wren: dict[str, Any], use: UseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deactivate() -> None:
        ada.user.is_active = False
        ada.user.save()

    monkeypatch.setattr("chat.services.answering.KEEP_EVERY", 0.0)
    model = use(Watched(PIECES, deactivate))
    events = ada.stream(EGGS)
    assert "done" not in [e.name for e in events]
    assert [e.data["text"] for e in events if e.name == "delta"] == [PIECES[0].rstrip()]
    assert model.closed == 1
    assert Message.objects.get().state == "stopped"


def test_a_conversation_deleted_while_it_is_answered_stays_deleted(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(Watched(PIECES, lambda: Conversation.objects.all().delete()))
    ada.stream(EGGS)
    assert not Message.objects.exists()
    assert not Citation.objects.exists()


def test_a_source_deleted_while_it_is_quoted_is_not_kept(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(Watched(PIECES, lambda: ada.delete(f"/api/documents/{wren['id']}")))
    ada.stream(EGGS)
    message = Message.objects.get()
    assert message.state == "complete"
    assert "seven eggs" not in message.answer + json.dumps(message.sentences)
    assert {(c.document_id, c.quote) for c in message.citations.all()} == {(None, "")}


def test_an_answer_whose_process_died_is_shown_as_stopped(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    long_ago = timezone.now() - timedelta(minutes=5)
    Message.objects.update(state=Message.State.ANSWERING, touched_at=long_ago)
    shown = ada.get(f"/api/messages/{answer['id']}").json()
    assert (shown["state"], shown["error"]["code"]) == ("stopped", "interrupted")


@pytest.mark.parametrize(("minutes", "state"), [(5, "stopped"), (1, "answering")])
def test_the_sweep_ends_answers_whose_process_died(
    ada: Api, wren: dict[str, Any], minutes: int, state: str
) -> None:
    text = ada.ask(EGGS).json()["answer"]
    touched = timezone.now() - timedelta(minutes=minutes)
    Message.objects.update(state=Message.State.ANSWERING, touched_at=touched)
    assert answers_sweep() == (state == "stopped")
    assert Message.objects.values_list("state", "answer").get() == (state, text)
