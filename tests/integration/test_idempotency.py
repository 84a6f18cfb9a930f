"""A request with a key is carried out once, however often and however it is sent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.llm.base import Piece, Prompt
from chat.models import Conversation, Message
from documents.errors import StorageFailed
from documents.models import Document, DocumentVersion, Membership
from documents.types import Role
from ragsite.idempotency import services
from ragsite.idempotency.errors import StillRunning
from ragsite.idempotency.models import KeyedRequest
from ragsite.ops.keeping import keep
from tests.integration.factories import (
    BOUNDARY,
    READ,
    WREN,
    Api,
    assert_problem,
    multipart,
    person,
    shelf,
    work,
)
from tests.integration.pages import browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

UPLOAD = "/api/documents/upload"
EGGS = "How many eggs does the wren lay?"


def send(api: Api, data: bytes = WREN, key: str = "one", boundary: str = BOUNDARY) -> Any:
    """Upload a file under a key."""
    body = multipart([("wren.txt", data)]).replace(BOUNDARY.encode(), boundary.encode())
    kind = f"multipart/form-data; boundary={boundary}"
    return api.send("POST", UPLOAD, body, content_type=kind, **{"Idempotency-Key": key})


def ask(api: Api, question: str = EGGS, key: str = "one", **more: Any) -> Any:
    """Ask under a key."""
    return api.send("POST", "/api/chat", {"question": question, **more}, **{"Idempotency-Key": key})


def add(api: Api, document: str, data: bytes, key: str = "one") -> Any:
    """Add a version under a key."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    path, body = f"/api/documents/{document}/versions", multipart([("v.txt", data)], name="file")
    return api.send("POST", path, body, content_type=kind, **{"Idempotency-Key": key})


# --- the same again ------------------------------------------------------------------


def test_the_same_upload_again_is_answered_as_the_first_was(ada: Api) -> None:
    first, again = send(ada), send(ada)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.json()["documents"][0]["duplicate"] is False
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")


def test_the_same_form_with_another_boundary_is_the_same(ada: Api) -> None:
    assert send(ada).json() == send(ada, boundary="--another").json()


def test_without_a_key_the_second_upload_says_that_it_is_one(ada: Api) -> None:
    ada.upload(("wren.txt", WREN))
    assert ada.upload(("wren.txt", WREN)).json()["documents"][0]["duplicate"] is True


def test_a_version_is_added_once_although_another_came_between(ada: Api) -> None:
    document = ada.ready()["id"]
    first = add(ada, document, b"Second text.")
    ada.add_version(document, "v.txt", b"Third text.")
    assert add(ada, document, b"Second text.").json() == first.json()
    assert DocumentVersion.objects.count() == 3


@pytest.mark.usefixtures("one_transaction")
def test_the_same_question_again_is_asked_once(ada: Api) -> None:
    ada.ready()
    first, again = ask(ada), ask(ada)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert Message.objects.count() == Conversation.objects.count() == 1


def test_a_key_may_stand_in_quotes(ada: Api) -> None:
    assert send(ada, key='"one"').json() == send(ada, key="one").json()


def test_a_signed_in_browser_may_use_a_key_too(ada: Api) -> None:
    client = browser(ada.user)
    for _ in range(2):
        body = multipart([("wren.txt", WREN)])
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        sent = client.generic("POST", UPLOAD, body, kind, headers={"Idempotency-Key": "one"})
        assert sent.json()["documents"][0]["duplicate"] is False


# --- what is not the same ------------------------------------------------------------


def test_another_body_under_the_key_is_refused(ada: Api) -> None:
    send(ada)
    assert_problem(send(ada, b"Another text."), 422, "idempotency_key_reused")
    assert Document.objects.count() == 1


def test_another_address_under_the_key_is_refused(ada: Api) -> None:
    document = send(ada).json()["documents"][0]["id"]
    assert_problem(add(ada, document, WREN), 422, "idempotency_key_reused")


def test_another_name_of_the_file_is_another_body(ada: Api) -> None:
    send(ada)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    body = multipart([("other.txt", WREN)])
    sent = ada.send("POST", UPLOAD, body, content_type=kind, **{"Idempotency-Key": "one"})
    assert_problem(sent, 422, "idempotency_key_reused")


def test_the_key_of_another_person_is_another_key(ada: Api, bob: Api) -> None:
    first, other = send(ada), send(bob)
    assert other.json()["documents"][0]["id"] != first.json()["documents"][0]["id"]
    assert not other.has_header("Idempotency-Replayed")


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "a b", "ä", "a,b", '"', '""', '"a', "a\\b"])
def test_a_key_that_is_none_is_refused(ada: Api, key: str) -> None:
    assert_problem(send(ada, key=key), 400, "idempotency_key_invalid")
    assert not Document.objects.exists()


def test_the_longest_key_is_taken(ada: Api) -> None:
    assert send(ada, key="k" * 255).status_code == 202


def test_where_it_means_nothing_the_header_changes_nothing(ada: Api) -> None:
    body, header = {"name": "Birds"}, {"Idempotency-Key": "one"}
    sent = [ada.send("POST", "/api/collections", body, **header) for _ in range(2)]
    assert [response.status_code for response in sent] == [201, 201]
    assert not KeyedRequest.objects.exists()


# --- what fails does not use the key up ----------------------------------------------


def test_a_refused_upload_leaves_the_key_free(ada: Api) -> None:
    assert_problem(send(ada, b""), 400)
    assert send(ada).status_code == 202


def test_a_quota_leaves_the_key_free(ada: Api, settings: Any) -> None:
    settings.QUOTAS = settings.QUOTAS | {"stored_bytes": 10}
    assert_problem(send(ada), 413)
    settings.QUOTAS = settings.QUOTAS | {"stored_bytes": 0}
    assert send(ada).status_code == 202


@pytest.mark.parametrize("fault", [StorageFailed, RuntimeError])
def test_a_fault_of_ours_leaves_the_key_free(
    ada: Api, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise fault

    ada.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("documents.api.views.take_in", fail)
        assert send(ada).status_code >= 500
    assert send(ada).status_code == 202


def test_an_answer_that_cannot_be_kept_leaves_the_key_free(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    ada.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("ragsite.idempotency.middleware.request_keep", fail)
        assert send(ada).status_code == 500
    assert send(ada).json()["documents"][0]["duplicate"] is True


def test_an_empty_file_is_not_a_field_of_the_same_name(ada: Api) -> None:
    header = {"Idempotency-Key": "one"}
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    files = [("wren.txt", WREN)]
    ada.send("POST", UPLOAD, multipart(files, {"x": "y"}), content_type=kind, **header)
    whole = multipart([*files, ("y", b"")]).replace(b'"files"; filename="y"', b'"x"; filename="y"')
    again = ada.send("POST", UPLOAD, whole, content_type=kind, **header)
    assert_problem(again, 422, "idempotency_key_reused")


@pytest.mark.usefixtures("one_transaction")
def test_a_question_that_cannot_be_asked_leaves_the_key_free(ada: Api) -> None:
    ada.ready()
    assert_problem(ask(ada, " "), 400)
    assert ask(ada).status_code == 200


@pytest.mark.usefixtures("one_transaction")
def test_a_stream_under_a_key_is_refused(ada: Api) -> None:
    body = assert_problem(ask(ada, stream=True), 400)
    assert "cannot be repeated" in body["detail"]
    assert not Message.objects.exists()


def test_a_torn_form_is_refused_with_a_key_as_without(ada: Api) -> None:
    header = {"Idempotency-Key": "one"}
    torn = "multipart/form-data; boundary=yy"
    assert_problem(ada.send("POST", UPLOAD, b"--x", content_type=torn, **header), 400)
    assert not KeyedRequest.objects.exists()


def test_too_much_is_refused_with_a_key_as_without(ada: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert_problem(ask(ada, "x" * 200), 413)
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 0
    assert_problem(send(ada), 413)


# --- who may -------------------------------------------------------------------------


def test_nobody_is_answered_from_what_was_kept(ada: Api) -> None:
    send(ada)
    assert_problem(send(Api()), 401)
    wrong = Api()
    wrong.client = Client(headers={"Authorization": "Bearer wrong"})
    assert_problem(send(wrong), 401)


def test_a_token_that_may_only_read_is_refused_although_the_answer_is_kept(ada: Api) -> None:
    send(ada)
    assert_problem(send(Api(ada.user, scope=READ)), 403)


def test_a_session_without_its_secret_is_refused_although_the_answer_is_kept(ada: Api) -> None:
    send(ada)
    client, body = browser(ada.user, csrf=True), multipart([("wren.txt", WREN)])
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    sent = client.generic("POST", UPLOAD, body, kind, headers={"Idempotency-Key": "one"})
    assert "CSRF" in assert_problem(sent, 403)["detail"]


def test_a_right_that_was_lost_ends_the_repetition(ada: Api, bob: Api) -> None:
    shared = shelf(bob.user, "Shared", ada=(ada.user, Role.EDITOR))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    body = multipart([("wren.txt", WREN)], {"collection": shared.slug})
    header = {"Idempotency-Key": "one"}
    ada.send("POST", UPLOAD, body, content_type=kind, **header)
    Membership.objects.filter(user=ada.user, collection=shared).delete()
    again = ada.send("POST", UPLOAD, body, content_type=kind, **header)
    assert "wren" not in again.content.decode()
    assert_problem(again, 409, "idempotency_answer_gone")


@pytest.mark.usefixtures("one_transaction")
def test_an_answer_given_again_shows_what_may_be_read_now(ada: Api) -> None:
    document = ada.ready()
    assert "seven eggs" in ask(ada).json()["answer"]
    Membership.objects.filter(user=ada.user, collection=document["collection"]["id"]).delete()
    again = ask(ada)
    assert again.status_code == 200
    assert "seven" not in again.content.decode()


@pytest.mark.usefixtures("one_transaction")
def test_nothing_of_an_answer_is_kept_twice(ada: Api) -> None:
    ada.ready()
    answer = ask(ada).json()
    assert json.loads(KeyedRequest.objects.get().body) == {"message": answer["id"]}


@pytest.mark.usefixtures("one_transaction")
def test_the_answer_of_a_deleted_conversation_is_gone(ada: Api) -> None:
    ada.ready()
    ada.delete(f"/api/conversations/{ask(ada).json()['conversation_id']}")
    assert_problem(ask(ada), 409, "idempotency_answer_gone")


def test_what_was_answered_goes_with_the_document(ada: Api) -> None:
    document = send(ada).json()["documents"][0]["id"]
    work()
    ada.delete(f"/api/documents/{document}")
    assert KeyedRequest.objects.get().body == ""
    assert_problem(send(ada), 409, "idempotency_answer_gone")
    work()
    assert not Document.objects.exists()


# --- time ----------------------------------------------------------------------------


def aged(**ago: float) -> None:
    KeyedRequest.objects.update(created_at=timezone.now() - timedelta(**ago))


def test_a_day_later_the_key_is_free(ada: Api) -> None:
    send(ada)
    aged(hours=23.9)
    assert send(ada).json()["documents"][0]["duplicate"] is False
    aged(hours=24.1)
    assert send(ada).json()["documents"][0]["duplicate"] is True


def test_what_is_kept_goes_with_the_nightly_work(ada: Api) -> None:
    send(ada)
    aged(hours=24.1)
    send(ada, key="two")
    assert keep()["answers_forgotten"] == 1
    assert KeyedRequest.objects.get().key == "two"


def test_while_the_first_is_carried_out_the_second_is_told_to_wait(ada: Api) -> None:
    send(ada)
    KeyedRequest.objects.update(status=None)
    again = send(ada)
    assert_problem(again, 409, "idempotency_in_progress")
    assert again["Retry-After"] == "2"


def test_a_process_that_died_holds_the_key_no_longer_than_a_request_takes(ada: Api) -> None:
    user = ada.user
    dead = services.request_begin(user, "one", "f" * 64)
    with pytest.raises(StillRunning):
        services.request_begin(user, "one", "f" * 64)
    KeyedRequest.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    heir = services.request_begin(user, "one", "f" * 64)
    services.request_keep(dead, 202, "{}")
    services.request_release(dead)
    assert KeyedRequest.objects.get().claim == heir.claim
    assert KeyedRequest.objects.get().status is None


def test_the_log_names_the_route_of_a_repetition(ada: Api) -> None:
    send(ada)
    assert send(ada).wsgi_request.resolver_match.route == "api/documents/upload"


# --- at the same instant ---------------------------------------------------------------


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment, each in a thread; return what they return."""
    gate, results = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results.append(job())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_instant_one_is_carried_out(ada: Api) -> None:
    document = ada.ready()["id"]
    apis = [Api(ada.user) for _ in range(6)]
    data = b"Second text."
    sent = together(*(lambda api=api: add(api, document, data) for api in apis))
    assert {response.status_code for response in sent} <= {202, 409}
    done = [r for r in sent if r.status_code == 202 and not r.has_header("Idempotency-Replayed")]
    assert len(done) == 1
    assert DocumentVersion.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_by_a_double_click_is_one_document() -> None:
    user = person()
    shelf(user, "Birds")
    clients = [browser(user), browser(user)]

    def click(client: Client) -> int:
        body, kind = multipart([("wren.txt", WREN)]), f"multipart/form-data; boundary={BOUNDARY}"
        return client.generic("POST", reverse("document_upload"), body, kind).status_code

    statuses = together(*(lambda client=client: click(client) for client in clients))
    assert all(status < 400 for status in statuses)
    assert Document.objects.count() == DocumentVersion.objects.count() == 1


class Slow:
    """Answers when it is let."""

    model = "slow"

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def stream(self, prompt: Prompt) -> AsyncIterator[Piece]:
        self.begun.set()
        await self.go.wait()
        yield Piece("The wren lays seven eggs [1].")


async def _asked_and_left(api: Api, model: Slow) -> None:
    """Ask over ASGI, hang up while the model thinks, and wait until the application ends."""
    body, sent = json.dumps({"question": EGGS}).encode(), False
    headers = {"content-type": "application/json", "idempotency-key": "one", "host": "localhost"}
    headers["content-length"] = str(len(body))
    headers |= {name.lower(): value for name, value in api.headers.items()}

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await model.begun.wait()
        asyncio.get_running_loop().call_later(0.1, model.go.set)
        return {"type": "http.disconnect"}

    async def send_back(message: Any) -> None:
        del message

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/api/chat", "headers": raw,
             "query_string": b"", "http_version": "1.1", "scheme": "http"}  # fmt: skip
    await ASGIHandler()(scope, receive, send_back)


@pytest.mark.django_db(transaction=True)
def test_who_hangs_up_gets_the_answer_by_asking_again(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.ready()
    model = Slow()
    monkeypatch.setattr("chat.services.answering.configured_model", lambda: model)
    asyncio.run(_asked_and_left(ada, model))
    assert model.go.is_set()
    again = ask(ada)
    assert again["Idempotency-Replayed"] == "true"
    assert "seven eggs" in again.json()["answer"]
    assert Message.objects.get().state == "complete"
