"""What every response says a browser may do with it, whatever it is and whoever asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ragsite import policies
from ragsite.asgi import transport_headers
from ragsite.body_limit import BodyLimit, Bounds
from tests.integration.factories import Api, person
from tests.integration.pages import Library, browser, html_of, library

pytestmark = pytest.mark.django_db

PARTS = ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'")
READERS = ("/docs", "/redoc")


@pytest.fixture
def birds(db: None) -> Library:
    return library()


def _policy(response: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts if part}


def _assert_headers(response: Any, url: str = "") -> None:
    assert response["X-Content-Type-Options"] == "nosniff", url
    assert response["Referrer-Policy"] == "same-origin", url
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", url
    assert response["Cross-Origin-Resource-Policy"] == "same-origin", url
    assert response["Permissions-Policy"] == policies.HEADERS["Permissions-Policy"], url
    assert response["X-Frame-Options"] == "DENY", url
    assert "Server" not in response, url
    assert "X-Powered-By" not in response, url
    assert "Content-Security-Policy" in response, url


def _assert_strict(response: Any, url: str = "") -> None:
    """No script, style or picture but the site's own: then a nonce has nothing to let through."""
    _assert_headers(response, url)
    policy = _policy(response)
    assert policy["default-src"] == ["'self'"], url
    assert policy["img-src"] == ["'self'"], url
    assert not {"script-src", "style-src", "connect-src"} & policy.keys(), url
    for part in PARTS:
        assert part in response["Content-Security-Policy"], url


def _routes(patterns: Any = None, prefix: str = "/") -> Iterator[str]:
    """Yield an address for every route there is, ids made up."""
    for entry in patterns or get_resolver().url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^").replace("\\Z", "").replace("$", "")
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield _filled(route)


def _filled(route: str) -> str:
    unknown = "00000000-0000-4000-8000-000000000000"
    route = re.sub(r"<uuid:[^>]+>", unknown, route)
    route = re.sub(r"<int:[^>]+>", "1", route)
    route = re.sub(r"<(?:\w+:)?[^>]+>", "x", route)
    return re.sub(r"\(\?P.*", "x", route)


def _paths() -> list[str]:
    return sorted(set(_routes()))


def test_there_are_many_routes_to_walk() -> None:
    assert len(_paths()) > 150


def test_every_route_answers_everybody_with_every_header(
    birds: Library, one_transaction: None
) -> None:
    root = person("root", is_staff=True, is_superuser=True)
    for client in (browser(), browser(birds.owner), browser(root)):
        for url in _paths():
            response = client.get(url)
            assert response.status_code != 500, url
            (_assert_headers if url.startswith(READERS) else _assert_strict)(response, url)


@pytest.mark.parametrize("url", READERS)
def test_the_readers_of_the_api_style_themselves_but_run_only_our_scripts(
    birds: Library, url: str
) -> None:
    response = browser(birds.owner).get(url)
    _assert_headers(response)
    policy = _policy(response)
    assert "script-src" not in policy
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]


@pytest.mark.parametrize("name", ["account", "password", "two_step", "tokens", "home"])
def test_no_page_has_a_script_or_a_style_of_its_own(birds: Library, name: str) -> None:
    page = html_of(browser(birds.owner).get(reverse(name)))
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


def test_the_administration_needs_no_inline_script_either(db: None) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    for url in (
        "/admin/",
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        "/admin/audit/auditentry/",
    ):
        page = html_of(client.get(url))
        assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")", page), url
        assert not re.search(r"<style|\sstyle=|\son\w+=", page), url


# --- answers that no view gives -------------------------------------------------------


@pytest.mark.parametrize("url", ["/static/css/app.css", "/static/nothing.css"])
def test_static_files_are_guarded(db: None, url: str) -> None:
    _assert_strict(Client().get(url), url)


@pytest.mark.parametrize("url", ["/nothing", "/api/nothing", "/api/documents", "/documents/"])
def test_errors_are_guarded(db: None, url: str) -> None:
    _assert_strict(Client().get(url), url)


@pytest.mark.parametrize("url", ["/documents/", "/api/documents"])
def test_a_fault_of_ours_is_guarded(
    birds: Library, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("documents.views.listing.document_list", broken)
    monkeypatch.setattr("documents.api.views.document_list", broken)
    client = Client(raise_request_exception=False)
    client.force_login(birds.owner)
    response = client.get(url)
    assert response.status_code == 500
    _assert_strict(response)
    assert b"broken" not in response.content


def test_a_wrong_host_is_refused_and_guarded(db: None) -> None:
    response = Client().get("/login/", headers={"host": "evil.example"})
    assert response.status_code == 400
    _assert_strict(response)


def test_too_many_requests_are_guarded(db: None, settings: Any) -> None:
    settings.RATE_LIMITS = {"anonymous": "1/d"}
    for url in ("/documents/", "/api/documents"):
        client = Client(REMOTE_ADDR=f"198.51.100.{len(url)}")
        client.get(url)
        response = client.get(url)
        assert response.status_code == 429
        _assert_strict(response)


def test_files_are_sandboxed(birds: Library) -> None:
    for response in (
        browser(birds.owner).get(birds.url("download", 1)),
        Api(birds.owner).get(f"/api/documents/{birds.document.pk}/versions/1/download"),
    ):
        _assert_headers(response)
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response["Content-Disposition"].startswith("attachment")


def test_a_stream_is_guarded(ada: Api, one_transaction: None) -> None:
    async def begun() -> Any:
        return await ada.begin({"question": "Eggs?", "stream": True})

    response = async_to_sync(begun)()
    assert response["Content-Type"].startswith("text/event-stream")
    _assert_strict(response)


async def _refused(limit: BodyLimit) -> dict[str, str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 2000, "more_body": False}

    scope = {"type": "http", "path": "/login/", "method": "POST"}
    scope["headers"] = [(b"content-length", b"2000")]  # type: ignore[assignment]
    await limit(scope, receive, send)
    assert sent[0]["status"] == 413
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def _limit(headers: Any = ()) -> BodyLimit:
    return BodyLimit(lambda *a: asyncio.sleep(0), lambda scope: Bounds(1000), headers)


async def test_a_body_that_is_too_large_is_refused_with_every_header() -> None:
    headers = await _refused(_limit())
    names = ("cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy")
    assert {*names, "x-content-type-options", "referrer-policy", "x-frame-options"} <= set(headers)
    assert headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'")


async def test_where_all_is_https_that_refusal_says_so(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    headers = await _refused(_limit(transport_headers()))
    expected = "max-age=31536000; includeSubDomains; preload"
    assert headers["strict-transport-security"] == expected


def test_without_https_nothing_is_said_about_it(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 0
    assert transport_headers() == []


def test_https_is_remembered_for_a_year(db: None, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    guarded = SecurityMiddleware(lambda request: HttpResponse())
    response: Any = guarded(RequestFactory().get("/", secure=True))
    assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


# --- cookies and caches -----------------------------------------------------------------


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(db: None) -> None:
    person("ada", password="a-heron-in-the-reeds")
    client = Client()
    client.get("/login/")
    client.post("/login/", {"username": "ada", "password": "a-heron-in-the-reeds"})
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", ""), name
    assert client.cookies["sessionid"]["max-age"] == django_settings.SESSION_COOKIE_AGE


def test_pages_for_somebody_are_kept_in_no_cache(birds: Library, one_transaction: None) -> None:
    client = browser(birds.owner)
    for url in _paths():
        if url.startswith(("/api/", "/openapi", "/static/")):
            continue
        response = client.get(url)
        control = response["Cache-Control"]
        assert "no-store" in control or "no-cache" in control, url
        assert "Cookie" in response["Vary"], url


# --- other sites ------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil"])
@pytest.mark.parametrize("url", ["/api/documents", "/api/health", "/login/", "/static/css/app.css"])
def test_no_other_site_may_read_an_answer(birds: Library, origin: str, url: str) -> None:
    client = browser(birds.owner)
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x"}
    for response in (
        client.get(url, headers={"Origin": origin}),
        client.options(url, headers={"Origin": origin, **asked}),
    ):
        assert not [name for name in response.headers if name.startswith("Access-Control")]


FORWARDED = [
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"X-Script-Name": "/evil"},
    {"X-Original-URL": "/admin/"},
    {"X-Rewrite-URL": "/admin/"},
    {"X-HTTP-Method-Override": "DELETE"},
]


@pytest.mark.parametrize("headers", FORWARDED)
def test_what_a_caller_forwards_moves_no_address(birds: Library, headers: dict[str, str]) -> None:
    client = browser(birds.owner)
    plain = client.get("/api/documents?page_size=1").json()
    forged = client.get("/api/documents?page_size=1", headers=headers)
    assert forged.json() == plain
    assert "evil" not in browser().get("/documents/", headers=headers)["Location"]


@pytest.mark.parametrize("variant", [
    "/admin//", "/ADMIN/", "/admin;x/", "/admin/%2e/", "/dashboard/", "/dashboard;x",
    "/Dashboard", "/metrics/", "/api/metrics/", "/api//metrics",
])  # fmt: skip
def test_no_spelling_of_an_address_opens_it_to_others(birds: Library, variant: str) -> None:
    response = browser(birds.owner).get(variant)
    assert response.status_code in {302, 301, 403, 404}
    if response.status_code in {301, 302}:
        assert response["Location"].startswith(("/login/", "/admin/", "/dashboard", "/metrics"))
