"""Whatever is wrong with a request, the answer is a problem in one shape, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from documents.types import Mode
from tests.integration.factories import WREN, Api, assert_problem, person, shelf, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

#: Every route that reads a body of JSON.
JSON_ROUTES = [
    ("POST", "/api/search"),
    ("POST", "/api/collections"),
    ("POST", "/api/tokens"),
    ("POST", "/api/chat"),
    ("PATCH", "/api/collections/shelf"),
    ("POST", "/api/collections/shelf/members"),
    ("PATCH", "/api/collections/shelf/members/ada"),
    ("PATCH", "/api/documents/{document}"),
    ("POST", "/api/messages/{message}/feedback"),
]
#: Bodies that no route can read, with what makes them so.
BROKEN: dict[str, tuple[bytes, str]] = {
    "cut off": (b'{"question": ', "application/json"),
    "empty words": (b"nothing", "application/json"),
    "deep": (b"[" * 10_000, "application/json"),
    "deep and closed": (b'{"q":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "application/json"),
    "deep objects": (b'{"a":' * 10_000, "application/json"),
    "not a number": (b'{"q": NaN}', "application/json"),
    "without end": (b'{"q": Infinity}', "application/json"),
    "not utf-8": (b'{"question": "\xff\xfe"}', "application/json"),
    "unknown charset": (b"{}", "application/json; charset=klingon"),
    "a byte order mark": (b"\xef\xbb\xbf{", "application/json"),
    "a long number": (b'{"q": ' + b"9" * 5000 + b"}", "application/json"),
    "a list": (b"[]", "application/json"),
    "a list of lists": (b"[[1]]", "application/json"),
    "a word": (b'"x"', "application/json"),
    "a number": (b"1e400", "application/json"),
    "null": (b"null", "application/json"),
}
#: Values that fit nowhere where text, a number or an id is meant.
STRANGE: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e",
    "x" * 100_000,
    "🐦" * 3000,
    "../..",
    "' OR 1=1 --",
    "%s%n",
    [],
    [[]],
    ["\x00"],
    ["\ud800"],
    {},
    {"a": 1},
    [{"id": 1}],
    "1" * 5000,
    "١٢٣",
]


@pytest.fixture
def paths(ada: Api) -> dict[str, str]:
    """Ids for the addresses, of things that are Ada's."""
    shelf(ada.user, "Shelf")
    document = ada.ready()["id"]
    return {"document": document, "message": ada.ask("How many eggs?").json()["id"]}


def _assert_answered(response: Any) -> None:
    """Fail unless the request was carried out, or refused in the one shape."""
    assert response.status_code < 500, response.content[:300]
    if response.status_code >= 400:
        assert_problem(response, response.status_code)


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES)
def test_a_body_that_cannot_be_read_is_a_problem(
    ada: Api, paths: dict[str, str], method: str, path: str
) -> None:
    for name, (body, content_type) in BROKEN.items():
        response = ada.send(method, path.format(**paths), body, content_type=content_type)
        _assert_answered(response)
        if path.endswith(("search", "chat", "feedback", "collections")):
            assert response.status_code in (400, 415), (name, response.content[:300])


@pytest.mark.parametrize(("method", "path"), JSON_ROUTES)
def test_a_body_of_another_type_answers_415(
    ada: Api, paths: dict[str, str], method: str, path: str
) -> None:
    for kind in ("text/plain", "application/xml", "image/png", "nonsense"):
        response = ada.send(method, path.format(**paths), b"x", content_type=kind)
        assert_problem(response, 415, "unsupported_media_type")


FIELDS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/search"): {
        "q": "wren", "mode": "hybrid", "limit": 3, "collection": "shelf", "document": ""
    },
    ("POST", "/api/chat"): {
        "question": "How many eggs?", "conversation_id": None, "collections": [], "documents": [],
        "stream": False,
    },
    ("POST", "/api/collections"): {"name": "New", "slug": "new"},
    ("PATCH", "/api/collections/shelf"): {"name": "New"},
    ("POST", "/api/collections/shelf/members"): {"username": "ada", "role": "owner"},
    ("PATCH", "/api/collections/shelf/members/ada"): {"role": "owner"},
    ("PATCH", "/api/documents/{document}"): {"title": "T", "author": "A", "collection": "shelf"},
    ("POST", "/api/messages/{message}/feedback"): {"rating": 1, "comment": "Good."},
    ("POST", "/api/tokens"): {"name": "n", "scope": "read", "days": 3},
}  # fmt: skip


@pytest.mark.parametrize("route", FIELDS, ids=" ".join)
def test_a_value_of_any_other_kind_is_no_crash(
    ada: Api, paths: dict[str, str], route: tuple[str, str]
) -> None:
    method, path = route
    for field in FIELDS[route]:
        for value in STRANGE:
            body = json.dumps(FIELDS[route] | {field: value})
            _assert_answered(ada.send(method, path.format(**paths), body))


@pytest.mark.parametrize("route", FIELDS, ids=" ".join)
def test_no_member_that_is_not_meant_to_be_set_is_set(
    ada: Api, bob: Api, paths: dict[str, str], route: tuple[str, str]
) -> None:
    method, path = route
    extra = {
        "id": 1, "pk": 1, "owner": bob.user.pk, "user": bob.user.pk, "user_id": bob.user.pk,
        "is_staff": True, "is_superuser": True, "status": "ready", "created_at": "1999-01-01",
        "default_of": bob.user.pk, "members": [bob.user.pk], "token": "mine", "digest": "x",
    }  # fmt: skip
    _assert_answered(ada.send(method, path.format(**paths), extra | FIELDS[route]))
    for listing in ("documents", "collections", "conversations", "tokens"):
        expected = 1 if listing == "tokens" else 0
        assert bob.get(f"/api/{listing}").json()["count"] == expected
    ada.user.refresh_from_db()
    assert not ada.user.is_staff


@pytest.mark.parametrize(
    "unknown",
    ["0", "-1", "9" * 30, "nowhere", "%00", "%F0%9F%90%A6", "None", "..%2f", "a" * 3000, "%ff",
     "00000000-0000-0000-0000-000000000000", "{00000000000000000000000000000000}", "1.5", "+1"],
)  # fmt: skip
def test_an_unknown_id_in_any_form_is_the_same_404(ada: Api, unknown: str) -> None:
    for path in (
        "documents/{}", "documents/{}/versions", "documents/{}/versions/1", "documents/{}/retry",
        "conversations/{}", "messages/{}", "collections/{}", "collections/{}/members", "tokens/{}",
    ):  # fmt: skip
        method = "POST" if path.endswith("retry") else "GET"
        assert_problem(ada.send(method, f"/api/{path.format(unknown)}"), 404, "not_found")


@pytest.mark.parametrize("number", ["0", "2", "9" * 9, "9" * 10, "9" * 25, "9" * 5000, "-1", "x"])
def test_an_unknown_version_is_a_404(ada: Api, paths: dict[str, str], number: str) -> None:
    for tail in ("", "/content", "/download"):
        path = f"/api/documents/{paths['document']}/versions/{number}{tail}"
        assert_problem(ada.get(path), 404, "not_found")


@pytest.mark.parametrize("value", ["9" * 18, "9" * 19, "9" * 30, "9" * 5000])
def test_a_token_of_a_number_beyond_all_is_a_404(ada: Api, value: str) -> None:
    assert_problem(ada.get(f"/api/tokens/{value}"), 404)
    assert_problem(ada.delete(f"/api/tokens/{value}"), 404)


# --- one of each status ---------------------------------------------------------------


def test_401_has_a_challenge_and_says_what_to_do(db: None) -> None:
    response = Api().get("/api/documents")
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="ragsite"'


def test_405_names_what_is_allowed(ada: Api) -> None:
    response = ada.send("PUT", "/api/documents")
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_406_is_a_problem_too(ada: Api) -> None:
    response = ada.send("GET", "/api/documents", Accept="image/png")
    assert_problem(response, 406, "not_acceptable")


@pytest.mark.parametrize("path", ["/api/search", "/api/chat", "/api/tokens"])
def test_413_answers_a_body_beyond_the_limit(ada: Api, settings: LazySettings, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert_problem(ada.post(path, {"q": "x" * 2000}), 413, "too_large")


def test_413_answers_too_many_files(ada: Api, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [(f"{n}.txt", b"Text.") for n in range(3)]
    assert_problem(ada.upload(*files), 413, "too_large")


def test_400_answers_too_many_fields(ada: Api, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    _assert_answered(ada.upload(("a.txt", b"Text."), **{f"f{n}": "x" for n in range(9)}))


def test_500_tells_nothing_of_the_inside(
    ada: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret-inside")

    monkeypatch.setattr("documents.api.views.document_list", broken)
    ada.client.raise_request_exception = False
    response = ada.get("/api/documents")
    body = assert_problem(response, 500, "server_error")
    assert "secret-inside" not in response.content.decode()
    assert body["detail"].endswith("logged.")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("database or disk is full", 507, "storage_failed"),
        ("database is locked", 503, "unavailable"),
        ("no such table: x", 500, "server_error"),
    ],
)
def test_what_the_database_cannot_do_now_is_told(
    ada: Api, monkeypatch: pytest.MonkeyPatch, fault: str, status: int, code: str
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise OperationalError(fault)

    monkeypatch.setattr("documents.api.views.document_list", broken)
    ada.client.raise_request_exception = False
    response = ada.get("/api/documents")
    assert_problem(response, status, code)
    assert ("Retry-After" in response) == (status == 503)


def test_what_is_wrong_with_each_field_is_told(ada: Api) -> None:
    body = assert_problem(ada.post("/api/search", {"limit": 0, "mode": "x"}), 400, "invalid")
    assert body["errors"].keys() == {"q", "limit", "mode"}


def test_the_request_id_of_the_caller_is_kept(ada: Api) -> None:
    response = ada.send("GET", "/api/nowhere", **{"X-Request-ID": "my-request-0001"})
    assert assert_problem(response, 404)["request_id"] == "my-request-0001"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space 12", "line\\nbreak12", "ü" * 9])
def test_a_request_id_that_could_spoil_a_log_is_replaced(ada: Api, given: str) -> None:
    response = ada.send("GET", "/api/nowhere", **{"X-Request-ID": given})
    assert assert_problem(response, 404)["request_id"] != given


@pytest.mark.parametrize("host", ["evil.example", "localhost@evil", "a b", "[::1", ""])
def test_another_host_name_is_refused(ada: Api, host: str) -> None:
    response = ada.client.get(
        "/api/documents", headers={"Host": host} if host else None, HTTP_HOST=host or "x"
    )
    assert_problem(response, 400)


# --- questions and searches -----------------------------------------------------------

QUERIES = [
    '"', "a AND", "NEAR(", "owner:1", "*", "(", ")", "-x", "secret-x", "C++", "user@host", "10:30",
    "AND OR NOT", "^x", "x^2", "a*", "\\", "'", "{a b}", "title:wren", "%", "_", ";", "wren OR",
    '"unclosed', "NEAR(a b, 5)", "🐦", "卵はいくつ", "בכמה", "\u200b wren", "+", "- -", "x:y:z",
]  # fmt: skip


@pytest.mark.parametrize("mode", [mode.value for mode in Mode])
def test_no_query_is_a_syntax_error(ada: Api, paths: dict[str, str], mode: str) -> None:
    for query in QUERIES:
        response = ada.post("/api/search", {"q": query, "mode": mode})
        assert response.status_code == 200, (query, response.content)


@pytest.mark.parametrize("query", ["", " ", "\x00", "\u3000", "\n\t"])
def test_an_empty_search_is_refused(ada: Api, query: str) -> None:
    assert_problem(ada.post("/api/search", {"q": query}), 400)
    assert_problem(ada.get("/api/search", q=query), 400)


def test_a_search_without_a_question_is_refused(ada: Api) -> None:
    assert_problem(ada.get("/api/search"), 400)


@pytest.mark.parametrize("length", [2001, 100_000])
def test_an_overlong_search_or_question_is_refused(ada: Api, length: int) -> None:
    assert_problem(ada.post("/api/search", {"q": "x" * length}), 400)
    assert_problem(ada.ask("x" * length), 400, "question_too_long")


@pytest.mark.parametrize("question", ["", " ", "\u3000"])
def test_an_empty_question_is_refused(ada: Api, question: str) -> None:
    assert_problem(ada.ask(question), 400, "empty_question")


@pytest.mark.parametrize(
    "question", ["🐦🐦🐦", "?", "\u200b?", "a\x00b", "\ud83d", "卵はいくつ", *QUERIES[:12]]
)
def test_a_strange_question_is_answered(ada: Api, paths: dict[str, str], question: str) -> None:
    response = ada.send("POST", "/api/chat", json.dumps({"question": question}))
    assert response.status_code in (200, 400), response.content
    _assert_answered(response)


@pytest.mark.parametrize("limit", [0, 101, -1, "x", 1e9, 10**30])
def test_a_limit_outside_of_1_to_100_is_refused(ada: Api, limit: Any) -> None:
    assert_problem(ada.get("/api/search", q="wren", limit=limit), 400)


def test_a_search_finds_no_more_than_asked_for(ada: Api) -> None:
    for n in range(3):
        ada.upload((f"{n}.txt", WREN + f" Number {n}.".encode()))
    work()
    assert len(ada.found("wren", limit=2)) == 2


@pytest.mark.parametrize("accept", ["application/json", "text/html", "application/yaml"])
@pytest.mark.parametrize("path", ["/openapi.json", "/metrics", "/api/health", "/api/health/live"])
def test_what_has_one_form_comes_in_it_whatever_is_accepted(path: str, accept: str) -> None:
    boss = Api(person("boss", is_staff=True))
    assert boss.send("GET", path, Accept=accept).status_code == 200
