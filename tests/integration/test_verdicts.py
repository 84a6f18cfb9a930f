"""Verdicts where readers meet them: the API, the page, a second opinion, a measurement."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from chat.errors import ModelBusy
from chat.llm.base import Piece, Prompt
from chat.llm.openai import OpenAIModel
from chat.llm.scripted import ScriptedModel
from chat.models import Conversation, Message
from chat.selectors import answer_of
from chat.services.opinion import opinion_keep
from chat.types import Verdict
from documents.models import Document, Membership
from documents.types import Role
from tests.integration.factories import Api, person
from tests.integration.pages import browser, text_of
from tests.openai_server import OpenAIServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

EGGS = "How many eggs does the wren lay?"
TRUE = "It lays seven eggs in April [1]."
FALSE = "It lays nine eggs in April [1]."
UseModel = Callable[[Any], Any]


class Replies:
    """A model that gives one scripted reply after the other."""

    model = "scripted"

    def __init__(self, *replies: str | Exception) -> None:
        self.prompts: list[Prompt] = []
        self._replies = list(replies)

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        """Give the next reply, or raise it."""
        self.prompts.append(prompt)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield Piece(reply)


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    return ada.ready()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseModel:
    """Make a model answer, in place of the extractive answerer."""

    def use(model: Any) -> Any:
        monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
        return model

    return use


def first(ada: Api) -> dict[str, Any]:
    sentence: dict[str, Any] = ada.ask(EGGS).json()["sentences"][0]
    return sentence


# --- what the API tells ---------------------------------------------------------------


def test_the_evidence_of_a_sentence_is_the_text_that_carries_it(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel([TRUE]))
    (span,) = first(ada)["evidence"]
    said = ada.content(wren["id"])[span["start"] : span["end"]]
    assert "seven eggs" in said
    assert (span["document_id"], span["version"]) == (wren["id"], 1)


def test_evidence_leads_to_its_page(ada: Api, wren: dict[str, Any], use: UseModel) -> None:
    use(ScriptedModel([TRUE]))
    (span,) = first(ada)["evidence"]
    page = browser(ada.user).get(span["url"].removesuffix("#passage"))
    assert (page.status_code, span["title"] in text_of(page)) == (200, True)


def test_a_wrong_number_is_named(ada: Api, wren: dict[str, Any], use: UseModel) -> None:
    use(ScriptedModel([FALSE]))
    sentence = first(ada)
    assert sentence["verdict"] == "partial"
    assert {"kind": "number", "text": "nine"} in sentence["missing"]
    assert "The number nine is not in the sources." in sentence["reason"]


def test_an_invented_citation_is_told_with_its_sentence(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel(["It lays seven eggs in April [9]."]))
    sentence = first(ada)
    assert (sentence["invented"], sentence["citations"]) == ([9], [])
    assert "cited passage 9" in sentence["reason"]


def test_quotes_are_supported_word_for_word(ada: Api, wren: dict[str, Any]) -> None:
    sentences = ada.ask(EGGS).json()["sentences"]
    assert {s["verdict"] for s in sentences} == {"supported"}
    assert all(s["evidence"] and not s["missing"] for s in sentences)


def test_the_stream_ends_with_the_same_sentences(ada: Api, wren: dict[str, Any]) -> None:
    done = ada.stream(EGGS)[-1]
    kept = ada.get(f"/api/messages/{done.data['id']}").json()
    assert done.data["sentences"] == kept["sentences"]


def test_an_answer_from_before_has_no_evidence_and_no_fault(ada: Api) -> None:
    old = {"text": "Old.", "citations": [], "verdict": "partial", "start": 0, "end": 4}
    talk = Conversation.objects.create(user=ada.user, title="Old")
    message = Message.objects.create(
        conversation=talk, question="?", answer="Old.", state="complete", sentences=[old]
    )
    (sentence,) = ada.get(f"/api/messages/{message.pk}").json()["sentences"]
    assert (sentence["evidence"], sentence["missing"], sentence["second_opinion"]) == ([], [], None)
    assert browser(ada.user).get(reverse("conversation", args=[talk.pk])).status_code == 200


# --- what may no longer be read -------------------------------------------------------


def _uncited(reader: Any, document_id: str) -> Message:
    """An answer whose only sentence cites nothing, but has evidence in a document."""
    span = {"document_id": document_id, "version": 1, "page": None, "start": 0, "end": 9}
    sentence = {
        "text": "It lays.", "citations": [], "verdict": "partial", "start": 0, "end": 8,
        "evidence": [span],
    }  # fmt: skip
    talk = Conversation.objects.create(user=reader, title="Eggs")
    return Message.objects.create(
        conversation=talk, question="?", answer="It lays.", state="complete", sentences=[sentence]
    )


def test_evidence_that_is_not_cited_is_guarded_like_a_citation(
    ada: Api, wren: dict[str, Any]
) -> None:
    bob, document = person("bob"), Document.objects.get(pk=wren["id"])
    member = Membership.objects.create(
        collection=document.collection, user=bob, role=Role.VIEWER.value
    )
    message = _uncited(bob, wren["id"])
    assert answer_of(message, bob)["sentences"][0]["evidence"]
    member.delete()
    shown = answer_of(message, bob)
    assert shown["sentences"][0]["evidence"] == []
    assert wren["id"] not in json.dumps(shown)


def test_a_deleted_source_takes_its_evidence_along(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    ada.delete(f"/api/documents/{wren['id']}")
    stored = Message.objects.get(pk=answer["id"])
    assert wren["id"] not in json.dumps(stored.sentences)
    assert all(
        not s["evidence"] for s in ada.get(f"/api/messages/{answer['id']}").json()["sentences"]
    )


# --- the page -------------------------------------------------------------------------


def _page(ada: Api) -> str:
    answer = ada.ask(EGGS).json()
    return text_of(browser(ada.user).get(reverse("conversation", args=[answer["conversation_id"]])))


def test_a_page_tells_every_verdict_with_its_reason(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    use(ScriptedModel([f"{TRUE} {FALSE} Bananas are yellow [1]."]))
    page = _page(ada)
    assert "Check each sentence" in page
    for words in ("Supported", "Partly supported", "Not supported", "The number nine is not in"):
        assert words in page


def test_a_refusal_has_nothing_to_check(ada: Api) -> None:
    page = _page(ada)
    assert "Nothing was made up." in page
    assert "Check each sentence" not in page


# --- the second opinion ---------------------------------------------------------------


def test_nobody_is_asked_twice_unless_it_is_switched_on(
    ada: Api, wren: dict[str, Any], use: UseModel
) -> None:
    model = use(Replies(TRUE, "1: unsupported"))
    assert first(ada)["second_opinion"] is None
    assert len(model.prompts) == 1


def test_a_second_opinion_stands_beside_the_verdict(
    ada: Api, wren: dict[str, Any], use: UseModel, settings: Any
) -> None:
    settings.SECOND_OPINION = True
    model = use(Replies(TRUE, "1: unsupported"))
    sentence = first(ada)
    assert (sentence["verdict"], sentence["second_opinion"]) == ("supported", "unsupported")
    assert "seven eggs" in model.prompts[-1].messages[-1].content


def test_the_page_tells_whose_view_it_is(
    ada: Api, wren: dict[str, Any], use: UseModel, settings: Any
) -> None:
    settings.SECOND_OPINION = True
    use(Replies(TRUE, "1: unsupported"))
    assert "The model’s own view: Not supported" in _page(ada)


@pytest.mark.parametrize(
    "reply", ["I think it is fine.", "", "1: supported\n2: supported", ModelBusy(), "x" * 9000,
              RuntimeError("broken")]
)  # fmt: skip
def test_a_second_opinion_that_fails_changes_nothing(
    ada: Api, wren: dict[str, Any], use: UseModel, settings: Any, reply: str | Exception
) -> None:
    settings.SECOND_OPINION = True
    use(Replies(TRUE, reply))
    answer = ada.ask(EGGS).json()
    assert answer["state"] == "complete"
    assert answer["sentences"][0]["verdict"] == "supported"
    assert answer["sentences"][0]["second_opinion"] is None


def test_a_server_is_asked_in_one_more_call(
    ada: Api, wren: dict[str, Any], use: UseModel, settings: Any
) -> None:
    settings.SECOND_OPINION = True
    with OpenAIServer() as server:
        server.script(TRUE, "1: partial")
        use(OpenAIModel(api_key="sk-x", base_url=server.url, timeout=2))
        assert first(ada)["second_opinion"] == "partial"
        assert len(server.prompts()) == 2


def test_a_silent_server_is_not_waited_for_beyond_the_deadline(
    ada: Api, wren: dict[str, Any], use: UseModel, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECOND_OPINION = True
    monkeypatch.setattr("chat.services.opinion.DEADLINE", 0.2)

    class Silent(Replies):
        async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
            if self.prompts:
                await asyncio.sleep(30)
            async for piece in super().stream(prompt):
                yield piece

    use(Silent(TRUE))
    assert first(ada)["second_opinion"] is None


def test_what_was_withdrawn_meanwhile_is_not_written_back(ada: Api, wren: dict[str, Any]) -> None:
    answer = ada.ask(EGGS).json()
    stale = Message.objects.get(pk=answer["id"])
    ada.delete(f"/api/documents/{wren['id']}")
    opinion_keep(stale, {0: Verdict.SUPPORTED})
    stored = Message.objects.get(pk=answer["id"])
    assert "seven eggs" not in json.dumps(stored.sentences)
    assert stored.sentences[0]["second_opinion"] is None


def test_an_opinion_on_a_deleted_answer_is_dropped(ada: Api, wren: dict[str, Any]) -> None:
    message = Message.objects.get(pk=ada.ask(EGGS).json()["id"])
    Message.objects.all().delete()
    opinion_keep(message, {0: Verdict.SUPPORTED})
    assert not Message.objects.exists()


# --- the measurement ------------------------------------------------------------------

ROWS = [
    ("supported", "The museum opened in {0}."),
    ("partially_supported", "The museum opened in {0} with forty rooms in Berlin."),
    ("not_supported", "Bananas {0} grow in the tropics."),
]


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.jsonl"
    lines = [
        {"label": label, "claim": claim.format(year), "evidence": [f"The museum opened in {year}."]}
        for label, claim in ROWS
        for year in range(1990, 1998)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("evaluate_verdicts", *arguments, stdout=out)
    return out.getvalue()


def test_verdicts_are_measured_on_a_file(claims: Path) -> None:
    found = json.loads(_run(str(claims), "--json"))
    assert (found["claims"], found["supported"]) == (24, 1.0)
    assert found["verdicts"]["supported"]["supported"] == 8


def test_the_measurement_is_a_table_for_people(claims: Path) -> None:
    said = _run(str(claims), "--fit", "--folds", "2", "--seeds", "1", "--changes")
    assert "24 claims" in said
    assert "Held out in 2 folds" in said
    assert "COVERAGE = " in said
    assert "other number" in said


@pytest.mark.parametrize(
    ("text", "message"), [("no json", "Line 1"), ("", "no claims"), (None, "cannot be read")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "x.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        _run(str(path))


def test_one_label_alone_cannot_be_fitted(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    row = {"label": "supported", "claim": "It is so.", "evidence": "It is so."}
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(CommandError, match="all three labels"):
        _run(str(path), "--fit")
