"""What the numbered pages of a document are called: slides and sheets are named as such."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Message
from chat.services.snapshots import readable, snapshot_of_message
from documents.selectors import page_facts
from tests.format_samples import pptx_bytes, shape, sheet, slide, workbook_bytes
from tests.integration.factories import Api, work
from tests.integration.pages import browser, text_of
from tests.samples import pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

SAID = "The heron waits beside the lake for nine hours."
QUESTION = "Where does the heron wait?"
DECK = pptx_bytes([slide(shape("Birds", "title")), slide(shape(SAID))])
BOOK = workbook_bytes({"Notes": sheet([["Owl", "Forest"]]), "Birds": sheet([["Heron", SAID]])})
PAGES = pdf_bytes(["The owl sleeps.", SAID])
KINDS = pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("heron.pptx", DECK, "slide"),
        ("heron.xlsx", BOOK, "sheet"),
        ("heron.pdf", PAGES, "page"),
    ],
)


@pytest.fixture
def answer(ada: Api) -> dict[str, Any]:
    """Return an answer from the second slide of a presentation."""
    ada.ready("heron.pptx", DECK)
    return dict(ada.ask(QUESTION).json())


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, "--user", "ada", stdout=out, stderr=StringIO())
    return out.getvalue()


@KINDS
def test_hits_and_citations_tell_what_their_page_is_called(
    ada: Api, name: str, data: bytes, kind: str
) -> None:
    ada.ready(name, data)
    answer = ada.ask(QUESTION).json()
    for place in (ada.found(QUESTION)[0], answer["citations"][0]):
        assert (place["page"], place["page_kind"]) == (2, kind)
    assert {span["page_kind"] for span in answer["sentences"][0]["evidence"]} == {kind}


def test_a_file_without_pages_has_the_plain_word_and_no_number(ada: Api) -> None:
    ada.ready()
    hit = ada.found("eggs in April")[0]
    assert (hit["page"], hit["page_kind"]) == (None, "page")


def test_the_trace_of_a_search_tells_it_too(ada: Api) -> None:
    ada.ready("heron.pptx", DECK)
    trace = ada.get("/api/search", q=QUESTION, explain="true").json()["trace"]
    assert {item["page_kind"] for item in trace["candidates"]} == {"slide"}
    page = browser(ada.user).get("/search/", {"q": QUESTION, "explain": "on"})
    assert "Slide 2" in text_of(page)


def test_why_an_answer_is_what_it_is_names_slides(ada: Api, answer: dict[str, Any]) -> None:
    why = ada.get(f"/api/messages/{answer['id']}/why").json()
    assert {item["page_kind"] for item in why["candidates"] + why["quotes"]} == {"slide"}


def test_a_conversation_names_slides_and_offers_no_picture_of_one(
    ada: Api, answer: dict[str, Any]
) -> None:
    said = text_of(browser(ada.user).get(f"/chat/{answer['conversation_id']}/"))
    assert "· slide 2" in said
    assert "as a picture" not in said
    assert "page 2" not in said


def test_a_page_of_a_pdf_is_still_offered_as_a_picture(ada: Api) -> None:
    ada.ready("heron.pdf", PAGES)
    answer = ada.ask(QUESTION).json()
    said = text_of(browser(ada.user).get(f"/chat/{answer['conversation_id']}/"))
    assert "Page 2 as a picture" in said


def test_an_export_names_slides(ada: Api, answer: dict[str, Any]) -> None:
    url = f"/api/conversations/{answer['conversation_id']}/export.md"
    assert "version 1, slide 2" in ada.get(url).content.decode()


@pytest.mark.parametrize(("command", "words"), [("search", "lake"), ("ask", QUESTION)])
def test_the_commands_name_slides(ada: Api, command: str, words: str) -> None:
    ada.ready("heron.pptx", DECK)
    said = _run(command, words)
    assert ", slide 2" in said
    assert "page 2" not in said


def test_a_refusal_names_the_slide_that_is_near(ada: Api, settings: LazySettings) -> None:
    ada.ready("heron.pptx", DECK)
    settings.SIMILARITY_THRESHOLD = 0.99
    refused = ada.ask(QUESTION).json()
    assert refused["refused"]
    assert {near["page_kind"] for near in refused["near"]} == {"slide"}


def test_a_stream_names_slides_in_its_sources(ada: Api) -> None:
    ada.ready("heron.pptx", DECK)
    first = ada.stream(QUESTION)[0]
    assert first.name == "sources"
    assert {source["page_kind"] for source in first.data["sources"]} == {"slide"}


def test_a_comparison_of_versions_names_slides(ada: Api) -> None:
    document = ada.ready("heron.pptx", DECK)
    other = pptx_bytes([slide(shape("Birds", "title")), slide(shape(SAID.replace("nine", "six")))])
    ada.add_version(document["id"], "heron.pptx", other)
    work()
    page = browser(ada.user).get(f"/documents/{document['id']}/diff/")
    assert "version 1, slide 2" in text_of(page)


def test_another_version_of_another_kind_keeps_its_own_word(ada: Api) -> None:
    document = ada.ready("heron.pptx", DECK)
    answer = ada.ask(QUESTION).json()
    ada.add_version(document["id"], "heron.pdf", PAGES)
    work()
    told = ada.get(f"/api/messages/{answer['id']}").json()["citations"][0]
    assert (told["version"], told["current_version"], told["page_kind"]) == (1, 2, "slide")


def test_a_kept_answer_names_slides(ada: Api, answer: dict[str, Any]) -> None:
    message = Message.objects.get(pk=answer["id"])
    (kept,) = readable([snapshot_of_message(message, ada.user)], ada.user)
    assert (kept["citations"][0]["page"], kept["citations"][0]["page_kind"]) == (2, "slide")


def test_nothing_is_asked_where_no_document_is_named() -> None:
    with CaptureQueriesContext(connection) as captured:
        facts = page_facts([None])
    assert (len(captured), facts.is_recognised(None, 1, 1)) == (0, False)


def test_the_word_is_one_of_three_in_the_schema(ada: Api) -> None:
    schema = json.dumps(ada.get("/openapi.json").json()["components"]["schemas"]["Hit"])
    assert "page_kind" in schema
