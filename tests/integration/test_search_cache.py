"""Searches that are made twice, and the value that tells whether they still hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from documents.caching import Cached, key_of
from documents.errors import NotFound
from documents.models import Chunk, Collection, Document, EmbeddingSpace, Membership
from documents.search import kept as module
from documents.search.generation import TABLE, _present, generation, keep_generations
from documents.search.hybrid import search
from documents.search.kept import search_kept
from documents.search.scope import Within
from documents.search.vectors import query_vector
from documents.selectors import search_index
from documents.services.documents import document_retire, document_update
from documents.signals import cache_asked
from documents.types import Mode, Role
from ragsite.cache import SqliteCache
from tests.integration.factories import Api, person, shelf, work
from tests.openai_server import OpenAIServer

OTTER = b"The otter of Hollow Fell\n\nThe otter sleeps under the old bridge, and fishes at dusk."

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> None:
    options = {"key": "ab" * 32}
    backend = "ragsite.cache.SqliteCache"
    settings.CACHES = {
        "default": {"BACKEND": backend, "LOCATION": str(tmp_path / "cache.db"), "OPTIONS": options}
    }


@pytest.fixture
def wren(ada: Api) -> Document:
    found: Document = Document.objects.get(pk=ada.ready()["id"])
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The searches that were really made."""
    made: list[str] = []

    def counted(user: Any, query: str, **more: Any) -> Any:
        made.append(query)
        return search(user, query, **more)

    monkeypatch.setattr(module, "search", counted)
    return made


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


def test_the_second_search_is_not_made(ada: Api, wren: Document, asked: list[str]) -> None:
    first, second = (search_kept(ada.user, "wren eggs") for _ in range(2))
    assert len(asked) == 1
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
    ada: Api, wren: Document, asked: list[str]
) -> None:
    for _ in range(2):
        assert search_kept(ada.user, "zeppelin", mode=Mode.KEYWORD).hits == ()
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [{"limit": 3}, {"mode": Mode.KEYWORD}, {"query": "wren egg"}],
    ids=["limit", "mode", "words"],
)
def test_another_search_is_made(
    ada: Api, wren: Document, asked: list[str], other: dict[str, Any]
) -> None:
    search_kept(ada.user, "wren eggs")
    search_kept(ada.user, **({"query": "wren eggs"} | other))
    assert len(asked) == 2


def test_a_member_of_the_same_collection_searches_anew(
    ada: Api, wren: Document, asked: list[str]
) -> None:
    other = person("mate")
    Membership.objects.create(collection=wren.collection, user=other, role=Role.VIEWER)
    mine, theirs = search_kept(ada.user, "wren"), search_kept(other, "wren")
    assert len(asked) == 2
    assert mine.hits == theirs.hits


def test_without_time_to_keep_it_nothing_is_kept(
    ada: Api, wren: Document, asked: list[str], settings: Any
) -> None:
    settings.SEARCH_CACHE_SECONDS = 0
    search_kept(ada.user, "wren")
    search_kept(ada.user, "wren")
    assert len(asked) == 2


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
    ada: Api, wren: Document, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "generation", lambda _collections: "as it was")
    assert search_kept(ada.user, "wren").hits
    Chunk.objects.all().delete()
    assert search_kept(ada.user, "wren").hits == ()
    assert len(asked) == 2


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
    ada: Api, wren: Document, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(user: Any, query: str, **more: Any) -> Any:
        asked.append(query)
        return type("Found", (), {"whole": False, "hits": ()})()

    monkeypatch.setattr(module, "search", whole)
    search_kept(ada.user, "wren")
    search_kept(ada.user, "wren")
    assert len(asked) == 2


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


# --- the generation ----------------------------------------------------------------------


def state(document: Document) -> str:
    """The value of the collection that the document was in when it was read."""
    return generation([document.collection_id])


def _title(document: Document) -> None:
    Document.objects.filter(pk=document.pk).update(title="Heron")


def _collection(document: Document) -> None:
    other = Collection.objects.create(name="Other", slug="other")
    Document.objects.filter(pk=document.pk).update(collection=other)


def _version(document: Document) -> None:
    Document.objects.filter(pk=document.pk).update(current_version=None)


def _retired(document: Document) -> None:
    document_retire(document)


def _deleting(document: Document) -> None:
    Document.objects.filter(pk=document.pk).update(deleting=True)


def _index(document: Document) -> None:
    search_index().set_current(document.current_version_id, current=False)  # type: ignore[arg-type]


def _removed(document: Document) -> None:
    search_index().remove([document.current_version_id])  # type: ignore[list-item]


def _weight(document: Document) -> None:
    del document
    EmbeddingSpace.objects.update(dense_weight=0.9)


def _space(document: Document) -> None:
    del document
    EmbeddingSpace.objects.update(state=EmbeddingSpace.State.RETIRED)


CHANGES = [_title, _collection, _version, _retired, _deleting, _index, _removed, _weight, _space]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_what_changes_results_changes_the_generation(
    wren: Document, change: Callable[[Document], None]
) -> None:
    before = state(wren)
    change(wren)
    assert state(wren) not in {"", before}


def test_a_new_version_changes_it(ada: Api, wren: Document) -> None:
    before = state(wren)
    ada.add_version(str(wren.pk), "wren.txt", b"The wren lays nine eggs.")
    work()
    assert state(wren) != before


def test_what_changes_no_result_leaves_it(ada: Api, wren: Document) -> None:
    before = state(wren)
    wren.author = "Odalys"
    wren.save()
    Collection.objects.update(name="Another name")
    User.objects.create_user("somebody")
    assert state(wren) == before


def test_a_change_that_is_undone_leaves_it(wren: Document) -> None:
    before = state(wren)
    with transaction.atomic():
        _title(wren)
        assert state(wren) != before
        transaction.set_rollback(True)
    assert state(wren) == before


def test_no_value_comes_twice(wren: Document) -> None:
    seen = set()
    for number in range(20):
        Document.objects.filter(pk=wren.pk).update(title=f"Wren {number % 2}")
        seen.add(state(wren))
    assert len(seen) == 20


def test_a_migration_puts_lost_triggers_back(wren: Document) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {TABLE}_documents_document_update")
    before = state(wren)
    _title(wren)
    assert state(wren) == before
    call_command("migrate", verbosity=0)
    _deleting(wren)
    assert state(wren) != before


def test_without_the_table_nothing_is_kept(ada: Api, wren: Document, asked: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
    assert state(wren) == ""
    assert search_kept(ada.user, "wren").hits
    assert search_kept(ada.user, "wren").hits
    assert len(asked) == 2
    keep_generations()


# --- one collection and another -----------------------------------------------------------


@pytest.fixture
def elsewhere(ada: Api) -> Document:
    """A document in another collection of the same person."""
    collection = shelf(ada.user, "Elsewhere")
    document = ada.ready("otter.txt", OTTER, collection=collection.slug)
    found: Document = Document.objects.get(pk=document["id"])
    return found


def _raw(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _raw_insert(document: Document) -> None:
    _raw("INSERT INTO chunk_scope VALUES (999, %s, 1, 1)", document.collection_id)


def _raw_insert_or_ignore(document: Document) -> None:
    _raw("INSERT OR IGNORE INTO chunk_scope VALUES (999, %s, 1, 1)", document.collection_id)


def _raw_update(document: Document) -> None:
    _raw("UPDATE chunk_scope SET current = 0 WHERE collection_id = %s", document.collection_id)


def _raw_delete(document: Document) -> None:
    _raw("DELETE FROM chunk_scope WHERE collection_id = %s", document.collection_id)


def _raw_title(document: Document) -> None:
    _raw("UPDATE documents_document SET title = 'x' WHERE id = %s", document.pk.hex)


def _raw_document(document: Document) -> None:
    Document.objects.bulk_create(
        [
            Document(
                collection_id=document.collection_id,
                title="Given",
                current_version_id=document.current_version_id,
            )
        ],
        ignore_conflicts=True,
    )


RAW = [_raw_insert, _raw_insert_or_ignore, _raw_update, _raw_delete, _raw_title, _raw_document]
HERE = [_title, _version, _retired, _deleting, _index, _removed, *RAW]


@pytest.mark.parametrize("change", HERE, ids=lambda change: change.__name__.strip("_"))
def test_a_change_in_one_collection_is_one_of_that_collection_alone(
    wren: Document, elsewhere: Document, change: Callable[[Document], None]
) -> None:
    here, there = state(wren), state(elsewhere)
    both = generation([wren.collection_id, elsewhere.collection_id])
    change(elsewhere)
    assert state(wren) == here
    assert state(elsewhere) not in {"", there}
    assert generation([wren.collection_id, elsewhere.collection_id]) != both


@pytest.mark.parametrize("change", [_weight, _space])
def test_what_all_searches_go_by_changes_every_collection(
    wren: Document, elsewhere: Document, change: Callable[[Document], None]
) -> None:
    here, there, nowhere = state(wren), state(elsewhere), generation([10**6])
    change(wren)
    assert state(wren) != here
    assert state(elsewhere) != there
    assert generation([10**6]) != nowhere


def test_a_move_changes_both_collections(ada: Api, wren: Document, elsewhere: Document) -> None:
    here, there = wren.collection_id, elsewhere.collection_id
    before = generation([here]), generation([there])
    document_update(user=ada.user, document=wren, collection=elsewhere.collection)
    assert generation([here]) != before[0]
    assert generation([there]) != before[1]


def test_a_search_stays_kept_while_another_collection_changes(
    ada: Api, wren: Document, elsewhere: Document, asked: list[str]
) -> None:
    within = Within([wren.collection_id])
    first = search_kept(ada.user, "wren eggs", within=within)
    ada.add_version(str(elsewhere.pk), "otter.txt", OTTER + b"\n\nIt has two young.")
    work()
    ada.delete(f"/api/documents/{elsewhere.pk}")
    work()
    assert search_kept(ada.user, "wren eggs", within=within).hits == first.hits != ()
    assert len(asked) == 1


def test_a_search_over_both_is_made_anew_when_either_changes(
    ada: Api, wren: Document, elsewhere: Document, asked: list[str]
) -> None:
    search_kept(ada.user, "wren eggs")
    _title(elsewhere)
    search_kept(ada.user, "wren eggs")
    _title(wren)
    search_kept(ada.user, "wren eggs")
    assert len(asked) == 3


def test_what_somebody_else_uploads_leaves_a_search_kept(
    ada: Api, bob: Api, wren: Document, asked: list[str]
) -> None:
    search_kept(ada.user, "wren eggs")
    bob.ready("otter.txt", OTTER)
    search_kept(ada.user, "wren eggs")
    assert len(asked) == 1


def test_after_a_collection_is_deleted_what_lay_in_it_is_not_found(
    ada: Api, wren: Document, elsewhere: Document, asked: list[str]
) -> None:
    assert len(search_kept(ada.user, "wren otter").hits) == 2
    ada.delete(f"/api/documents/{elsewhere.pk}")
    assert ada.delete(f"/api/collections/{elsewhere.collection.slug}").status_code == 204
    (left,) = search_kept(ada.user, "wren otter").hits
    assert left.document_id == str(wren.pk)
    assert len(asked) == 2


def test_rights_that_go_and_come_during_a_search_leave_nothing_kept(
    ada: Api, wren: Document, elsewhere: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search sees one collection only, and would stand for both."""
    member = Membership.objects.get(user=ada.user, collection=elsewhere.collection)

    def narrowed(user: Any, query: str, **more: Any) -> Any:
        member.delete()
        return search(user, query, **more)

    with monkeypatch.context() as patch:
        patch.setattr(module, "search", narrowed)
        assert len(search_kept(ada.user, "wren otter").hits) == 1
    Membership.objects.create(user=ada.user, collection=elsewhere.collection, role=Role.OWNER)
    assert len(search_kept(ada.user, "wren otter").hits) == 2


def test_triggers_that_are_as_they_should_be_are_left_alone(
    wren: Document, django_assert_num_queries: Any
) -> None:
    before = state(wren)
    with django_assert_num_queries(3):  # the tables, the triggers, the value
        keep_generations()
    assert state(wren) == before


def test_a_trigger_that_says_something_else_is_made_again(wren: Document) -> None:
    name, before = f"{TABLE}_documents_document_delete", state(wren)
    _raw(f"DROP TRIGGER {name}")
    _raw(f"CREATE TRIGGER {name} AFTER DELETE ON documents_document BEGIN SELECT 1; END")
    keep_generations()
    made_again = state(wren)
    assert made_again != before  # what went by unseen may have been anything
    _raw("DELETE FROM documents_chunk")
    Document.objects.filter(pk=wren.pk).delete()
    assert state(wren) != made_again


def test_what_a_release_with_one_value_for_all_left_is_done_away_with(wren: Document) -> None:
    """Its value had the id that is the first collection's now."""
    migration = import_module("documents.migrations.0006_generations_by_collection")
    _raw(f"DROP TABLE {TABLE}")
    for name in _present():
        _raw(f"DROP TRIGGER {name}")
    _raw(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, value TEXT)")
    _raw(f"INSERT INTO {TABLE} VALUES (1, 'old')")
    _raw(
        f"CREATE TRIGGER {TABLE}_old AFTER INSERT ON chunk_scope"
        f" BEGIN UPDATE {TABLE} SET value = 'new' WHERE id = 1; END"
    )
    for _ in range(2):  # and again, where nothing is left
        migration.begin_anew(None, SimpleNamespace(connection=connection))
    assert (state(wren), _present()) == ("", {})
    keep_generations()
    assert state(wren)
    assert f"{TABLE}_old" not in _present()


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
    asked = len(server.requests)
    second = query_vector(embedder, "How many eggs?")
    assert len(server.requests) == asked
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
