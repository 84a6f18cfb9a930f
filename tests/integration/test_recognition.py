"""Pages without text: recognised behind everything else, page by page, kept and told of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

from documents.errors import NoPicture
from documents.extract import recognition as reader
from documents.extract.pages import Picture, draw_page
from documents.extract.recognition import RecognisedText, RecognitionFailed, Word
from documents.ingest import lease as leases
from documents.ingest import recognition
from documents.ingest.drain import drain
from documents.models import DocumentVersion, RecognisedPage
from documents.services import pages
from documents.types import Box, PageLetters, Stage, Status
from tests.integration.factories import Api, work
from tests.integration.pages import browser, text_of
from tests.samples import pdf_bytes, scanned_pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

SENTENCE = "The heron of page {} waits for eels in the shallow water."


@pytest.fixture(autouse=True)
def _on(settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    settings.RECOGNITION, settings.PAGES_DIR = "auto", tmp_path / "pages"
    reader.missing.cache_clear()
    yield
    reader.missing.cache_clear()


def scan(count: int) -> bytes:
    return scanned_pdf_bytes(count)


def mixed() -> bytes:
    """Return a file with a page of text, a scan, and a page of text."""
    writer = PdfWriter()
    for data in (pdf_bytes(["The wren has text."]), scan(1), pdf_bytes(["The owl has text."])):
        writer.append(PdfReader(BytesIO(data)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


class Recogniser:
    """Stands for tesseract: tells which page it was given, and what it makes of it."""

    def __init__(self) -> None:
        self.pages: list[int] = []
        self.silent: set[int] = set()
        self.before: Any = lambda page: None

    def draw(self, data: bytes, page: int, *, dpi: int) -> Picture:
        assert dpi == 300
        return Picture(page, 1, bytes(page), PageLetters(1000, 1400, "", ()))

    def recognise(self, picture: Picture, languages: str) -> RecognisedText:
        page = picture.width
        self.before(page)
        self.pages.append(page)
        words = [] if page in self.silent else SENTENCE.format(page).split()
        return RecognisedText(
            1000,
            1400,
            tuple(
                Word(text, Box(50 * i, 100, 50 * i + 40, 130), 96.0, 0, 0)
                for i, text in enumerate(words)
            ),
        )


@pytest.fixture
def tesseract(monkeypatch: pytest.MonkeyPatch) -> Recogniser:
    stand_in = Recogniser()
    monkeypatch.setattr(recognition, "draw_page", stand_in.draw)
    monkeypatch.setattr(reader, "recognise", stand_in.recognise)
    monkeypatch.setattr(reader, "missing", _nothing_missing)
    return stand_in


class _Cached:
    def __call__(self, languages: str) -> str:
        return ""

    def cache_clear(self) -> None:
        """There is nothing to clear."""


_nothing_missing = _Cached()


def newest(document: dict[str, Any]) -> DocumentVersion:
    found: DocumentVersion = DocumentVersion.objects.filter(document_id=document["id"]).latest("pk")
    return found


# --- the outcome ---------------------------------------------------------------------------


def test_a_scan_becomes_ready_and_is_found(ada: Api, tesseract: Recogniser) -> None:
    document = ada.ready("scan.pdf", scan(2))
    assert document["status"] == "ready"
    assert "heron of page 2" in ada.content(document["id"])
    hit = ada.found("heron eels")[0]
    assert hit["recognised"] is True


def test_only_pages_without_text_are_recognised(ada: Api, tesseract: Recogniser) -> None:
    document = ada.ready("mixed.pdf", mixed())
    assert tesseract.pages == [2]
    assert newest(document).recognised_pages == [2]
    content = ada.content(document["id"])
    assert content.index("wren has") < content.index("heron of page 2") < content.index("owl has")


def test_what_has_text_of_its_own_does_not_count_as_recognised(
    ada: Api, tesseract: Recogniser
) -> None:
    ada.ready("mixed.pdf", mixed())
    assert {hit["page"]: hit["recognised"] for hit in ada.found("wren owl heron text")} == {
        1: False,
        2: True,
        3: False,
    }


def test_people_are_told_which_pages_were_recognised(ada: Api, tesseract: Recogniser) -> None:
    document = ada.ready("scan.pdf", scan(3))
    (notice,) = ada.get(f"/api/documents/{document['id']}/versions/1").json()["notices"]
    assert notice["code"] == "recognised"
    assert "Pages 1–3 were recognised from pictures" in notice["message"]


def test_pages_that_stay_silent_are_told_of_too(ada: Api, tesseract: Recogniser) -> None:
    tesseract.silent = {2}
    document = ada.ready("scan.pdf", scan(3))
    found = {notice.code: notice.message for notice in newest(document).notice_list}
    assert "Pages 1, 3 were recognised" in found["recognised"]
    assert "Page 2 has no text" in found["pages_without_text"]


def test_a_scan_that_yields_nothing_fails_without_text(ada: Api, tesseract: Recogniser) -> None:
    tesseract.silent = {1, 2}
    document = ada.ready("scan.pdf", scan(2))
    assert (document["status"], document["error"]["code"]) == ("failed", "no_text")
    assert "neither in the file nor on the pictures" in document["error"]["message"]


def test_a_citation_says_that_its_page_was_recognised(ada: Api, tesseract: Recogniser) -> None:
    ada.ready("scan.pdf", scan(1))
    citations = ada.ask("What does the heron of page 1 wait for?").json()["citations"]
    assert [citation["recognised"] for citation in citations] == [True]


def test_a_quote_is_marked_where_it_was_recognised(ada: Api, tesseract: Recogniser) -> None:
    version = newest(ada.ready("scan.pdf", scan(1)))
    start = version.content.text.index("heron")
    marks = pages.page_marks(version, 1, (start, start + len("heron of")))
    assert marks.boxes == (Box(50, 100, 140, 130),)


def test_the_page_of_a_passage_says_that_it_was_recognised(ada: Api, tesseract: Recogniser) -> None:
    document = ada.ready("scan.pdf", scan(1))
    page = browser(ada.user).get(f"/documents/{document['id']}/versions/1/?page=1")
    assert "recognised from its picture" in text_of(page)


# --- the second lane -----------------------------------------------------


def test_a_scan_waits_until_nothing_else_does(ada: Api, tesseract: Recogniser) -> None:
    order: list[str] = []
    ada.upload(("scan.pdf", scan(1)))
    ada.upload(("first.txt", b"The first text."), ("second.txt", b"The second text."))
    tesseract.before = lambda page: order.extend(
        DocumentVersion.objects.filter(status=Status.READY).values_list("filename", flat=True)
    )
    work()
    assert sorted(order) == ["first.txt", "second.txt"]


def test_what_waits_for_recognition_shows_it(ada: Api, tesseract: Recogniser) -> None:
    document = ada.upload(("scan.pdf", scan(1))).json()["documents"][0]
    work(limit=1)
    now = ada.document(document["id"])
    assert (now["status"], now["stage"]) == ("queued", "recognising")
    page = text_of(browser(ada.user).get("/documents/"))
    assert "Waiting for recognition" in page


def test_between_two_pages_it_gives_way_to_a_file_that_waits(
    ada: Api, tesseract: Recogniser
) -> None:
    document = ada.upload(("scan.pdf", scan(3))).json()["documents"][0]
    tesseract.before = lambda page: (
        ada.upload(("urgent.txt", b"An urgent text.")) if page == 1 else None
    )
    work(limit=2)
    assert tesseract.pages == [1]
    assert ada.document(document["id"])["status"] == "queued"
    work(limit=1)
    assert ada.found("urgent")
    work()
    assert tesseract.pages == [1, 2, 3]


def test_giving_way_counts_as_no_attempt(ada: Api, tesseract: Recogniser) -> None:
    document = ada.upload(("scan.pdf", scan(3))).json()["documents"][0]
    work(limit=1)
    assert newest(document).attempts == 0


def test_after_its_turn_it_gives_way_to_the_next_scan(
    ada: Api, tesseract: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "_TURN", -1.0)
    document = ada.upload(("scan.pdf", scan(2))).json()["documents"][0]
    work(limit=4)
    assert newest(document).stage == Stage.RECOGNISING
    assert newest(document).attempts == 0


def test_progress_is_shown_page_by_page(ada: Api, tesseract: Recogniser) -> None:
    seen: list[tuple[str, float]] = []
    document = ada.upload(("scan.pdf", scan(4))).json()["documents"][0]
    tesseract.before = lambda page: seen.append((newest(document).stage, newest(document).progress))
    work()
    assert seen == [("recognising", share) for share in (0.0, 0.1, 0.2, 0.3)]


def test_a_worker_that_dies_over_a_page_loses_only_that_page(
    ada: Api, tesseract: Recogniser
) -> None:
    class Died(BaseException):
        """The whole process is gone."""

    def die(page: int) -> None:
        if page == 3 and tesseract.pages == [1, 2]:
            tesseract.before = lambda page: None
            raise Died

    tesseract.before = die
    document = ada.upload(("scan.pdf", scan(4))).json()["documents"][0]
    worker = leases.worker_register()
    with pytest.raises(Died):
        drain(worker.pk)
    leases.worker_gone(worker.pk)
    assert leases.release_lost() == 1
    assert newest(document).stage == Stage.RECOGNISING
    work()
    assert tesseract.pages == [1, 2, 3, 4]
    assert ada.document(document["id"])["status"] == "ready"


def test_a_document_deleted_meanwhile_leaves_nothing(ada: Api, tesseract: Recogniser) -> None:
    document = ada.upload(("scan.pdf", scan(3))).json()["documents"][0]
    tesseract.before = lambda page: ada.delete(f"/api/documents/{document['id']}")
    work()
    assert not RecognisedPage.objects.exists()
    assert tesseract.pages == [1]


def test_while_a_scan_is_recognised_the_version_before_answers(
    ada: Api, tesseract: Recogniser
) -> None:
    document = ada.ready("wren.txt", b"The wren of version one.")
    ada.add_version(document["id"], "scan.pdf", scan(1))
    work(limit=1)
    assert ada.document(document["id"])["status"] == "queued"
    assert ada.found("wren version one")
    work()
    assert ada.document(document["id"])["current_version"] == 2


# --- limits, and what is not there -----------------------------------------------------


def test_of_many_pages_only_so_many_are_recognised(
    ada: Api, tesseract: Recogniser, settings: LazySettings
) -> None:
    settings.RECOGNITION_MAX_PAGES = 2
    document = ada.ready("scan.pdf", scan(4))
    assert tesseract.pages == [1, 2]
    messages = [notice.message for notice in newest(document).notice_list]
    assert any("Pages 3–4 have no text" in m and "Only 2 pages" in m for m in messages)


@pytest.mark.parametrize("error", [NoPicture(), RecognitionFailed()])
def test_a_page_that_cannot_be_recognised_leaves_the_others(
    ada: Api, tesseract: Recogniser, error: Exception
) -> None:
    def fail(page: int) -> None:
        if page == 1:
            raise error

    tesseract.before = fail
    document = ada.ready("scan.pdf", scan(2))
    assert newest(document).recognised_pages == [2]


def test_switched_off_a_scan_fails_and_says_so(
    ada: Api, tesseract: Recogniser, settings: LazySettings
) -> None:
    settings.RECOGNITION = "off"
    document = ada.ready("scan.pdf", scan(1))
    assert document["error"]["code"] == "no_text"
    assert "switched off" in document["error"]["message"]


def test_without_tesseract_a_scan_fails_and_says_how_to_get_it(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    document = ada.ready("scan.pdf", scan(1))
    assert document["error"]["code"] == "no_text"
    assert "install tesseract" in document["error"]["message"]


def test_without_tesseract_a_mixed_file_is_ready_and_says_how_to_get_the_rest(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    document = ada.ready("mixed.pdf", mixed())
    assert document["status"] == "ready"
    (notice,) = newest(document).notice_list
    assert "Page 2 has no text" in notice.message
    assert "install tesseract" in notice.message


def test_tried_again_once_tesseract_is_there_a_scan_becomes_ready(
    ada: Api, tesseract: Recogniser, settings: LazySettings
) -> None:
    settings.RECOGNITION = "off"
    document = ada.ready("scan.pdf", scan(1))
    settings.RECOGNITION = "auto"
    ada.post(f"/api/documents/{document['id']}/retry")
    work()
    assert ada.document(document["id"])["status"] == "ready"


# --- with the real one -----------------------------------------------------


needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)
PRINTED = ["The last keeper of the lighthouse", "was Miriam Oduya. She left the tower",
           "in 1989, when it became automatic.", "Nobody has lived on the island since",
           "except for two families of puffins."]  # fmt: skip


def printed(turn: int = 0) -> bytes:
    """Return a PDF with one page that is the picture of a text, turned clockwise."""
    image = Image.new("L", (1000, 600), 255)
    font = ImageFont.load_default(size=44)
    for number, line in enumerate(PRINTED):
        ImageDraw.Draw(image).text((60, 60 + 90 * number), line, fill=0, font=font)
    out = BytesIO()
    image.rotate(-turn, expand=True).save(out, "PDF", resolution=200)
    return out.getvalue()


@needs_tesseract
@pytest.mark.parametrize("turn", [0, 180])
def test_tesseract_reads_a_printed_page_whichever_side_is_up(ada: Api, turn: int) -> None:
    document = ada.ready("scan.pdf", printed(turn))
    assert "Miriam Oduya" in ada.content(document["id"])
    assert RecognisedPage.objects.get().content["turned"] == turn


@needs_tesseract
@pytest.mark.parametrize("turn", [0, 90, 270])
def test_the_boxes_lie_on_the_printed_words(turn: int) -> None:
    picture = draw_page(printed(turn), 1, dpi=300)
    text = reader.recognise(picture, "eng")
    (word,) = [word for word in text.words if word.text.startswith("puffins")]
    box, page = word.box, Image.frombytes("L", (picture.width, picture.height), picture.pixels)
    scale = picture.width / text.width
    part = page.crop((int(box.left * scale), int(box.top * scale),
                      int(box.right * scale) + 1, int(box.bottom * scale) + 1))  # fmt: skip
    assert min(part.tobytes()) < 100
    page.paste(255, (int(box.left * scale), int(box.top * scale),
                     int(box.right * scale) + 1, int(box.bottom * scale) + 1))  # fmt: skip
    gone = reader.recognise(
        Picture(picture.width, picture.height, page.tobytes(), picture.letters), "eng"
    )
    assert not [word for word in gone.words if word.text.startswith("puffins")]


@needs_tesseract
def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_TEXT_SECONDS", 0.01)
    monkeypatch.setattr(reader, "_ORIENTATION_SECONDS", 0.01)
    with pytest.raises(RecognitionFailed):
        reader.recognise(draw_page(printed(), 1, dpi=100), "eng")
