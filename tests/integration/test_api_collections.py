"""Collections and their members over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from documents.models import Collection, Document, DocumentVersion, Membership
from documents.selectors import search_index
from tests.integration.factories import Api, assert_problem, person

pytestmark = pytest.mark.django_db

PATH = "/api/collections"


@pytest.fixture
def birds(ada: Api) -> dict[str, Any]:
    """A collection of Ada's."""
    response = ada.post(PATH, {"name": "Birds of the fell"})
    assert response.status_code == 201
    return dict(response.json())


def test_who_makes_a_collection_owns_it(birds: dict[str, Any]) -> None:
    assert (birds["slug"], birds["role"], birds["documents"]) == ("birds-of-the-fell", "owner", 0)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Birds of the fell", "birds-of-the-fell-2"), ("鳥", "collection"), ("  A  b ", "a-b")],
)
def test_a_slug_is_made_of_the_name_and_is_free(
    ada: Api, birds: dict[str, Any], name: str, slug: str
) -> None:
    assert ada.post(PATH, {"name": name}).json()["slug"] == slug


def test_the_slug_stays_when_the_name_changes(ada: Api, birds: dict[str, Any]) -> None:
    changed = ada.patch(f"{PATH}/{birds['id']}", {"name": "Fowl"}).json()
    assert (changed["name"], changed["slug"]) == ("Fowl", birds["slug"])


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "\u0000"])
def test_a_collection_needs_a_name(ada: Api, birds: dict[str, Any], name: str) -> None:
    assert_problem(ada.post(PATH, {"name": name}), 400)
    assert_problem(ada.patch(f"{PATH}/{birds['id']}", {"name": name}), 400)


def test_the_number_of_documents_is_the_one_a_reader_sees(ada: Api, birds: dict[str, Any]) -> None:
    ada.ready(collection=birds["slug"])
    gone = ada.ready("gone.txt", b"Something gone.", collection=birds["slug"])
    Document.objects.filter(pk=gone["id"]).update(retired_at=timezone.now())
    member = person("carol")
    Membership.objects.create(collection_id=birds["id"], user=member, role="viewer")
    assert Api(member).get(f"{PATH}/{birds['slug']}").json()["documents"] == 1


def test_a_collection_with_documents_is_not_deleted(ada: Api, birds: dict[str, Any]) -> None:
    ada.ready(collection=birds["slug"])
    assert_problem(ada.delete(f"{PATH}/{birds['slug']}"), 409, "conflict")
    assert ada.found("eggs in April")


def test_an_empty_collection_is_deleted(ada: Api, birds: dict[str, Any]) -> None:
    assert ada.delete(f"{PATH}/{birds['slug']}").status_code == 204
    assert_problem(ada.get(f"{PATH}/{birds['slug']}"), 404)


def test_retired_documents_go_with_their_collection(ada: Api, birds: dict[str, Any]) -> None:
    ada.ready(collection=birds["slug"])
    Document.objects.update(retired_at=timezone.now())
    assert ada.delete(f"{PATH}/{birds['slug']}").status_code == 204
    assert not Collection.objects.filter(pk=birds["id"]).exists()
    assert not DocumentVersion.objects.exists()
    assert search_index().counts().keyword == 0


def test_a_deleted_default_collection_is_replaced_at_the_next_upload(ada: Api) -> None:
    document = ada.ready()
    ada.delete(f"/api/documents/{document['id']}")
    ada.delete(f"{PATH}/{document['collection']['slug']}")
    assert ada.ready()["collection"]["id"] != document["collection"]["id"]


# --- members --------------------------------------------------------------------------


def _set(api: Api, collection: dict[str, Any], name: str, role: str) -> Any:
    path = f"{PATH}/{collection['slug']}/members"
    return api.post(path, {"username": name, "role": role})


def test_a_member_sees_the_collection_in_their_role(
    ada: Api, bob: Api, birds: dict[str, Any]
) -> None:
    assert _set(ada, birds, "bob", "viewer").status_code == 201
    assert bob.get(f"{PATH}/{birds['slug']}").json()["role"] == "viewer"
    _set(ada, birds, "bob", "editor")
    assert bob.get(f"{PATH}/{birds['slug']}").json()["role"] == "editor"
    assert Membership.objects.count() == 2


def test_members_are_listed_without_anything_private(
    ada: Api, bob: Api, birds: dict[str, Any]
) -> None:
    _set(ada, birds, "bob", "viewer")
    rows = bob.get(f"{PATH}/{birds['slug']}/members").json()["results"]
    assert [(row["username"], row["role"]) for row in rows] == [("ada", "owner"), ("bob", "viewer")]
    assert set(rows[0]) == {"username", "role", "created_at"}


def test_anybody_may_leave(ada: Api, bob: Api, birds: dict[str, Any]) -> None:
    _set(ada, birds, "bob", "viewer")
    assert bob.delete(f"{PATH}/{birds['slug']}/members/bob").status_code == 204
    assert_problem(bob.get(f"{PATH}/{birds['slug']}"), 404)


def test_the_last_owner_can_neither_leave_nor_step_down(ada: Api, birds: dict[str, Any]) -> None:
    path = f"{PATH}/{birds['slug']}/members/ada"
    assert_problem(ada.delete(path), 409, "conflict")
    assert_problem(ada.patch(path, {"role": "viewer"}), 409, "conflict")
    assert_problem(_set(ada, birds, "ada", "editor"), 409, "conflict")
    assert ada.get(path).json()["role"] == "owner"


def test_one_of_two_owners_may_go(ada: Api, bob: Api, birds: dict[str, Any]) -> None:
    _set(ada, birds, "bob", "owner")
    assert ada.delete(f"{PATH}/{birds['slug']}/members/ada").status_code == 204
    assert bob.get(f"{PATH}/{birds['slug']}").json()["role"] == "owner"


@pytest.mark.parametrize(("name", "role"), [("nobody", "viewer"), ("bob", "king"), ("", "viewer")])
def test_a_member_is_a_user_with_a_role(
    ada: Api, bob: Api, birds: dict[str, Any], name: str, role: str
) -> None:
    assert_problem(_set(ada, birds, name, role), 400)


def test_a_deactivated_user_cannot_become_a_member(
    ada: Api, bob: Api, birds: dict[str, Any]
) -> None:
    bob.user.is_active = False
    bob.user.save()
    assert_problem(_set(ada, birds, "bob", "viewer"), 400)


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_an_owner_makes_owners(ada: Api, bob: Api, birds: dict[str, Any], role: str) -> None:
    _set(ada, birds, "bob", role)
    assert_problem(_set(bob, birds, "bob", "owner"), 403)
    assert_problem(bob.patch(f"{PATH}/{birds['slug']}/members/bob", {"role": "owner"}), 403)
    assert_problem(bob.delete(f"{PATH}/{birds['slug']}/members/ada"), 403)
