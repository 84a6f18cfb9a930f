"""Pictures of pages: through their door, marked, kept encrypted, and gone with their document."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageChops

from documents import page_cache
from documents.errors import Busy, NoPicture, NotFound, ServiceError
from documents.extract import pages as drawing
from documents.ingest import drain as queue
from documents.models import DocumentVersion
from documents.services import pages
from tests.integration.factories import Api, assert_problem, work
from tests.samples import pdf_bytes, truncated

pytestmark = pytest.mark.django_db

FIRST = "The wren nests in the ivy of the north wall. It lays seven eggs in April."
SECOND = "The heron stands in the shallow water. It waits for eels in the evening."
PDF = pdf_bytes([FIRST, SECOND])


@pytest.fixture(autouse=True)
def _own_cache(settings: LazySettings, tmp_path: Path) -> None:
    settings.PAGES_DIR = tmp_path / "pages"


@pytest.fixture
def birds(ada: Api) -> dict[str, Any]:
    """A document of Ada's with two pages."""
    return ada.ready("birds.pdf", PDF)


@pytest.fixture
def version(birds: dict[str, Any]) -> DocumentVersion:
    found: DocumentVersion = DocumentVersion.objects.get(document_id=birds["id"])
    return found


def url(document: dict[str, Any], page: int = 1) -> str:
    return f"/api/documents/{document['id']}/versions/1/pages/{page}.png"


def opened(response: Any) -> Any:
    assert response.status_code == 200, response.content[:500]
    return Image.open(BytesIO(response.content))


def highlight(version: DocumentVersion, words: str) -> tuple[int, int]:
    start = version.content.text.index(words)
    return start, start + len(words)


def yellow(image: Any) -> tuple[int, int, int, int] | None:
    """Return the box around all that is marked on a picture."""
    red, _, blue = image.convert("RGB").split()
    warmer = ImageChops.subtract(red, blue).point(lambda more: 255 if more > 60 else 0)
    box: tuple[int, int, int, int] | None = warmer.getbbox()
    return box


# --- the door -------------------------------------------------------------------------------


def test_a_page_comes_as_a_png_in_the_usual_width(ada: Api, birds: dict[str, Any]) -> None:
    response = ada.get(url(birds))
    assert opened(response).size == (1200, 1698)
    assert response["Content-Type"] == "image/png"


def test_a_picture_is_private_inert_and_never_guessed_at(ada: Api, birds: dict[str, Any]) -> None:
    response = ada.get(url(birds))
    assert "private" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "drawn"), [("1", 600), ("600", 600), ("601", 1200), ("2400", 2400), ("99999", 2400)]
)
def test_a_width_is_brought_to_the_next_that_is_drawn(
    ada: Api, birds: dict[str, Any], asked: str, drawn: int
) -> None:
    assert opened(ada.get(url(birds), width=asked)).width == drawn


@pytest.mark.parametrize("width", ["0", "-5", "wide", "1e3", "123456", "１２"])
def test_a_width_that_is_none_is_refused(ada: Api, birds: dict[str, Any], width: str) -> None:
    assert_problem(ada.get(url(birds), width=width), 400, "invalid")


@pytest.mark.parametrize("span", ["5", "5-", "-5", "9-3", "4-4", "a-b", "1-2-3", "1-9999999999"])
def test_a_highlight_that_is_none_is_refused(ada: Api, birds: dict[str, Any], span: str) -> None:
    assert_problem(ada.get(url(birds), highlight=span), 400, "invalid")


@pytest.mark.parametrize("page", [0, 3, 2**31, 10**30])
def test_a_page_that_there_is_not_answers_404(ada: Api, birds: dict[str, Any], page: int) -> None:
    assert_problem(ada.get(url(birds, page)), 404, "not_found")


def test_a_format_without_pages_answers_404(ada: Api) -> None:
    assert_problem(ada.get(url(ada.ready())), 404, "not_found")


def test_a_version_that_is_not_ready_answers_404(ada: Api, no_broker: list[str]) -> None:
    waiting = ada.upload(("birds.pdf", PDF)).json()["documents"][0]
    assert_problem(ada.get(url(waiting)), 404, "not_found")


def test_a_stranger_gets_what_a_random_id_gets(bob: Api, birds: dict[str, Any]) -> None:
    theirs = assert_problem(bob.get(url(birds)), 404, "not_found")
    random = assert_problem(bob.get(url({"id": uuid.uuid4()})), 404, "not_found")
    assert theirs | {"request_id": ""} == random | {"request_id": ""}


def test_a_stranger_gets_nothing_of_a_picture_that_is_kept(
    ada: Api, bob: Api, birds: dict[str, Any]
) -> None:
    tag = ada.get(url(birds))["ETag"]
    assert_problem(bob.send("GET", url(birds), **{"If-None-Match": tag}), 404, "not_found")


def test_a_browser_that_has_the_picture_is_told_so(ada: Api, birds: dict[str, Any]) -> None:
    tag = ada.get(url(birds))["ETag"]
    again = ada.send("GET", url(birds), **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_each_picture_has_its_own_tag(ada: Api, birds: dict[str, Any]) -> None:
    tags = {
        ada.get(path, **query)["ETag"]
        for path in (url(birds), url(birds, 2))
        for query in ({}, {"width": "600"}, {"highlight": "0-9"}, {"highlight": "0-8"})
    }
    assert len(tags) == 8


def test_a_picture_that_is_kept_costs_few_queries(ada: Api, birds: dict[str, Any]) -> None:
    ada.get(url(birds), highlight="0-9")
    with CaptureQueriesContext(connection) as captured:
        ada.get(url(birds), highlight="0-9")
    assert len(captured) <= 4


# --- marks ------------------------------------------------------------------------------------


def test_the_passage_is_marked_on_its_words_and_nowhere_else(
    ada: Api, birds: dict[str, Any], version: DocumentVersion
) -> None:
    span = highlight(version, "seven eggs")
    marked = yellow(opened(ada.get(url(birds), highlight=f"{span[0]}-{span[1]}")))
    (box,) = pages.page_marks(version, 1, span).boxes
    scale = 1200 / pages.page_marks(version, 1, None).width
    expected = [box.left * scale, box.top * scale, box.right * scale, box.bottom * scale]
    assert marked is not None
    assert all(abs(a - b) <= 5 for a, b in zip(marked, expected, strict=True))


def test_without_a_highlight_nothing_is_marked(ada: Api, birds: dict[str, Any]) -> None:
    assert yellow(opened(ada.get(url(birds)))) is None


def test_a_passage_over_two_pages_is_marked_on_both(
    ada: Api, birds: dict[str, Any], version: DocumentVersion
) -> None:
    text = version.content.text
    span = f"{text.index('It lays')}-{text.index('It waits')}"
    first, second = (opened(ada.get(url(birds, page), highlight=span)) for page in (1, 2))
    assert yellow(first) is not None
    assert yellow(second) is not None


@pytest.mark.parametrize("span", ["90-95", "900000-900001"])
def test_a_span_of_another_page_marks_nothing(ada: Api, birds: dict[str, Any], span: str) -> None:
    assert yellow(opened(ada.get(url(birds), highlight=span))) is None


def test_a_mark_leaves_the_letters_dark(
    ada: Api, birds: dict[str, Any], version: DocumentVersion
) -> None:
    start, end = highlight(version, "seven eggs")
    image = opened(ada.get(url(birds), highlight=f"{start}-{end}"))
    box = yellow(image)
    assert image.convert("L").crop(box).getextrema()[0] < 60


# --- kept --------------------------------------------------------------------------------------


def kept(settings: LazySettings) -> list[Path]:
    return [path for path in Path(settings.PAGES_DIR).rglob("*") if path.is_file()]


def test_what_is_kept_is_encrypted(ada: Api, birds: dict[str, Any], settings: LazySettings) -> None:
    ada.get(url(birds))
    stored = [path.read_bytes() for path in kept(settings)]
    assert len(stored) == 2  # the picture, and where its characters are
    assert all(data.startswith(b"RSF1") for data in stored)
    assert not any(b"PNG" in data[:64] or b"wren" in data for data in stored)


def test_a_picture_is_drawn_once(
    ada: Api, birds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ada.get(url(birds), highlight="0-9")
    monkeypatch.setattr(pages, "draw_page", lambda *_, **__: pytest.fail("drawn again"))
    assert ada.get(url(birds), highlight="0-9").content == first.content


def test_a_damaged_file_is_drawn_again(
    ada: Api, birds: dict[str, Any], settings: LazySettings
) -> None:
    first = ada.get(url(birds)).content
    for path in kept(settings):
        path.write_bytes(b"RSF1 this is not what was written")
    assert ada.get(url(birds)).content == first


def test_the_oldest_pictures_give_way(
    birds: dict[str, Any], version: DocumentVersion, settings: LazySettings
) -> None:
    settings.PAGE_CACHE_SIZE = 3_300
    for number in range(4):
        page_cache.keep(version.pk, f"{number}", bytes(1_000))
        place = Path(settings.PAGES_DIR) / str(version.pk) / str(number)
        os.utime(place, (number + 1, number + 1)) if place.exists() else None
    assert sum(path.stat().st_size for path in kept(settings)) <= 3_300
    assert page_cache.read(version.pk, "0") is None
    assert page_cache.read(version.pk, "3") == bytes(1_000)


def test_what_is_read_counts_as_new(version: DocumentVersion, settings: LazySettings) -> None:
    settings.PAGE_CACHE_SIZE = 2_300
    page_cache.keep(version.pk, "a", bytes(1_000))
    page_cache.keep(version.pk, "b", bytes(1_000))
    for name in "ab":
        os.utime(Path(settings.PAGES_DIR) / str(version.pk) / name, (1, 1 if name == "a" else 2))
    page_cache.read(version.pk, "a")
    page_cache.keep(version.pk, "c", bytes(1_000))
    assert page_cache.read(version.pk, "b") is None
    assert page_cache.read(version.pk, "a") is not None


def test_with_no_room_nothing_is_kept_and_pictures_still_come(
    ada: Api, birds: dict[str, Any], settings: LazySettings
) -> None:
    settings.PAGE_CACHE_SIZE = 0
    assert opened(ada.get(url(birds), highlight="0-9")).width == 1200
    assert kept(settings) == []


def test_a_deleted_document_takes_its_pictures_along(
    ada: Api, birds: dict[str, Any], settings: LazySettings
) -> None:
    ada.get(url(birds))
    assert ada.delete(f"/api/documents/{birds['id']}").status_code == 204
    assert kept(settings) == []


def test_a_picture_drawn_while_its_document_goes_is_not_kept(
    version: DocumentVersion, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    version.document.deleting = True
    version.document.save()
    pages.page_picture(version, 1)
    assert kept(settings) == []


def test_the_sweep_removes_pictures_of_versions_that_are_gone(
    version: DocumentVersion, settings: LazySettings
) -> None:
    page_cache.keep(version.pk, "1-600", b"stays")
    page_cache.keep(version.pk + 1000, "1-600", b"goes")
    queue.sweep()
    assert page_cache.kept_versions() == {version.pk}


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_page_that_cannot_be_drawn_is_told_of(
    ada: Api, birds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "draw_page", lambda *_, **__: drawing._picture(b'{"error": "x"}'))
    assert_problem(ada.get(url(birds)), 422, "no_picture")


_HEAD = {"size": [2, 1], "page": [10, 5], "text": 1, "characters": 1, "pixels": 6}
_EDGES = bytes(16)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}\n",
        b"[]\n",
        b"[" * 5000,
        json.dumps(_HEAD).encode() + b"\n",
        json.dumps(_HEAD).encode() + b"\na" + _EDGES + bytes(5),
        json.dumps(_HEAD | {"size": [0, 0], "pixels": 0}).encode() + b"\na" + _EDGES,
        json.dumps(_HEAD | {"size": [-2, -1]}).encode() + b"\na" + _EDGES + bytes(6),
        json.dumps(_HEAD | {"page": [0, 5]}).encode() + b"\na" + _EDGES + bytes(6),
        json.dumps(_HEAD | {"text": 2}).encode() + b"\nab" + _EDGES + bytes(6),
        json.dumps(_HEAD).encode() + b"\n\xff" + _EDGES + bytes(6),
        json.dumps(_HEAD).encode() + b"\na" + b"\xff" * 16 + bytes(6),
        json.dumps(_HEAD | {"size": ["2", "1"]}).encode() + b"\na" + _EDGES + bytes(6),
    ],
)
def test_a_child_that_talks_nonsense_draws_nothing(answer: bytes) -> None:
    with pytest.raises(NoPicture):
        drawing._picture(answer)


def test_a_child_that_makes_sense_is_believed() -> None:
    picture = drawing._picture(json.dumps(_HEAD).encode() + b"\na" + _EDGES + bytes(6))
    assert (picture.width, picture.height, picture.letters.text) == (2, 1, "a")


def test_a_page_that_takes_too_long_ends_with_its_child() -> None:
    begun = time.monotonic()
    with pytest.raises(NoPicture, match="too long"):
        drawing.draw_page(PDF, 1, width=600, limits=drawing.Limits(wall=0.01))
    assert time.monotonic() - begun < 5
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    assert not children.exists() or not children.read_text().split()


def test_a_child_without_memory_draws_nothing() -> None:
    with pytest.raises((NoPicture, ServiceError)):
        drawing.draw_page(PDF, 1, width=600, limits=drawing.Limits(memory=30 * 1024 * 1024))


def test_a_page_that_is_not_in_the_file_is_not_found() -> None:
    with pytest.raises(NotFound):
        drawing.draw_page(PDF, 3, width=600)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", truncated(PDF, 0.3)])
def test_a_file_that_cannot_be_opened_draws_nothing(data: bytes) -> None:
    with pytest.raises(NoPicture):
        drawing.draw_page(data, 1, width=600)


def test_the_child_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    start = subprocess.Popen

    def watch(*arguments: Any, **options: Any) -> Any:
        seen.update(options["env"])
        return start(*arguments, **options)

    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setattr(subprocess, "Popen", watch)
    drawing.draw_page(PDF, 1, width=600)
    assert not {name for name in seen if "KEY" in name or "SECRET" in name or "DATA" in name}


# --- turns ----------------------------------------------------------------------------------


@pytest.fixture
def working() -> Iterator[tuple[drawing.Turns, threading.Event]]:
    """One turn that somebody holds until the event is set."""
    turns, begun, end = (
        drawing.Turns(working=1, waiting=1, patience=0.2),
        threading.Event(),
        threading.Event(),
    )

    def hold() -> None:
        with turns.taken():
            begun.set()
            end.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(5)
    yield turns, end
    end.set()
    holder.join()


Working = tuple[drawing.Turns, threading.Event]


def test_who_waits_too_long_is_sent_away(working: Working) -> None:
    with pytest.raises(Busy), working[0].taken():
        pytest.fail("there was no turn")


def test_who_waits_gets_the_turn_that_becomes_free(working: Working) -> None:
    turns, end = working
    threading.Timer(0.05, end.set).start()
    with turns.taken():
        assert end.is_set()


def test_one_more_than_may_wait_is_sent_away_at_once() -> None:
    turns = drawing.Turns(working=1, waiting=0, patience=60)
    begun = time.monotonic()
    with turns.taken(), pytest.raises(Busy), turns.taken():
        pytest.fail("there was no turn")
    assert time.monotonic() - begun < 1


def test_a_turn_comes_back_after_an_error() -> None:
    turns = drawing.Turns(working=1, waiting=0, patience=0)
    with pytest.raises(InterruptedError), turns.taken():
        raise InterruptedError
    with turns.taken():
        pass


def test_too_many_pictures_answer_503_and_when_to_come_again(
    ada: Api, birds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TURNS", drawing.Turns(working=1, waiting=-1, patience=0))
    response = ada.get(url(birds))
    assert_problem(response, 503, "busy")
    assert int(response["Retry-After"]) > 0


def test_a_version_of_another_number_is_another_picture(ada: Api, birds: dict[str, Any]) -> None:
    ada.add_version(birds["id"], "birds.pdf", pdf_bytes(["Only one page by now."]))
    work()
    path = f"/api/documents/{birds['id']}/versions/2/pages"
    assert ada.get(f"{path}/1.png").content != ada.get(url(birds)).content
    assert_problem(ada.get(f"{path}/2.png"), 404, "not_found")
