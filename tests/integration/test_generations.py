"""The value of each collection that tells whether what was found there still holds."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from documents.models import Collection, Document, EmbeddingSpace, Membership
from documents.search import kept as module
from documents.search.generation import TABLE, _present, generation, keep_generations
from documents.search.hybrid import search
from documents.search.kept import search_kept
from documents.search.scope import Within
from documents.selectors import search_index
from documents.services.documents import document_retire, document_update
from documents.types import Role
from tests.integration.factories import Api, shelf, work

OTTER = b"The otter of Hollow Fell\n\nThe otter sleeps under the old bridge, and fishes at dusk."

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sqlite_cache")]


@pytest.fixture
def wren(ada: Api) -> Document:
    found: Document = Document.objects.get(pk=ada.ready()["id"])
    return found


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


def test_without_the_table_nothing_is_kept(
    ada: Api, wren: Document, searches_made: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
    assert state(wren) == ""
    assert search_kept(ada.user, "wren").hits
    assert search_kept(ada.user, "wren").hits
    assert len(searches_made) == 2
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
    ada: Api, wren: Document, elsewhere: Document, searches_made: list[str]
) -> None:
    within = Within([wren.collection_id])
    first = search_kept(ada.user, "wren eggs", within=within)
    ada.add_version(str(elsewhere.pk), "otter.txt", OTTER + b"\n\nIt has two young.")
    work()
    ada.delete(f"/api/documents/{elsewhere.pk}")
    work()
    assert search_kept(ada.user, "wren eggs", within=within).hits == first.hits != ()
    assert len(searches_made) == 1


def test_a_search_over_both_is_made_anew_when_either_changes(
    ada: Api, wren: Document, elsewhere: Document, searches_made: list[str]
) -> None:
    search_kept(ada.user, "wren eggs")
    _title(elsewhere)
    search_kept(ada.user, "wren eggs")
    _title(wren)
    search_kept(ada.user, "wren eggs")
    assert len(searches_made) == 3


def test_what_somebody_else_uploads_leaves_a_search_kept(
    ada: Api, bob: Api, wren: Document, searches_made: list[str]
) -> None:
    search_kept(ada.user, "wren eggs")
    bob.ready("otter.txt", OTTER)
    search_kept(ada.user, "wren eggs")
    assert len(searches_made) == 1


def test_after_a_collection_is_deleted_what_lay_in_it_is_not_found(
    ada: Api, wren: Document, elsewhere: Document, searches_made: list[str]
) -> None:
    assert len(search_kept(ada.user, "wren otter").hits) == 2
    ada.delete(f"/api/documents/{elsewhere.pk}")
    assert ada.delete(f"/api/collections/{elsewhere.collection.slug}").status_code == 204
    (left,) = search_kept(ada.user, "wren otter").hits
    assert left.document_id == str(wren.pk)
    assert len(searches_made) == 2


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
