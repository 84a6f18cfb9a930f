"""Files through the door: what is taken in, what is refused, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from documents import storage
from documents.models import Document, DocumentVersion
from tests.integration.factories import WREN, Api, assert_problem, shelf
from tests.samples import docx_bytes, pdf_bytes, png_bytes, zip_bytes

pytestmark = pytest.mark.django_db

UPLOAD = "/api/documents/upload"


def test_an_upload_answers_202_with_a_queued_document(ada: Api) -> None:
    response = ada.upload(("wren.txt", WREN))
    assert response.status_code == 202
    (document,) = response.json()["documents"]
    assert (document["status"], document["stage"], document["progress"]) == ("queued", "waiting", 0)
    assert (document["version"], document["versions"], document["duplicate"]) == (1, 1, False)
    assert document["current_version"] is None
    assert response.json()["rejected"] == []


def test_a_document_has_the_members_that_the_contract_names(ada: Api) -> None:
    names = (
        "id title author collection filename media_type size pages version versions status "
        "stage progress error created_at updated_at"
    )
    assert set(names.split()) <= ada.ready().keys()


def test_a_document_becomes_ready_and_its_text_can_be_read(ada: Api) -> None:
    document = ada.ready()
    assert (document["status"], document["progress"]) == ("ready", 1.0)
    assert ada.content(document["id"]) == WREN.decode()


def test_several_files_become_several_documents(ada: Api) -> None:
    files = [("a.txt", b"First text."), ("b.md", b"# Second"), ("c.pdf", pdf_bytes(["Third"]))]
    response = ada.upload(*files)
    assert [d["filename"] for d in response.json()["documents"]] == ["a.txt", "b.md", "c.pdf"]


def test_the_field_may_be_called_file_too(ada: Api) -> None:
    response = ada.form(UPLOAD, [("a.txt", b"Some text.")], name="file")
    assert response.status_code == 202


def test_one_bad_file_does_not_stop_the_others(ada: Api) -> None:
    response = ada.upload(("good.txt", b"Good."), ("empty.txt", b""), ("picture.pdf", png_bytes()))
    assert response.status_code == 202
    assert [d["filename"] for d in response.json()["documents"]] == ["good.txt"]
    rejected = {item["filename"]: item["code"] for item in response.json()["rejected"]}
    assert rejected == {"empty.txt": "empty_file", "picture.pdf": "unsupported_type"}


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("empty.txt", b"", 400, "empty_file"),
        ("picture.pdf", png_bytes(), 415, "unsupported_type"),
        ("program.txt", b"\x7fELF\x02\x01\x01" + bytes(64), 415, "unsupported_type"),
        ("archive.docx", zip_bytes({"a.txt": "a"}), 415, "unsupported_type"),
        ("large.txt", b"word " * 300, 413, "file_too_large"),
    ],
)
def test_a_request_of_refused_files_answers_what_was_wrong(
    ada: Api, settings: LazySettings, name: str, data: bytes, status: int, code: str
) -> None:
    settings.MAX_FILE_SIZE = 1024
    body = assert_problem(ada.upload((name, data)), status, code)
    assert body["documents"] == []
    assert [item["filename"] for item in body["rejected"]] == [name]
    assert not Document.objects.exists()


def test_refused_for_different_reasons_answers_400_and_names_each(ada: Api) -> None:
    body = assert_problem(ada.upload(("empty.txt", b""), ("p.pdf", png_bytes())), 400)
    assert {item["code"] for item in body["rejected"]} == {"empty_file", "unsupported_type"}
    assert "1 more" in body["detail"]


def test_a_kind_that_the_installation_does_not_accept_is_refused(
    ada: Api, settings: LazySettings
) -> None:
    settings.ALLOWED_EXTENSIONS = ["pdf"]
    assert_problem(ada.upload(("note.txt", b"Some text.")), 415, "unsupported_type")


def test_no_file_at_all_is_refused(ada: Api) -> None:
    assert_problem(ada.upload(), 400, "invalid")


def test_an_upload_that_is_no_form_is_refused(ada: Api) -> None:
    assert_problem(ada.post(UPLOAD, {"files": []}), 415)


def test_a_torn_form_is_refused(ada: Api) -> None:
    response = ada.send("POST", UPLOAD, b"--x", content_type="multipart/form-data; boundary=yy")
    assert_problem(response, 400)


def test_a_form_without_its_boundary_is_refused(ada: Api) -> None:
    assert_problem(ada.send("POST", UPLOAD, b"--x", content_type="multipart/form-data"), 400)


# --- title, author, collection --------------------------------------------------------


def test_title_and_author_of_an_upload_stay_after_reading(ada: Api) -> None:
    data = pdf_bytes(["Text."], title="Inside", author="The file")
    document = ada.ready("x.pdf", data, title="Given", author="A person")
    assert (document["title"], document["author"]) == ("Given", "A person")


def test_without_them_the_file_tells_title_and_author(ada: Api) -> None:
    document = ada.ready("x.docx", docx_bytes(["Text."], title="Inside", author="The file"))
    assert (document["title"], document["author"]) == ("Inside", "The file")


def test_a_file_that_is_silent_is_called_by_its_name(ada: Api) -> None:
    assert ada.ready("annual_report.txt")["title"] == "annual report"


def test_one_title_for_several_files_is_not_used(ada: Api) -> None:
    response = ada.upload(("a.txt", b"First."), ("b.txt", b"Second."), title="Both")
    assert [d["title"] for d in response.json()["documents"]] == ["a", "b"]


def test_an_overlong_title_is_refused(ada: Api) -> None:
    assert_problem(ada.upload(("a.txt", b"Text."), title="x" * 301), 400)


@pytest.mark.parametrize("by", ["pk", "slug"])
def test_a_collection_is_named_by_id_or_slug(ada: Api, by: str) -> None:
    collection = shelf(ada.user, "Birds")
    document = ada.ready(collection=str(getattr(collection, by)))
    assert document["collection"] == {"id": collection.pk, "slug": "birds", "name": "Birds"}


def test_a_collection_that_is_not_there_answers_404(ada: Api) -> None:
    assert_problem(ada.upload(("a.txt", b"Text."), collection="nowhere"), 404, "not_found")


def test_uploads_without_a_collection_share_a_default_one(ada: Api) -> None:
    first, second = ada.ready("a.txt", b"First."), ada.ready("b.txt", b"Second.")
    assert first["collection"] == second["collection"]


# --- the same bytes again -------------------------------------------------------------


def test_the_same_bytes_again_are_the_same_document(ada: Api) -> None:
    first = ada.ready()
    response = ada.upload(("other name.txt", WREN))
    assert response.status_code == 202
    (again,) = response.json()["documents"]
    assert (again["id"], again["duplicate"]) == (first["id"], True)
    assert DocumentVersion.objects.count() == 1


def test_the_same_bytes_twice_in_one_request_are_one_document(ada: Api) -> None:
    documents = ada.upload(("a.txt", WREN), ("b.txt", WREN)).json()["documents"]
    assert [d["duplicate"] for d in documents] == [False, True]
    assert documents[0]["id"] == documents[1]["id"]


def test_the_same_bytes_in_another_collection_are_another_document(ada: Api) -> None:
    first, other = ada.ready(), shelf(ada.user, "Other")
    (second,) = ada.upload(("wren.txt", WREN), collection=other.slug).json()["documents"]
    assert (second["duplicate"], second["id"] == first["id"]) == (False, False)


def test_another_user_learns_nothing_from_the_same_bytes(ada: Api, bob: Api) -> None:
    first = ada.ready()
    (second,) = bob.upload(("wren.txt", WREN)).json()["documents"]
    assert (second["duplicate"], second["id"] == first["id"]) == (False, False)


def test_deleting_one_of_two_equal_files_leaves_the_other(ada: Api, bob: Api) -> None:
    first, second = ada.ready(), bob.ready()
    assert ada.delete(f"/api/documents/{first['id']}").status_code == 204
    response = bob.get(f"/api/documents/{second['id']}/versions/1/download")
    assert response.content == WREN
    assert bob.found("eggs in April")[0]["document"]["id"] == second["id"]


def test_the_same_bytes_give_a_failed_document_another_chance(ada: Api) -> None:
    failed = ada.ready("scan.pdf", pdf_bytes([""]))
    assert failed["status"] == "failed"
    (again,) = ada.upload(("scan.pdf", pdf_bytes([""]))).json()["documents"]
    assert (again["id"], again["status"], again["error"]) == (failed["id"], "queued", None)


# --- names ----------------------------------------------------------------------------

HOSTILE = [
    "../../etc/passwd.txt",
    "..\\\\..\\\\x.txt",
    "/etc/absolute.txt",
    "C:\\\\x.txt",
    "x\x00.txt",
    "\u202efdp.txt",
    "long" * 75 + ".txt",
    "-rf.txt",
    ".htaccess.txt",
    "'><img src=x onerror=alert(1)>.txt",
    "%2e%2e%2fpercent.txt",
    "🐦.txt",
    "Ａé.txt",
    "CON.txt",
    "NUL",
    " .txt",
    "new%0Aline.txt",
    "tab\there.txt",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_names_nothing_on_the_disk(
    ada: Api, settings: LazySettings, name: str
) -> None:
    data = f"A text of its own for {name!r}.".encode()
    before = _outside(settings)
    response = ada.upload((name, data))
    assert response.status_code == 202, response.content
    version = DocumentVersion.objects.get()
    assert storage.original_read(version.original) == data
    assert version.original == storage.original_name(version.sha256)
    assert _outside(settings) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_comes_back_as_a_harmless_one(ada: Api, name: str) -> None:
    (document,) = ada.upload((name, b"Some text.")).json()["documents"]
    shown = document["filename"]
    assert shown
    assert len(shown) <= 255
    assert not set(shown) & set("/\\\x00\r\n\u202e")
    response = ada.get(f"/api/documents/{document['id']}/versions/1/download")
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["Content-Type"] == "text/plain"


def test_two_spellings_of_one_name_do_not_meet_on_the_disk(ada: Api) -> None:
    response = ada.upload(("Caf\u00e9.txt", b"Composed."), ("Cafe\u0301.txt", b"Decomposed."))
    assert len({d["id"] for d in response.json()["documents"]}) == 2
    names = set(DocumentVersion.objects.values_list("original", flat=True))
    assert len(names) == 2


def _outside(settings: LazySettings) -> set[Path]:
    """Return every file of the installation that is not an original."""
    originals = settings.ORIGINALS_DIR
    return {
        path
        for path in settings.DATA_DIR.rglob("*")
        if path.is_file() and originals not in path.parents
    }


# --- what is served again -------------------------------------------------------------


def test_a_page_of_html_is_served_as_inert_text(ada: Api) -> None:
    document = ada.ready("p.html", b"<html><body><script>alert(1)</script><p>Hi there.</p>")
    response = ada.get(f"/api/documents/{document['id']}/versions/1/download")
    assert response["Content-Type"] == "text/plain"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Disposition"].startswith("attachment")


def test_what_the_browser_says_of_a_type_is_not_believed(ada: Api) -> None:
    (document,) = ada.upload(("lies.pdf", docx_bytes(["Words."]))).json()["documents"]
    assert document["media_type"].endswith("wordprocessingml.document")


def test_a_version_that_is_not_ready_has_no_content(ada: Api) -> None:
    (document,) = ada.upload(("wren.txt", WREN)).json()["documents"]
    assert_problem(ada.get(f"/api/documents/{document['id']}/versions/1/content"), 404)


# --- lists ----------------------------------------------------------------------------


def test_documents_are_listed_newest_first(ada: Api) -> None:
    ada.upload(("a.txt", b"First."), ("b.txt", b"Second."))
    body = ada.get("/api/documents").json()
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert [d["title"] for d in body["results"]] == ["b", "a"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"search": "heron"}, ["heron"]),
        ({"search": "ODALYS"}, ["wren"]),
        ({"status": "ready"}, ["wren"]),
        ({"status": "queued"}, ["heron"]),
        ({"collection": "birds"}, ["heron"]),
        ({"page_size": 1}, ["heron"]),
        ({"page_size": 1, "page": 2}, ["wren"]),
        ({"search": "%"}, []),
        ({"search": "\x00"}, ["heron", "wren"]),
    ],
)
def test_a_list_is_narrowed_by_its_parameters(
    ada: Api, query: dict[str, str], titles: list[str]
) -> None:
    ada.ready(author="Odalys")
    shelf(ada.user, "Birds")
    ada.upload(("heron.txt", b"The heron waits."), collection="birds")
    assert [d["title"] for d in ada.get("/api/documents", **query).json()["results"]] == titles


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"status": "asleep"}, 400),
        ({"collection": "nowhere"}, 404),
        ({"page": "0"}, 404),
        ({"page": "1e9"}, 404),
        ({"page": "99999999999999999999"}, 404),
    ],
)
def test_a_list_refuses_what_it_cannot_mean(ada: Api, query: dict[str, str], status: int) -> None:
    assert_problem(ada.get("/api/documents", **query), status)


def test_a_page_holds_at_most_a_hundred(ada: Api) -> None:
    first = Document.objects.get(pk=ada.ready()["id"])
    Document.objects.bulk_create(
        Document(title=f"{n}", collection=first.collection, newest_version=first.newest_version)
        for n in range(102)
    )
    body = ada.get("/api/documents", page_size=1_000_000_000).json()
    assert (body["count"], len(body["results"])) == (103, 100)
