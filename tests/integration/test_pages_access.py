"""Who sees which page: the owner, a viewer, a stranger, and nobody."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from chat.services.asking import question_ask
from documents.models import Document
from tests.integration.factories import person
from tests.integration.pages import Library, browser, html_of, library, text_of

pytestmark = pytest.mark.django_db

READERS = {"owner": 200, "viewer": 200, "stranger": 404, "anonymous": 302}
EDITORS = {"owner": 302, "viewer": 302, "stranger": 404, "anonymous": 302}


@pytest.fixture
def shelf_of_birds(db: None) -> Library:
    return library()


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("document", ()),
        ("document_diff", ()),
        ("passage", (1,)),
        ("download", (1,)),
        ("document_delete", ()),
    ],
)
def test_a_document_is_there_for_members_alone(
    shelf_of_birds: Library, name: str, more: tuple[int, ...]
) -> None:
    assert shelf_of_birds.statuses(shelf_of_birds.url(name, *more)) == READERS


def test_a_collection_is_there_for_members_alone(shelf_of_birds: Library) -> None:
    url = reverse("collection", args=[shelf_of_birds.collection.pk])
    assert shelf_of_birds.statuses(url) == READERS


@pytest.mark.parametrize("name", ["home", "documents", "search", "collections", "tokens"])
def test_a_place_without_an_object_is_there_for_everybody_who_signed_in(
    shelf_of_birds: Library, name: str
) -> None:
    statuses = shelf_of_birds.statuses(reverse(name))
    assert statuses == {"owner": 200, "viewer": 200, "stranger": 200, "anonymous": 302}


def test_what_may_not_be_seen_reads_like_what_does_not_exist(shelf_of_birds: Library) -> None:
    client = browser(shelf_of_birds.stranger)
    hidden = client.get(shelf_of_birds.url("document"))
    random = client.get(reverse("document", args=[uuid.uuid4()]))
    assert (hidden.status_code, hidden.content) == (random.status_code, random.content)


def test_nobody_is_sent_to_the_sign_in_on_this_host(shelf_of_birds: Library) -> None:
    url = shelf_of_birds.url("document")
    assert browser().get(url)["Location"] == f"{reverse('login')}?next={url}"


@pytest.mark.parametrize("name", ["document_edit", "document_retry", "document_delete"])
def test_only_an_editor_changes_a_document(shelf_of_birds: Library, name: str) -> None:
    data = {"title": "Stolen", "collection": "birds"}
    url = shelf_of_birds.url(name)
    for who in ("viewer", "stranger", "anonymous"):
        response = shelf_of_birds.browsers()[who].post(url, data)
        assert response.status_code == EDITORS[who]
    document = Document.objects.get(pk=shelf_of_birds.document.pk)
    assert (document.title, document.deleting) == (shelf_of_birds.document.title, False)


def test_a_viewer_sees_no_control_that_is_not_theirs(shelf_of_birds: Library) -> None:
    page = html_of(browser(shelf_of_birds.viewer).get(shelf_of_birds.url("document")))
    for name in ("document_edit", "version_upload", "document_delete"):
        assert f'"{shelf_of_birds.url(name)}"' not in page


def test_the_list_shows_each_person_what_is_theirs(shelf_of_birds: Library) -> None:
    title = shelf_of_birds.document.title
    shown = {
        who: title in client.get(reverse("documents")).content.decode()
        for who, client in shelf_of_birds.browsers().items()
    }
    assert shown == {"owner": True, "viewer": True, "stranger": False, "anonymous": False}


def test_a_poll_for_progress_tells_nothing_of_others(shelf_of_birds: Library) -> None:
    url = f"{reverse('documents_progress')}?id={shelf_of_birds.document.pk}"
    page = browser(shelf_of_birds.stranger).get(url).content.decode()
    assert shelf_of_birds.document.title not in page


def test_a_foreign_collection_filters_like_one_that_does_not_exist(
    shelf_of_birds: Library,
) -> None:
    client = browser(shelf_of_birds.stranger)
    foreign = client.get(reverse("documents"), {"collection": "birds"})
    unknown = client.get(reverse("documents"), {"collection": "fishes"})
    assert text_of(foreign) == text_of(unknown)
    assert "No document matches." in text_of(foreign)


@pytest.mark.parametrize("name", ["conversation", "conversation_delete"])
def test_a_conversation_is_private_even_among_members(shelf_of_birds: Library, name: str) -> None:
    asked = question_ask(user=shelf_of_birds.owner, question="What does the wren eat?")
    url = reverse(name, args=[asked.conversation_id])
    statuses = shelf_of_birds.statuses(url)
    assert statuses == {"owner": 200, "viewer": 404, "stranger": 404, "anonymous": 302}


@pytest.mark.parametrize("name", ["message", "feedback", "conversation_rename"])
def test_nobody_else_reads_rates_or_renames_an_answer(shelf_of_birds: Library, name: str) -> None:
    asked = question_ask(user=shelf_of_birds.owner, question="What does the wren eat?")
    key = asked.conversation_id if name == "conversation_rename" else asked.pk
    url = reverse(name, args=[key])
    client = browser(shelf_of_birds.viewer)
    response = client.get(url) if name == "message" else client.post(url, {"rating": 1})
    assert response.status_code == 404


def test_a_question_cannot_be_asked_in_somebody_elses_conversation(
    shelf_of_birds: Library,
) -> None:
    asked = question_ask(user=shelf_of_birds.owner, question="What does the wren eat?")
    url = reverse("conversation", args=[asked.conversation_id])
    assert browser(shelf_of_birds.viewer).post(url, {"question": "Mine?"}).status_code == 404
    assert asked.conversation.messages.count() == 1


def test_a_question_cannot_be_narrowed_to_a_foreign_document(shelf_of_birds: Library) -> None:
    client = browser(shelf_of_birds.stranger)
    assert client.get(f"/?document={shelf_of_birds.document.pk}").status_code == 404
    data = {"question": "Who?", "documents": [str(shelf_of_birds.document.pk)]}
    assert client.post(reverse("conversations"), data).status_code == 400


def test_a_viewer_cannot_ask_which_names_exist(shelf_of_birds: Library) -> None:
    url = reverse("member_add", args=[shelf_of_birds.collection.pk])
    client = browser(shelf_of_birds.viewer)
    known = client.post(url, {"username": "sten", "role": "viewer"}, follow=True)
    unknown = client.post(url, {"username": "nobody", "role": "viewer"}, follow=True)
    told = [[str(m) for m in response.context["messages"]] for response in (known, unknown)]
    assert told[0] == told[1] == ["Only an owner of the collection may do this."]


def test_an_ordinary_user_is_kept_out_of_the_administration(db: None) -> None:
    assert browser(person("uwe")).get("/admin/", follow=True).status_code == 403


def test_the_administration_uses_the_one_sign_in_there_is(db: None) -> None:
    response = browser().get("/admin/login/?next=/admin/documents/")
    assert response["Location"] == f"{reverse('login')}?next=/admin/documents/"
