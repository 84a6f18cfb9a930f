"""One id from the caller through web, task, reading and model, into every line and answer."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from celery import current_app, shared_task

from documents.ingest.asked import asked, remember
from documents.origin import Origin, bound, current
from ragsite.logs import JsonFormatter
from ragsite.ops.origins import send_along
from tests.integration.factories import WREN, Api, assert_problem, work
from tests.openai_server import OpenAIServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

ID = "callers-own-id.1"


class Lines(logging.Handler):
    """Keeps every line as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def lines() -> Any:
    handler = Lines()
    names = ("ragsite", "documents", "chat", "analytics", "django")
    levels = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def model(settings: Any) -> Any:
    with OpenAIServer() as server:
        settings.CHAT_MODEL, settings.OPENAI_BASE_URL = "a-model", server.url
        yield server


def sent(server: OpenAIServer) -> list[str | None]:
    return [
        {name.lower(): value for name, value in request.headers.items()}.get("x-request-id")
        for request in server.requests
    ]


def test_every_request_has_one_line_with_id_route_and_user(ada: Api, lines: Lines) -> None:
    ada.client.get("/api/documents?search=words", headers={"X-Request-ID": ID})
    (line,) = lines.of("analytics.middleware")
    assert (line["request_id"], line["user_id"]) == (ID, ada.user.pk)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/documents", 200)
    assert line["response_bytes"] > 0


def test_health_and_static_files_fill_no_log(ada: Api, lines: Lines) -> None:
    ada.get("/api/health/live")
    assert lines.of("analytics.middleware") == []


def test_an_id_that_cannot_be_logged_is_replaced(ada: Api, lines: Lines) -> None:
    response = ada.client.get("/api/documents", headers={"X-Request-ID": "evil id;\x1b[0m"})
    (line,) = lines.of("analytics.middleware")
    assert len(line["request_id"]) == 32
    assert response["X-Request-ID"] == line["request_id"]


def test_a_problem_names_the_id(ada: Api) -> None:
    response = ada.client.get("/api/documents/nothing", headers={"X-Request-ID": ID})
    assert assert_problem(response, 404)["request_id"] == ID


def test_after_a_request_work_belongs_to_nobody(ada: Api) -> None:
    ada.get("/api/documents")
    assert current() == Origin()


def test_reading_names_the_request_that_brought_the_file(ada: Api, lines: Lines) -> None:
    ada.client.defaults["HTTP_X_REQUEST_ID"] = ID
    ada.upload(("wren.txt", WREN))
    work()
    (line,) = lines.of("documents.ingest.pipeline")
    assert line["message"].endswith(": ready")
    assert line["request_id"] == ID


def test_a_version_whose_request_is_lost_is_read_for_its_task() -> None:
    with (
        bound(Origin("another-request", "t", "00000000-0000-0000-0000-00000000000a")),
        asked(10**9),
    ):
        assert current().request_id == "0000000000000000000000000000000a"


def test_a_cache_that_fails_stops_no_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OSError

    monkeypatch.setattr("ragsite.cache.SqliteCache.set", broken)
    monkeypatch.setattr("ragsite.cache.SqliteCache.get", broken)
    with bound(Origin(ID)):
        remember(1)
        with asked(1):
            assert current().request_id == ""


def test_a_task_carries_the_id_in_its_header_and_not_in_its_arguments() -> None:
    headers: dict[str, Any] = {}
    with bound(Origin(ID)):
        send_along(headers=headers)
    assert headers == {"ragsite_request_id": ID}
    nobodys: dict[str, Any] = {}
    send_along(headers=nobodys)
    assert nobodys == {}


def test_a_task_works_for_the_request_that_caused_it() -> None:
    seen: list[Origin] = []

    @shared_task(name="tests.whose")
    def whose() -> None:
        seen.append(current())

    whose.apply(headers={"ragsite_request_id": ID}, task_id="one")
    whose.apply(task_id="0f0f0f0f-0000-0000-0000-00000000000a")
    assert [origin.request_id for origin in seen] == [ID, "0f0f0f0f00000000000000000000000a"]
    assert seen[0].task_id == "one"
    assert seen[0].task == "tests.whose"
    assert current() == Origin()


def test_a_header_that_cannot_be_logged_is_not_believed() -> None:
    seen: list[str] = []

    @shared_task(name="tests.evil")
    def evil() -> None:
        seen.append(current().request_id)

    evil.apply(headers={"ragsite_request_id": "a\nb"})
    assert len(seen[0]) == 32
    assert seen[0].isalnum()


def test_the_broker_gets_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "kombu.Producer.publish", lambda self, body, headers=None, **more: published.append(headers)
    )
    with bound(Origin(ID)):
        current_app.send_task("documents.tasks.drain")
    assert published[0]["ragsite_request_id"] == ID
    assert published[0]["argsrepr"] == "()"


def test_the_model_is_told_the_id(ada: Api, model: OpenAIServer, lines: Lines) -> None:
    ada.ready()
    ada.send(
        "POST",
        "/api/chat",
        {"question": "How many eggs does the wren lay?"},
        **{"X-Request-ID": ID},
    )
    assert sent(model) == [ID]
    (call,) = lines.of("chat.llm.openai")
    assert call["request_id"] == ID
    assert call["message"].startswith("model call a-model: ok in ")


def test_the_model_is_told_the_id_of_a_stream(ada: Api, model: OpenAIServer, lines: Lines) -> None:
    ada.ready()
    ada.headers |= {"X-Request-ID": ID}
    ada.stream("How many eggs does the wren lay?")
    assert sent(model) == [ID]
    assert {line["request_id"] for line in lines.of("chat.llm.openai")} == {ID}
    assert [line["request_id"] for line in lines.of("analytics.middleware")][-1] == ID


def test_a_call_that_fails_is_told_with_its_reason(
    ada: Api, model: OpenAIServer, lines: Lines
) -> None:
    ada.ready()
    model.fail("401")
    ada.post("/api/chat", {"question": "How many eggs does the wren lay?"})
    assert "model call a-model: model_unauthorized" in lines.of("chat.llm.openai")[0]["message"]
