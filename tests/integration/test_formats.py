"""Every kind of file through the door: taken in, found, shown and given back."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command

from documents.extract.kinds import SETTING_NAMES
from documents.models import DocumentVersion
from documents.types import MediaType
from tests import format_samples as formats
from tests.integration.factories import Api, assert_problem
from tests.integration.pages import browser, text_of
from tests.samples import docx_bytes, html_bytes, ole_bytes, pdf_bytes

pytestmark = pytest.mark.django_db

SAID = "The heron waits beside the lake for hours."
FILES = {
    "heron.pdf": pdf_bytes([SAID]),
    "heron.docx": docx_bytes([SAID]),
    "heron.pptx": formats.pptx_bytes(
        [formats.slide(formats.shape("Birds", "title")), formats.slide(formats.shape(SAID))]
    ),
    "heron.xlsx": formats.workbook_bytes({"Birds": formats.sheet([["Heron", SAID]])}),
    "heron.odt": formats.odf_bytes(f"<text:p>{SAID}</text:p>"),
    "heron.ods": formats.odf_bytes(
        "<table:table><table:table-row><table:table-cell><text:p>"
        f"{SAID}</text:p></table:table-cell></table:table-row></table:table>",
        "spreadsheet",
    ),
    "heron.odp": formats.odf_bytes(
        "<draw:page><draw:frame><draw:text-box><text:p>"
        f"{SAID}</text:p></draw:text-box></draw:frame></draw:page>",
        "presentation",
    ),
    "heron.rtf": formats.rtf_bytes(f"{SAID}\\par"),
    "heron.epub": formats.epub_bytes({"a.xhtml": f"<p>{SAID}</p>"}),
    "heron.eml": formats.eml_bytes(SAID, subject="Birds"),
    "heron.csv": f"bird,note\nheron,{SAID}\n".encode(),
    "heron.txt": SAID.encode(),
    "heron.md": f"# Birds\n\n{SAID}\n".encode(),
    "heron.html": html_bytes(f"<p>{SAID}</p>"),
}


def test_there_is_a_file_for_every_kind(settings: LazySettings) -> None:
    kinds = [SETTING_NAMES[name.rpartition(".")[2]] for name in FILES]
    assert sorted(kinds) == sorted(MediaType)
    assert set(settings.ALLOWED_EXTENSIONS) == set(SETTING_NAMES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_and_found(ada: Api, name: str) -> None:
    document = ada.ready(name, FILES[name])
    assert (document["status"], document["error"]) == ("ready", None)
    (hit,) = ada.found("Where does the heron wait?")[:1]
    assert SAID in hit["text"]
    assert ada.content(document["id"])[hit["start"] : hit["end"]] == hit["text"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_back_as_it_was_and_cannot_act(ada: Api, name: str) -> None:
    (document,) = ada.upload((name, FILES[name])).json()["documents"]
    response = ada.get(f"/api/documents/{document['id']}/versions/1/download")
    assert response.content == FILES[name]
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Type"] not in ("text/html", "message/rfc822")


def test_a_folder_of_all_kinds_is_taken_in(ada: Api, tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    call_command("ingest", str(tmp_path), "--json")
    assert set(DocumentVersion.objects.values_list("media_type", flat=True)) == set(MediaType)


@pytest.mark.parametrize(
    ("name", "stream", "ending"),
    [
        ("old.doc", "WordDocument", ".docx"),
        ("old.xls", "Workbook", ".xlsx"),
        ("old.ppt", "PowerPoint Document", ".pptx"),
        ("old.msg", "__properties_version1.0", ".eml"),
    ],
)
def test_an_old_file_is_refused_with_what_to_save_it_as(
    ada: Api, name: str, stream: str, ending: str
) -> None:
    body = assert_problem(ada.upload((name, ole_bytes(stream))), 415, "unsupported_type")
    assert f"Save it as {ending}" in body["detail"]


def test_a_hit_on_a_slide_names_the_slide(ada: Api) -> None:
    ada.ready("heron.pptx", FILES["heron.pptx"])
    assert ada.found("heron waits")[0]["page"] == 2
    page = browser(ada.user).get("/search/", {"q": "heron waits"})
    assert "Slide 2" in text_of(page)


def test_title_and_author_come_from_the_file(ada: Api) -> None:
    document = ada.ready("heron.epub", FILES["heron.epub"])
    assert (document["title"], document["author"]) == ("A book", "Ada, Bob")


def test_a_kind_that_is_switched_off_is_refused(ada: Api, settings: LazySettings) -> None:
    settings.ALLOWED_EXTENSIONS = ["pdf", "txt"]
    body = assert_problem(ada.upload(("a.pptx", FILES["heron.pptx"])), 415, "unsupported_type")
    assert "PowerPoint" in body["detail"]
    (document,) = ada.upload(("a.csv", b"a,b\n1,2\n")).json()["documents"]
    assert document["media_type"] == "text/plain"
