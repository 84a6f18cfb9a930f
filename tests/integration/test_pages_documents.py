"""The pages of documents, used as plain forms and links."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from documents.models import Chunk, Document, DocumentVersion
from documents.services.documents import document_upload
from documents.types import Stage, Status
from tests.integration.factories import WREN, person, work
from tests.integration.pages import Library, browser, html_of, library, text_of
from tests.samples import pdf_bytes, truncated

pytestmark = pytest.mark.django_db


@pytest.fixture
def birds(db: None) -> Library:
    return library()


def _newest(document: Document) -> DocumentVersion:
    """Return the newest version as it is now."""
    version: DocumentVersion = document.versions.order_by("-number")[0]
    return version


def _file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_a_new_person_is_told_what_to_do_first(db: None) -> None:
    page = text_of(browser(person()).get(reverse("documents")))
    assert "There are no documents yet" in page
    assert "Try it with a small sample library" in page


def test_several_files_are_taken_in_and_the_refused_one_is_named(db: None) -> None:
    files = [_file("one.txt", b"The first text."), _file("empty.txt", b"")]
    client = browser(person())
    page = text_of(client.post(reverse("document_upload"), {"files": files}, follow=True))
    assert "1 document was added" in page
    assert "empty.txt: The file is empty." in page
    assert Document.objects.count() == 1


def test_the_same_file_again_is_told_and_adds_nothing(birds: Library) -> None:
    data = {"files": [_file("again.txt", WREN)], "collection": birds.collection.slug}
    response = browser(birds.owner).post(reverse("document_upload"), data, follow=True)
    assert "is here already" in text_of(response)
    assert Document.objects.count() == 1


def test_an_upload_without_a_file_says_what_is_missing(db: None) -> None:
    response = browser(person()).post(reverse("document_upload"), {}, follow=True)
    assert "Choose at least one file" in text_of(response)


def test_a_viewer_cannot_upload_into_the_collection(birds: Library) -> None:
    data = {"files": [_file("x.txt", b"A text.")], "collection": birds.collection.slug}
    browser(birds.viewer).post(reverse("document_upload"), data)
    assert Document.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("search=wren", True),
        ("search=heron", False),
        ("status=ready", True),
        ("status=failed", False),
        ("collection=birds", True),
        ("status=nonsense", False),
        ("page=99", True),
        ("page=x", True),
        ("search=%00", False),
    ],
)
def test_the_address_filters_the_list(birds: Library, query: str, found: bool) -> None:
    page = browser(birds.owner).get(f"{reverse('documents')}?{query}")
    assert page.status_code == 200
    assert (birds.url("document") in page.content.decode()) is found


def test_a_filter_swaps_the_fragment_that_the_page_includes(birds: Library) -> None:
    client = browser(birds.owner)
    whole = client.get(reverse("documents")).content.decode()
    part = client.get(reverse("documents"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.lstrip().startswith('<section id="documents"')
    assert whole.count('<section id="documents"') == 1


def _processing(document: Document) -> None:
    DocumentVersion.objects.filter(document=document).update(
        status=Status.PROCESSING, stage=Stage.EMBEDDING, progress=0.42
    )


def test_an_unfinished_row_shows_its_stage_and_asks_again(birds: Library) -> None:
    _processing(birds.document)
    page = html_of(browser(birds.owner).get(reverse("documents")))
    assert "Learning what it means" in page
    assert '<progress max="1" value="0.420"' in page
    assert f"{reverse('documents_progress')}?id={birds.document.pk}" in page


def test_a_list_that_is_finished_asks_for_nothing(birds: Library) -> None:
    page = browser(birds.owner).get(reverse("documents")).content.decode()
    assert reverse("documents_progress") not in page


def test_the_last_poll_brings_the_row_and_ends_the_polling(birds: Library) -> None:
    url = f"{reverse('documents_progress')}?id={birds.document.pk}&id=nonsense"
    part = html_of(browser(birds.owner).get(url))
    assert f'<tr id="document-{birds.document.pk}" hx-swap-oob="true">' in part
    assert 'id="poll"' not in part


def _failed(user: Any) -> Document:
    broken = truncated(pdf_bytes(["A page that will be cut."]), 0.3)
    document = document_upload(user=user, data=broken, filename="broken.pdf").document
    work()
    return document


def test_a_failed_document_shows_its_reason_and_can_be_tried_again(db: None) -> None:
    user = person()
    document = _failed(user)
    reason = _newest(document).error_message
    client = browser(user)
    assert reason in text_of(client.get(reverse("document", args=[document.pk])))
    client.post(reverse("document_retry", args=[document.pk]))
    assert _newest(document).status == Status.QUEUED


def test_what_has_not_failed_is_not_tried_again(birds: Library) -> None:
    response = browser(birds.owner).post(birds.url("document_retry"), follow=True)
    assert "Only a version that failed can be tried again." in text_of(response)


def test_title_author_and_collection_are_changed_in_one_form(birds: Library) -> None:
    data = {"title": "The wren", "author": "O. Brennt", "collection": "birds"}
    page = browser(birds.owner).post(birds.url("document_edit"), data, follow=True)
    assert "Saved." in text_of(page)
    birds.document.refresh_from_db()
    assert (birds.document.title, birds.document.author) == ("The wren", "O. Brennt")


def test_a_second_version_is_added_while_the_first_answers(birds: Library) -> None:
    file = _file("wren-2.txt", WREN + b"\n\nIt sings in winter, too.")
    client = browser(birds.owner)
    page = client.post(birds.url("version_upload"), {"file": file}, follow=True)
    assert "Version added." in text_of(page)
    assert "While version 2 is being read, version 1 answers." in text_of(page)


def test_deleting_names_what_will_go_and_asks_once(birds: Library) -> None:
    client = browser(birds.owner)
    page = text_of(client.get(birds.url("document_delete")))
    assert "wren.txt" in page
    assert "Birds" in page
    assert Document.objects.exists()
    client.post(birds.url("document_delete"))
    assert not Document.objects.visible_to(birds.owner).exists()
    work()
    assert not Document.objects.exists()


def test_the_original_comes_back_byte_for_byte_and_inert(birds: Library) -> None:
    response = browser(birds.viewer).get(birds.url("download", 1))
    assert response.content == WREN
    assert response["Content-Disposition"] == 'attachment; filename="wren.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def _passage(client: Any, url: str) -> str:
    page = client.get(url).content.decode()
    return str(page).split('<mark id="passage"')[1].split(">", 1)[1].split("</mark>")[0]


def test_the_cited_passage_is_marked_in_its_place(birds: Library) -> None:
    text = _newest(birds.document).content.text
    start = text.index("seven eggs")
    url = f"{birds.url('passage', 1)}?start={start}&end={start + 10}"
    assert _passage(browser(birds.viewer), url) == "seven eggs"


def test_the_passage_opens_on_its_own_page_with_its_neighbours_one_link_away(db: None) -> None:
    pages = ["The first page is about wrens.", "The second page is about herons.", "The third."]
    place = library("birds.pdf", pdf_bytes(pages))
    start = _newest(place.document).content.text.index("herons")
    page = browser(place.owner).get(f"{place.url('passage', 1)}?start={start}&end={start + 6}")
    shown = text_of(page)
    assert "Page 2 of 3" in shown
    assert "wrens" not in shown
    assert f"?page=3&amp;start={start}&amp;end={start + 6}" in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "start=x&end=9",
        "start=9&end=3",
        "start=-1&end=5",
        "start=5",
        "start=99999&end=100000",
        "page=0",
        "page=99",
        "page=%00",
        "start=1&end=99999999999999999999",
    ],
)
def test_a_span_that_makes_no_sense_marks_nothing(birds: Library, query: str) -> None:
    response = browser(birds.owner).get(f"{birds.url('passage', 1)}?{query}")
    assert response.status_code == 200
    assert '<mark id="passage"' not in response.content.decode()


def test_an_older_version_says_which_one_answers_now(birds: Library) -> None:
    file = _file("wren-2.txt", WREN + b"\n\nIt sings in winter, too.")
    client = browser(birds.owner)
    client.post(birds.url("version_upload"), {"file": file})
    work()
    page = text_of(client.get(birds.url("passage", 1)))
    assert "Version 1 of 2" in page
    assert "Version 2 answers now." in page


def test_a_version_that_does_not_exist_is_not_found(birds: Library) -> None:
    client = browser(birds.owner)
    for number in (2, 2**31, 2**70):
        assert client.get(birds.url("passage", number)).status_code == 404


def test_the_administration_deletes_a_document_with_all_that_was_made_of_it(
    birds: Library,
) -> None:
    admin = person("root", is_staff=True, is_superuser=True)
    data = {"action": "delete_selected", "_selected_action": str(birds.document.pk), "post": "yes"}
    browser(admin).post(reverse("admin:documents_document_changelist"), data)
    assert not Document.objects.exists()
    assert not Chunk.objects.exists()


@pytest.mark.parametrize("model", ["collection", "document", "documentversion"])
def test_the_administration_shows_facts_but_no_text(birds: Library, model: str) -> None:
    client = browser(person("root", is_staff=True, is_superuser=True))
    page = client.get(reverse(f"admin:documents_{model}_changelist"))
    assert page.status_code == 200
    version = _newest(birds.document)
    url = reverse("admin:documents_documentversion_change", args=[version.pk])
    assert "seven eggs" not in client.get(url).content.decode()
