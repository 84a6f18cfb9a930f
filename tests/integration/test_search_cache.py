"""Searches that are made twice, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from documents.caching import Cached, key_of
from documents.errors import NotFound
from documents.models import Chunk, Document, Membership
from documents.search import kept as module
from documents.search.hybrid import search
from documents.search.kept import search_kept
from documents.search.scope import Within
from documents.search.vectors import query_vector
from documents.signals import cache_asked
from documents.types import Mode, Role
from ragsite.cache import SqliteCache
from tests.integration.factories import Api, person
from tests.openai_server import OpenAIServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sqlite_cache")]


@pytest.fixture
def wren(ada: Api) -> Document:
    found: Document = Document.objects.get(pk=ada.ready()["id"])
    return found


@pytest.fixture
def told() -> Iterator[list[tuple[str, bool]]]:
    """What the caches say of themselves."""
    heard: list[tuple[str, bool]] = []

    def hear(sender: object, kind: str, *, hit: bool, **_: object) -> None:
        heard.append((kind, hit))

    cache_asked.connect(hear)
    yield heard
    cache_asked.disconnect(hear)


# --- the same again ----------------------------------------------------------------------


def test_the_second_search_is_not_made(ada: Api, wren: Document, searches_made: list[str]) -> None:
    first, second = (search_kept(ada.user, "wren eggs") for _ in range(2))
    assert len(searches_made) == 1
    assert second.hits == first.hits != ()


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("limit", [1, 10])
def test_what_comes_from_the_cache_is_what_a_search_gives(
    ada: Api, wren: Document, mode: Mode, limit: int
) -> None:
    search_kept(ada.user, "How many eggs?", mode=mode, limit=limit)
    again = search_kept(ada.user, "How many eggs?", mode=mode, limit=limit)
    assert again.hits == search(ada.user, "How many eggs?", mode=mode, limit=limit).hits


def test_a_search_that_found_nothing_is_kept_too(
    ada: Api, wren: Document, searches_made: list[str]
) -> None:
    for _ in range(2):
        assert search_kept(ada.user, "zeppelin", mode=Mode.KEYWORD).hits == ()
    assert len(searches_made) == 1


@pytest.mark.parametrize(
    "other",
    [{"limit": 3}, {"mode": Mode.KEYWORD}, {"query": "wren egg"}],
    ids=["limit", "mode", "words"],
)
def test_another_search_is_made(
    ada: Api, wren: Document, searches_made: list[str], other: dict[str, Any]
) -> None:
    search_kept(ada.user, "wren eggs")
    search_kept(ada.user, **({"query": "wren eggs"} | other))
    assert len(searches_made) == 2


def test_a_member_of_the_same_collection_searches_anew(
    ada: Api, wren: Document, searches_made: list[str]
) -> None:
    other = person("mate")
    Membership.objects.create(collection=wren.collection, user=other, role=Role.VIEWER)
    mine, theirs = search_kept(ada.user, "wren"), search_kept(other, "wren")
    assert len(searches_made) == 2
    assert mine.hits == theirs.hits


def test_without_time_to_keep_it_nothing_is_kept(
    ada: Api, wren: Document, searches_made: list[str], settings: Any
) -> None:
    settings.SEARCH_CACHE_SECONDS = 0
    search_kept(ada.user, "wren")
    search_kept(ada.user, "wren")
    assert len(searches_made) == 2


def test_the_api_and_the_page_share_what_is_kept(ada: Api, wren: Document, told: list[Any]) -> None:
    ada.client.force_login(ada.user)
    assert ada.get("/api/search", q="wren", limit=20).status_code == 200
    assert ada.get("/search/", q="wren").status_code == 200
    assert [hit for kind, hit in told if kind == "search"] == [False, True]


def test_an_explained_search_is_always_made(ada: Api, wren: Document, told: list[Any]) -> None:
    for _ in range(2):
        ada.get("/api/search", q="wren", explain="true")
    assert told == []


# --- what it holds, and when it gives way ------------------------------------------------


def test_only_ids_and_numbers_are_kept(ada: Api, wren: Document) -> None:
    search_kept(ada.user, "wren eggs")
    rows: list[Any] = []
    cache._do(lambda db: rows.extend(db.execute("SELECT key, value FROM entry")))  # type: ignore[attr-defined]
    (entry,) = [row for row in rows if ":search:" in row[0]]
    assert b"wren" not in bytes(entry[1])
    assert "wren" not in entry[0]


def test_a_collection_one_was_put_out_of_is_searched_no_more(ada: Api, wren: Document) -> None:
    assert search_kept(ada.user, "wren").hits
    Membership.objects.filter(user=ada.user).delete()
    assert search_kept(ada.user, "wren").hits == ()
    with pytest.raises(NotFound):
        search_kept(ada.user, "wren", within=Within([wren.collection_id]))


def test_rows_that_are_gone_are_never_made_up_for(
    ada: Api, wren: Document, searches_made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "generation", lambda _collections: "as it was")
    assert search_kept(ada.user, "wren").hits
    Chunk.objects.all().delete()
    assert search_kept(ada.user, "wren").hits == ()
    assert len(searches_made) == 2


def test_a_search_during_which_the_library_changed_is_not_kept(
    ada: Api, wren: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter(["before", "after", "before", "before"])
    monkeypatch.setattr(module, "generation", lambda _collections: next(states))
    search_kept(ada.user, "wren")
    heard: list[bool] = []
    monkeypatch.setattr(module, "tell", lambda _kind, *, hit: heard.append(hit))
    search_kept(ada.user, "wren")
    assert heard == [False]


def test_a_search_that_did_without_its_embedder_is_not_kept(
    ada: Api, wren: Document, searches_made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(user: Any, query: str, **more: Any) -> Any:
        searches_made.append(query)
        return type("Found", (), {"whole": False, "hits": ()})()

    monkeypatch.setattr(module, "search", whole)
    search_kept(ada.user, "wren")
    search_kept(ada.user, "wren")
    assert len(searches_made) == 2


def test_a_cache_that_breaks_costs_nothing_but_time(
    ada: Api, wren: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(SqliteCache, "get", broken)
    monkeypatch.setattr(SqliteCache, "set", broken)
    assert ada.found("wren eggs")


def test_keys_need_the_installation_s_secret(settings: Any) -> None:
    mine = key_of(Cached.SEARCH, "wren")
    settings.SECRET_KEY = "another-secret-" + "abcdefghij" * 5
    assert key_of(Cached.SEARCH, "wren") != mine
    assert "wren" not in mine


def test_the_order_of_a_scope_does_not_matter() -> None:
    one, two = frozenset([1, 9, 17]), frozenset([17, 9, 1])
    assert key_of(Cached.SEARCH, one) == key_of(Cached.SEARCH, two)


# --- vectors of questions ----------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def _embedder(server: OpenAIServer, **more: Any) -> Any:
    from documents.embed.openai import OpenAIEmbedder  # noqa: PLC0415  # a second to import

    return OpenAIEmbedder(api_key="k", base_url=server.url, model="small", dimensions=8, **more)


def test_a_question_is_embedded_once(server: OpenAIServer, told: list[Any]) -> None:
    embedder = _embedder(server)
    first = query_vector(embedder, "How many eggs?")
    searches_made = len(server.requests)
    second = query_vector(embedder, "How many eggs?")
    assert len(server.requests) == searches_made
    assert first.tolist() == second.tolist()
    assert second.dtype == first.dtype
    assert told == [("embedding", False), ("embedding", True)]


def test_another_question_or_model_is_embedded_anew(server: OpenAIServer, told: list[Any]) -> None:
    query_vector(_embedder(server), "How many eggs?")
    query_vector(_embedder(server), "How many nests?")
    other = _embedder(server)
    other.model = "large"
    query_vector(other, "How many eggs?")
    assert told == [("embedding", False)] * 3


def test_what_is_made_here_is_not_kept(ada: Api, wren: Document, told: list[Any]) -> None:
    search(ada.user, "How many eggs?")
    assert told == []
