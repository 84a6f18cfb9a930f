"""Who may do what: every route of the published schema, as six callers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from chat.models import Conversation, Message, Notice, Watch
from chat.services.comparing import comparison_create
from chat.services.questions import default_set, judgement_set, passage_find, question_save
from documents.models import Document
from documents.types import Role
from ragsite.accounts.services import token_create
from tests.integration.factories import (
    BOUNDARY,
    READ,
    WREN,
    Api,
    assert_problem,
    multipart,
    person,
    shelf,
)
from tests.samples import pdf_bytes

pytestmark = pytest.mark.django_db

CALLERS = ("owner", "editor", "viewer", "stranger", "anonymous", "read_token")
ANYBODY = (200, 200, 200, 200, 200, 200)
SIGNED_IN = (200, 200, 200, 200, 401, 200)
MEMBERS_READ = (200, 200, 200, 404, 401, 200)
OWN_READ = (200, 404, 404, 404, 401, 200)

#: The expected status for each caller, in the order of ``CALLERS``. The collection
#: belongs to the owner, with editor, viewer and guest as members; conversation,
#: message and token are the owner's own.
TABLE: dict[str, tuple[int, ...]] = {
    "GET /api/health": ANYBODY,
    "GET /api/health/live": ANYBODY,
    "GET /api/health/ready": ANYBODY,
    "GET /api/health/deep": (403, 403, 403, 403, 401, 403),
    "GET /api/metrics": (403, 403, 403, 403, 401, 403),
    "GET /api/analytics": (403, 403, 403, 403, 401, 403),
    "GET /api/analytics/table.csv": (403, 403, 403, 403, 401, 403),
    "GET /api/documents": SIGNED_IN,
    "POST /api/documents/upload": (202, 202, 403, 404, 401, 403),
    "GET /api/documents/{document_id}": MEMBERS_READ,
    "PATCH /api/documents/{document_id}": (200, 200, 403, 404, 401, 403),
    "DELETE /api/documents/{document_id}": (204, 204, 403, 404, 401, 403),
    "POST /api/documents/{document_id}/retry": (409, 409, 403, 404, 401, 403),
    "GET /api/documents/{document_id}/diff": MEMBERS_READ,
    "GET /api/documents/{document_id}/versions": MEMBERS_READ,
    "POST /api/documents/{document_id}/versions": (202, 202, 403, 404, 401, 403),
    "GET /api/documents/{document_id}/versions/{number}": MEMBERS_READ,
    "GET /api/documents/{document_id}/versions/{number}/content": MEMBERS_READ,
    "GET /api/documents/{document_id}/versions/{number}/download": MEMBERS_READ,
    "GET /api/documents/{document_id}/versions/{number}/pages/{page}.png": MEMBERS_READ,
    "GET /api/search": SIGNED_IN,
    "POST /api/search": (200, 200, 200, 200, 401, 403),
    "GET /api/collections": SIGNED_IN,
    "POST /api/collections": (201, 201, 201, 201, 401, 403),
    "GET /api/collections/{key}": MEMBERS_READ,
    "PATCH /api/collections/{key}": (200, 403, 403, 404, 401, 403),
    "DELETE /api/collections/{key}": (409, 403, 403, 404, 401, 403),
    "GET /api/collections/{key}/members": MEMBERS_READ,
    "POST /api/collections/{key}/members": (201, 403, 403, 404, 401, 403),
    "GET /api/collections/{key}/members/{username}": MEMBERS_READ,
    "PATCH /api/collections/{key}/members/{username}": (200, 403, 403, 404, 401, 403),
    "DELETE /api/collections/{key}/members/{username}": (204, 403, 403, 404, 401, 403),
    "POST /api/chat": (200, 200, 200, 200, 401, 403),
    "GET /api/conversations": SIGNED_IN,
    "GET /api/conversations/{conversation_id}": OWN_READ,
    "PATCH /api/conversations/{conversation_id}": (200, 404, 404, 404, 401, 403),
    "DELETE /api/conversations/{conversation_id}": (204, 404, 404, 404, 401, 403),
    "GET /api/conversations/{conversation_id}/export.md": OWN_READ,
    "GET /api/conversations/{conversation_id}/export.json": OWN_READ,
    "GET /api/messages/{message_id}": OWN_READ,
    "GET /api/messages/{message_id}/why": OWN_READ,
    "POST /api/messages/{message_id}/feedback": (200, 404, 404, 404, 401, 403),
    "GET /api/question-sets": SIGNED_IN,
    "POST /api/question-sets": (201, 201, 403, 404, 401, 403),
    "GET /api/question-sets/{set_id}": MEMBERS_READ,
    "PATCH /api/question-sets/{set_id}": (200, 200, 403, 404, 401, 403),
    "DELETE /api/question-sets/{set_id}": (204, 204, 403, 404, 401, 403),
    "GET /api/question-sets/{set_id}/export.jsonl": MEMBERS_READ,
    "POST /api/question-sets/{set_id}/import": (200, 200, 403, 404, 401, 403),
    "GET /api/question-sets/{set_id}/questions": MEMBERS_READ,
    "POST /api/question-sets/{set_id}/questions": (201, 201, 403, 404, 401, 403),
    "GET /api/question-sets/{set_id}/comparisons": MEMBERS_READ,
    "POST /api/question-sets/{set_id}/comparisons": (202, 202, 403, 404, 401, 403),
    "GET /api/questions/{question_id}": MEMBERS_READ,
    "PATCH /api/questions/{question_id}": (200, 200, 403, 404, 401, 403),
    "DELETE /api/questions/{question_id}": (204, 204, 403, 404, 401, 403),
    "GET /api/questions/{question_id}/judgements": MEMBERS_READ,
    "POST /api/questions/{question_id}/judgements": (201, 201, 201, 404, 401, 403),
    "DELETE /api/judgements/{judgement_id}": (204, 204, 403, 404, 401, 403),
    "GET /api/comparisons/{comparison_id}": MEMBERS_READ,
    "GET /api/watches": SIGNED_IN,
    "POST /api/watches": (201, 404, 404, 404, 401, 403),
    "GET /api/watches/{watch_id}": OWN_READ,
    "DELETE /api/watches/{watch_id}": (204, 404, 404, 404, 401, 403),
    "GET /api/notices": SIGNED_IN,
    "POST /api/notices/{notice_id}/seen": (200, 404, 404, 404, 401, 403),
    "GET /api/tokens": SIGNED_IN,
    "POST /api/tokens": (201, 201, 201, 201, 401, 403),
    "GET /api/tokens/{token_id}": OWN_READ,
    "DELETE /api/tokens/{token_id}": (204, 404, 404, 404, 401, 403),
}

_FILE = multipart([("new.txt", b"A new text.")], {"collection": "shared"})
_VERSION = multipart([("new.txt", b"A new text.")], name="file")
_QUESTIONS = multipart([("new.jsonl", b'{"question": "New?"}')], name="file")
BODIES: dict[str, Any] = {
    "POST /api/documents/upload": _FILE,
    "PATCH /api/documents/{document_id}": {"title": "Renamed"},
    "POST /api/documents/{document_id}/versions": _VERSION,
    "POST /api/search": {"q": "wren"},
    "POST /api/collections": {"name": "New"},
    "PATCH /api/collections/{key}": {"name": "Renamed"},
    "POST /api/collections/{key}/members": {"username": "stranger", "role": "viewer"},
    "PATCH /api/collections/{key}/members/{username}": {"role": "editor"},
    "POST /api/chat": {"question": "How many eggs?"},
    "PATCH /api/conversations/{conversation_id}": {"title": "Renamed", "shared_with": "shared"},
    "POST /api/messages/{message_id}/feedback": {"rating": 1},
    "POST /api/tokens": {"name": "New"},
    "POST /api/question-sets": {"collection": "shared", "name": "New"},
    "PATCH /api/question-sets/{set_id}": {"name": "Renamed"},
    "POST /api/question-sets/{set_id}/questions": {"question": "New?"},
    "POST /api/question-sets/{set_id}/comparisons": {"dense_weight": 0.9},
    "POST /api/question-sets/{set_id}/import": _QUESTIONS,
    "PATCH /api/questions/{question_id}": {"expected": "Seven."},
    "POST /api/questions/{question_id}/judgements": {"document_id": "{document_id}"},
    "POST /api/watches": {"message_id": "{message_id}"},
}
FORM = f"multipart/form-data; boundary={BOUNDARY}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _schema_routes() -> Iterator[tuple[str, str]]:
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    for path, operations in schema["paths"].items():
        for method in operations:
            if method != "parameters":
                yield method.upper(), path


@dataclass(frozen=True, slots=True)
class World:
    """Somebody's things, and everybody who calls for them."""

    callers: dict[str, Api]
    ids: dict[str, Any]

    def call(self, caller: str, route: str, ids: dict[str, Any] | None = None) -> Any:
        """Send the request of a route, with the owner's ids or with others."""
        method, path = route.split()
        path = path.format(**(ids or self.ids))
        body = _filled(BODIES.get(route), ids or self.ids)
        if route == "GET /api/search":
            path += "?q=wren"
        if route.endswith("/diff"):
            path += "?from=1&to=1"
        kind = FORM if isinstance(body, bytes) else "application/json"
        return self.callers[caller].send(method, path, body, content_type=kind)


def _filled(body: Any, ids: dict[str, Any]) -> Any:
    """Return a body with the ids that its values name."""
    if not isinstance(body, dict):
        return body
    return {k: v.format(**ids) if isinstance(v, str) else v for k, v in body.items()}


@pytest.fixture
def world(one_transaction: None) -> World:
    people = {name: person(name) for name in ("owner", "editor", "viewer", "guest", "stranger")}
    callers = {name: Api(user) for name, user in people.items()}
    callers |= {"anonymous": Api(), "read_token": Api(people["owner"], READ)}
    collection = shelf(
        people["owner"],
        "Shared",
        editor=(people["editor"], Role.EDITOR),
        viewer=(people["viewer"], Role.VIEWER),
        guest=(people["guest"], Role.VIEWER),
    )
    document = callers["owner"].ready("wren.pdf", pdf_bytes([WREN.decode()]), collection="shared")
    conversation = Conversation.objects.create(user=people["owner"], title="Birds")
    message = Message.objects.create(
        conversation=conversation, question="How many eggs?", state=Message.State.COMPLETE
    )
    token, _ = token_create(user=people["owner"], name="mine", scope=READ)
    saved = default_set(people["owner"], collection)
    question = question_save(user=people["owner"], question_set=saved, text="How many eggs?")
    passage = passage_find(Document.objects.get(pk=document["id"]), "It lays seven eggs")
    judgement = judgement_set(user=people["owner"], question=question, passage=passage, grade=1)
    comparison = comparison_create(user=people["owner"], question_set=saved, dense_weight=0.8)
    watch = Watch.objects.create(user=people["owner"], question="How many eggs?", key="k")
    kept = {"answer": "", "refused": True, "model": "", "sentences": [], "citations": []}
    notice = Notice.objects.create(
        user=people["owner"], kind="answer_changed", text="Eggs", before=kept, after=kept
    )
    ids = {
        "set_id": saved.pk,
        "question_id": question.pk,
        "judgement_id": judgement.pk,
        "comparison_id": comparison.pk,
        "watch_id": watch.pk,
        "notice_id": notice.pk,
        "key": collection.slug,
        "username": "guest",
        "document_id": document["id"],
        "number": 1,
        "page": 1,
        "conversation_id": conversation.pk,
        "message_id": message.pk,
        "token_id": token.pk,
    }
    return World(callers, ids)


def _nowhere() -> dict[str, Any]:
    """Return ids of nothing."""
    unknown = uuid.uuid4()
    return {
        "key": "nowhere",
        "username": "nobody",
        "document_id": unknown,
        "number": 1,
        "page": 1,
        "conversation_id": unknown,
        "message_id": unknown,
        "token_id": 999_999_999,
        "set_id": 999_999_999,
        "question_id": 999_999_999,
        "judgement_id": 999_999_999,
        "comparison_id": 999_999_999,
        "watch_id": 999_999_999,
        "notice_id": 999_999_999,
    }


def _state() -> dict[str, list[Any]]:
    """Return every row of the product's tables; when a token was last used does not count."""
    return {
        model.__name__: sorted(map(str, model._default_manager.values_list(*_fields(model))))
        for label in ("documents", "chat", "accounts", "auth")
        for model in apps.get_app_config(label).get_models()
    }


def _fields(model: Any) -> list[str]:
    return [f.attname for f in model._meta.concrete_fields if f.name != "last_used_at"]


def test_the_table_names_every_route_of_the_schema_and_no_other(db: None) -> None:
    assert sorted(TABLE) == sorted(f"{method} {path}" for method, path in _schema_routes())


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """A block whose changes are undone; files stay, since no rollback brings them back."""
    monkeypatch.setattr("documents.storage.original_delete", lambda name: None)

    @contextmanager
    def block() -> Iterator[None]:
        mark = transaction.savepoint()
        yield
        transaction.savepoint_rollback(mark)

    return block


Undone = Callable[[], AbstractContextManager[None]]


def test_each_caller_gets_the_status_of_the_table(world: World, undone: Undone) -> None:
    seen: dict[str, tuple[int, ...]] = {}
    for route in TABLE:
        for caller in CALLERS:
            with undone():
                status = world.call(caller, route).status_code
            seen[route] = (*seen.get(route, ()), status)
    assert seen == TABLE


def test_a_refused_call_changes_nothing(world: World, undone: Undone) -> None:
    before = _state()
    for route, row in TABLE.items():
        for caller, status in zip(CALLERS, row, strict=True):
            if status >= 400:
                with undone():
                    world.call(caller, route)
                    assert _state() == before, (caller, route)


def test_a_strangers_404_is_the_one_of_a_random_id(world: World) -> None:
    for route, row in TABLE.items():
        if "{" in route and row[CALLERS.index("stranger")] == 404:
            theirs = assert_problem(world.call("stranger", route), 404, "not_found")
            random = assert_problem(world.call("stranger", route, _nowhere()), 404, "not_found")
            assert theirs | {"request_id": ""} == random | {"request_id": ""}, route


def test_a_method_that_is_not_declared_is_refused(world: World) -> None:
    before, paths = _state(), {route.split()[1] for route in TABLE}
    paths -= {route.split()[1] for route, expected in TABLE.items() if expected[0] == 403}
    for route in (f"{method} {path}" for path in sorted(paths) for method in METHODS):
        if route not in TABLE:
            response = world.call("owner", route)
            assert_problem(response, 405, "method_not_allowed")
            assert route.split()[0] not in response["Allow"]
            assert world.call("anonymous", route).status_code in (401, 405)
    assert _state() == before


def test_a_deactivated_user_is_nobody_at_the_next_request(world: World) -> None:
    owner = world.callers["owner"]
    owner.user.is_active = False
    owner.user.save()
    for route in TABLE:
        if "/health" not in route:
            assert_problem(world.call("owner", route), 401)


def test_a_session_of_a_deactivated_user_is_nobodys_too(world: World) -> None:
    client, user = Client(), world.callers["owner"].user
    client.force_login(user)
    assert client.get("/api/documents").status_code == 200
    user.is_active = False
    user.save()
    assert_problem(client.get("/api/documents"), 401)


# --- the other ways in ----------------------------------------------------------------


def test_a_session_needs_a_csrf_token_to_change_anything(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.callers["owner"].user)
    path = f"/api/documents/{world.ids['document_id']}"
    assert client.get(path).status_code == 200
    assert_problem(client.delete(path), 403)
    response = client.post("/api/chat", {"question": "Eggs?"}, content_type="application/json")
    assert_problem(response, 403)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer x y", "Basic YTpi", "Token x", "Bearer \xff"]
)
def test_a_wrong_token_is_refused_with_a_challenge(db: None, header: str) -> None:
    response = Api().send("GET", "/api/documents", Authorization=header)
    assert_problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_does_not_fall_back_to_the_session(world: World) -> None:
    api = Api()
    api.client.force_login(world.callers["owner"].user)
    assert api.get("/api/documents").status_code == 200
    assert_problem(api.send("GET", "/api/documents", Authorization="Bearer wrong"), 401)


def test_a_token_in_the_address_is_not_looked_at(world: World) -> None:
    secret = world.callers["owner"].headers["Authorization"].split()[1]
    response = Api().get("/api/documents", token=secret, access_token=secret, Authorization=secret)
    assert_problem(response, 401)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_header_makes_another_method_of_a_request(world: World, header: str) -> None:
    path = f"/api/documents/{world.ids['document_id']}"
    reader = world.callers["read_token"]
    assert reader.send("GET", path, **{header: "DELETE"}).status_code == 200
    assert reader.send("GET", path).status_code == 200


def test_the_schema_is_for_callers_that_are_known(world: World) -> None:
    path = "/openapi.json"
    assert_problem(world.callers["anonymous"].get(path), 401)
    assert world.callers["read_token"].get(path).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_readers_of_the_schema_send_strangers_to_the_login(world: World, path: str) -> None:
    response = world.callers["anonymous"].get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/")


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/documents/", "/api//documents", "/api/Documents", "/api/../api"]
)
def test_an_address_that_is_none_answers_with_a_problem(world: World, path: str) -> None:
    assert_problem(world.callers["owner"].get(path), 404)
