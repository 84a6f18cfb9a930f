"""Answers that are spared or made smaller on the way, and only to who may see them."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.db import connections
from django.test import Client
from whitenoise import WhiteNoise

from documents.models import Membership
from tests.integration.factories import Api, assert_problem, joined, person, work
from tests.integration.pages import browser
from tests.samples import pdf_bytes

GZIP = {"Accept-Encoding": "gzip"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    return ada.ready()


def again(api: Api, path: str, tag: str) -> Any:
    return api.send("GET", path, **{"If-None-Match": tag})


# --- tags ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/api/documents",
        "/api/documents?search=wren",
        "/api/documents/{document}",
        "/api/documents/{document}/versions",
        "/api/documents/{document}/versions/1",
        "/api/documents/{document}/versions/1/content",
        "/api/documents/{document}/versions/1/download",
        "/api/collections",
        "/api/collections/{collection}",
        "/api/conversations",
        "/openapi.json",
    ],
)
def test_who_has_an_answer_is_not_sent_it_again(ada: Api, wren: dict[str, Any], path: str) -> None:
    path = path.format(document=wren["id"], collection=wren["collection"]["slug"])
    first = ada.get(path)
    assert first["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(first["Vary"].replace(",", " ").split())
    second = again(ada, path, first["ETag"])
    assert (second.status_code, second.content) == (304, b"")
    assert (second["ETag"], second["Cache-Control"]) == (first["ETag"], "private, no-cache")


def test_another_tag_gets_the_answer(ada: Api, wren: dict[str, Any]) -> None:
    assert again(ada, "/api/documents", '"something-else"').status_code == 200


def test_one_of_several_tags_is_enough(ada: Api, wren: dict[str, Any]) -> None:
    tag = ada.get("/api/documents")["ETag"]
    assert again(ada, "/api/documents", f'"x", W/{tag}').status_code == 304


def test_a_change_gets_another_tag(ada: Api, wren: dict[str, Any]) -> None:
    path = f"/api/documents/{wren['id']}"
    tag = ada.get(path)["ETag"]
    ada.patch(path, {"title": "Heron"})
    assert again(ada, path, tag).status_code == 200


@pytest.mark.parametrize("what", ["", "/versions/1/content", "/versions/1/download"])
def test_a_tag_opens_nothing_to_who_may_not_see_it(
    ada: Api, bob: Api, wren: dict[str, Any], what: str
) -> None:
    path = f"/api/documents/{wren['id']}{what}"
    tag = ada.get(path)["ETag"]
    assert_problem(again(bob, path, tag), 404)
    assert again(Api(), path, tag).status_code == 401


def test_a_lost_right_ends_it_at_once(ada: Api, wren: dict[str, Any]) -> None:
    path = f"/api/documents/{wren['id']}/versions/1/download"
    tag = ada.get(path)["ETag"]
    Membership.objects.filter(user=ada.user).delete()
    assert_problem(again(ada, path, tag), 404)


def test_the_file_is_not_even_read_for_who_has_it(
    ada: Api, wren: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/documents/{wren['id']}/versions/1/download"
    tag = ada.get(path)["ETag"]
    monkeypatch.setattr("documents.storage.original_read", lambda _name: pytest.fail("it was read"))
    assert again(ada, path, tag).status_code == 304


def test_two_versions_have_two_tags(ada: Api, wren: dict[str, Any]) -> None:
    ada.add_version(wren["id"], "wren.txt", b"Another text of the wren.")
    work()
    versions = [f"/api/documents/{wren['id']}/versions/{n}" for n in (1, 2)]
    for part in ("content", "download"):
        assert len({ada.get(f"{version}/{part}")["ETag"] for version in versions}) == 2


def test_a_picture_keeps_its_tag(ada: Api) -> None:
    document = ada.ready("birds.pdf", pdf_bytes(["The wren."]))
    path = f"/api/documents/{document['id']}/versions/1/pages/1.png"
    assert again(ada, path, ada.get(path)["ETag"]).status_code == 304


def test_pages_and_tokens_are_not_to_be_kept(ada: Api, wren: dict[str, Any]) -> None:
    page = browser(ada.user).get("/documents/")
    tokens = ada.get("/api/tokens")
    for response in (page, tokens):
        assert response["Cache-Control"] == "no-store"
        assert "ETag" not in response


def test_an_error_is_not_to_be_kept(ada: Api) -> None:
    missing = ada.get("/api/documents/none")
    assert missing["Cache-Control"] == "no-store"
    assert "ETag" not in missing


# --- changes that hold only for a state ------------------------------------------------------


def change(api: Api, path: str, body: dict[str, str], tag: str) -> Any:
    return api.send("PATCH", path, body, **{"If-Match": tag})


@pytest.mark.parametrize("kind", ["documents", "collections", "conversations"])
def test_a_change_of_what_is_another_by_now_is_refused(
    ada: Api, wren: dict[str, Any], kind: str
) -> None:
    asked = ada.ask("How many eggs does the wren lay?").json()["conversation_id"]
    key = {"documents": wren["id"], "collections": wren["collection"]["id"], "conversations": asked}
    path, name = f"/api/{kind}/{key[kind]}", "name" if kind == "collections" else "title"
    tag = ada.get(path)["ETag"]
    assert change(ada, path, {name: "First"}, tag).status_code == 200
    assert_problem(change(ada, path, {name: "Second"}, tag), 412, "precondition_failed")
    assert ada.get(path).json()[name] == "First"


@pytest.mark.parametrize("mark", ["*", "{tag}", "W/{tag}", '"other", {tag}'])
def test_a_change_of_what_it_is_meant_for_is_made(
    ada: Api, wren: dict[str, Any], mark: str
) -> None:
    path = f"/api/documents/{wren['id']}"
    tag = mark.format(tag=ada.get(path)["ETag"])
    assert change(ada, path, {"title": "Heron"}, tag).status_code == 200


def test_who_may_not_see_it_learns_nothing_of_its_state(bob: Api, wren: dict[str, Any]) -> None:
    assert_problem(change(bob, f"/api/documents/{wren['id']}", {"title": "x"}, '"y"'), 404)


@pytest.mark.django_db(transaction=True)
def test_of_several_changes_of_one_state_exactly_one_is_made() -> None:
    api = Api(person("tom"))
    path = f"/api/documents/{api.upload(('a.txt', b'A text.')).json()['documents'][0]['id']}"
    tag = api.get(path)["ETag"]
    statuses: list[int] = []

    def rename(number: int) -> None:
        statuses.append(change(api, path, {"title": f"Title {number}"}, tag).status_code)
        connections.close_all()

    threads = [threading.Thread(target=rename, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, *[412] * 7]


# --- compression -----------------------------------------------------------------------------


def many(api: Api) -> None:
    for number in range(12):
        api.upload((f"{number}.txt", f"Text number {number} of several.".encode()))


def test_a_long_answer_is_compressed_for_a_program(ada: Api) -> None:
    many(ada)
    plain, packed = ada.get("/api/documents"), ada.send("GET", "/api/documents", **GZIP)
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2
    assert "Accept-Encoding" in packed["Vary"]


def test_a_compressed_answer_can_be_asked_for_again(ada: Api) -> None:
    many(ada)
    tag = ada.send("GET", "/api/documents", **GZIP)["ETag"]
    assert tag.startswith('W/"')
    assert again(ada, "/api/documents", tag).status_code == 304


def test_a_short_answer_is_sent_as_it_is(ada: Api, wren: dict[str, Any]) -> None:
    response = ada.send("GET", f"/api/documents/{wren['id']}", **GZIP)
    assert "Content-Encoding" not in response


def test_a_page_is_never_compressed(ada: Api) -> None:
    many(ada)
    page = browser(ada.user).get("/documents/", headers=GZIP)
    assert len(page.content) > 2000
    assert "Content-Encoding" not in page


@pytest.mark.parametrize(
    ("site", "packed"), [("same-origin", True), ("cross-site", False), ("none", False), ("", False)]
)
def test_a_session_gets_it_compressed_only_from_pages_of_this_site(
    ada: Api, site: str, packed: bool
) -> None:
    many(ada)
    headers = GZIP | ({"Sec-Fetch-Site": site} if site else {})
    response = browser(ada.user).get("/api/documents", headers=headers)
    assert ("Content-Encoding" in response) is packed


def test_a_stream_is_never_compressed(ada: Api, wren: dict[str, Any]) -> None:
    async def asked() -> Any:
        body = {"question": "How many eggs does the wren lay?", "stream": True}
        response = await ada.begin(body, **GZIP)
        assert "event: done" in await joined(response)
        return response

    response = async_to_sync(asked)()
    assert response["Content-Type"].startswith("text/event-stream")
    assert "Content-Encoding" not in response
    assert "ETag" not in response
    assert response["Cache-Control"] == "no-store, no-transform"


def test_an_answer_that_sets_a_cookie_is_not_compressed(ada: Api, client: Client) -> None:
    many(ada)
    client.force_login(ada.user)
    session = client.session
    session["anything"] = 1
    session.save()
    response = client.get("/login/", headers=GZIP | {"Sec-Fetch-Site": "same-origin"})
    assert "Content-Encoding" not in response


def test_static_files_are_sent_as_they_were_compressed(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    get_finder.cache_clear()  # type: ignore[attr-defined]
    call_command("collectstatic", interactive=False, verbosity=0)
    served = WhiteNoise(application=lambda *_: [], root=settings.STATIC_ROOT, prefix="static/")
    file = served.files["/static/css/app.css"]
    response = file.get_response("GET", {"HTTP_ACCEPT_ENCODING": "gzip"})
    assert response.file is not None
    with response.file as sent:
        content = sent.read()
    original = Path(settings.BASE_DIR) / "static" / "css" / "app.css"
    assert gzip.decompress(content) == original.read_bytes()
    assert ("Content-Encoding", "gzip") in response.headers
