"""Nothing of what people write, and no key, is in the log, whatever happens and at any level."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from ragsite.accounts.services import setup_link_renew
from tests.integration.factories import Api, person, work
from tests.openai_server import OpenAIServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

KEY = "sk-canarykey-of-the-model-0001"
PASSWORD = "canarypassword horse battery"
TEXT = (
    "The canarytext heron stands in the reeds of Canarymere. It eats canaryfish in May. "
    "Both parents feed the young for eighteen days."
)
QUESTION = "What does the canarytext heron eat, says canaryquestion?"
CANARIES = ("canary", "CANARY", "Canary")


class Written:
    """Everything that handlers wrote, as text and as JSON, at DEBUG."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture(params=["text", "json"])
def written(request: Any, settings: Any) -> Iterator[Written]:
    """Log as the product does, with every logger of ours at DEBUG, into memory."""
    stream = io.StringIO()
    console = settings.LOGGING["handlers"]["console"] | {"formatter": request.param}
    config = settings.LOGGING | {
        "handlers": settings.LOGGING["handlers"] | {"console": console | {"stream": stream}},
        "loggers": {
            name: {
                "level": "DEBUG"
                if each["level"] in ("INFO", "WARNING") and name in OURS
                else each["level"]
            }
            for name, each in settings.LOGGING["loggers"].items()
        },
    }
    logging.config.dictConfig(config)
    yield Written(stream)
    logging.config.dictConfig(settings.LOGGING)


OURS = ("ragsite", "documents", "chat", "analytics", "django")


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "a-model", server.url
        settings.OPENAI_API_KEY = KEY
        yield server


def none_of(written: Written, *more: str) -> None:
    found = [word for word in (*CANARIES, *more) if word in written.text]
    assert found == [], written.text[:3000]


def test_signing_in_leaves_no_trace_of_passwords(written: Written) -> None:
    person("canaryuser", password=PASSWORD)
    browser = Client(raise_request_exception=False)
    for password in ("canary wrong", PASSWORD):
        browser.post("/login/", {"username": "canaryuser", "password": password})
    secrets = [cookie.value for cookie in browser.cookies.values()]
    browser.get("/documents/")
    assert "POST /login/ 302" in written.text
    none_of(written, *secrets)


def test_a_document_from_upload_to_answer_leaves_no_text(written: Written) -> None:
    ada = Api(person("ada"))
    ada.upload(("canaryname.txt", TEXT.encode()), title="canarytitle")
    work()
    ada.get("/api/search", q="canaryquestion heron")
    ada.post("/api/chat", {"question": QUESTION})
    ada.stream(QUESTION)
    assert "version" in written.text
    none_of(written, ada.headers["Authorization"].split()[1])


FAULTS = ("401", "429", "500", "cut", "error_event", "html", "empty")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_leaves_no_text_and_no_key(
    written: Written, model: OpenAIServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.llm.openai.LONGEST_WAIT", 0.0)
    ada = Api(person("ada"))
    ada.ready("x.txt", TEXT.encode())
    model.script("The canaryanswer is this [1].")
    model.fail(fault, on="chat")
    ada.stream(QUESTION)
    assert "model call a-model: " in written.text
    none_of(written, KEY)


def test_a_file_that_cannot_be_read_leaves_no_name(written: Written) -> None:
    ada = Api(person("ada"))
    ada.upload(("canaryname.pdf", b"%PDF-1.4 canarytext broken"))
    work()
    assert "documents.ingest.pipeline" in written.text
    none_of(written)


def test_a_crash_leaves_no_value(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"it broke at {TEXT} {args} {kwargs}")

    monkeypatch.setattr("documents.api.search_views.search_kept", broken)
    monkeypatch.setattr("documents.ingest.pipeline.assemble", broken)
    monkeypatch.setattr("chat.services.answering._prepared", broken)
    ada = Api(person("ada"))
    ada.client.raise_request_exception = False
    ada.upload(("canaryname.txt", TEXT.encode()))
    work()
    ada.stream(QUESTION)
    assert ada.get("/api/search", q=QUESTION).status_code == 500
    assert written.text.count("RuntimeError") >= 3
    none_of(written)


def test_the_set_up_link_leaves_no_secret(written: Written) -> None:
    secret = setup_link_renew() or ""
    Client().get("/setup/canary-guess-of-a-link/")
    Client().get(f"/setup/{secret}/")
    assert len(secret) > 20
    none_of(written, secret)


def test_addresses_and_headers_leave_no_text(written: Written) -> None:
    browser = Client(headers={"User-Agent": "canaryagent", "Referer": "http://x/?q=canary"})
    for address in ("/canarypath", "/api/canary?token=canary", "/search/?q=canary"):
        browser.get(address)
    none_of(written)


NASTY = ['x"},{"level":"INFO', "a\r\nb 2026 INFO ragsite forged", "\x1b[31mred", "%(levelname)s"]


@pytest.mark.parametrize("text", NASTY)
def test_names_files_and_agents_forge_no_line(written: Written, text: str) -> None:
    browser = Client(headers={"User-Agent": text, "X-Request-ID": text, "Referer": text})
    browser.post("/login/", {"username": text, "password": text})
    ada = Api(person("ada"))
    ada.upload((text.replace("\r\n", ""), b"hello"))
    ada.get("/api/search", q=text)
    lines = written.text.splitlines()
    assert len(lines) >= 3
    for line in lines:
        assert "forged" not in line
        assert "\x1b" not in line
        if line.startswith("{"):
            assert json.loads(line)["logger"]


def test_an_embedder_that_fails_leaves_no_text_and_no_key(
    written: Written, model: OpenAIServer, settings: Any
) -> None:
    settings.EMBEDDING_MODEL = "text-embedding-3-small"
    model.fail("400", on="embeddings")
    ada = Api(person("ada"))
    ada.upload(("canaryname.txt", TEXT.encode()))
    work()
    ada.get("/api/search", q="canaryquestion")
    assert "embedding" in written.text
    none_of(written, KEY)
