"""The page of a passage: a picture where there are pages, text where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from chat.models import Citation, Message
from documents.errors import Busy, NoPicture
from documents.services import pages
from tests.integration.pages import Library, browser, html_of, library, text_of
from tests.samples import docx_bytes, pdf_bytes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

FIRST = "The wren nests in the ivy of the north wall. It lays seven eggs in April."
SECOND = "The heron stands in the shallow water. It waits for eels."


@pytest.fixture(autouse=True)
def _own_cache(settings: LazySettings, tmp_path: Path) -> None:
    settings.PAGES_DIR = tmp_path / "pages"


@pytest.fixture
def birds() -> Library:
    return library("birds.pdf", pdf_bytes([FIRST, SECOND]))


def span(place: Library, words: str) -> dict[str, int]:
    version = place.document.newest_version
    assert version is not None
    start = version.content.text.index(words)
    return {"start": start, "end": start + len(words)}


def shown(place: Library, **query: Any) -> Any:
    return browser(place.viewer).get(place.url("passage", 1), query)


def in_place(place: Library, **query: Any) -> Any:
    """Return what htmx gets."""
    return browser(place.viewer).get(place.url("passage", 1), query, headers={"HX-Request": "true"})


def test_a_passage_of_a_pdf_is_shown_on_the_picture_of_its_page(birds: Library) -> None:
    where = span(birds, "It waits")
    html = html_of(shown(birds, **where))
    picture = reverse("page_picture", args=[birds.document.pk, 1, 2])
    assert f'src="{picture}?width=1200&amp;highlight={where["start"]}-{where["end"]}"' in html
    assert 'id="passage"' in html


def test_the_address_of_the_picture_answers_with_it(birds: Library) -> None:
    html = html_of(shown(birds, **span(birds, "It waits")))
    address = html.split('<img src="')[1].split('"')[0].replace("&amp;", "&")
    response = browser(birds.viewer).get(address)
    assert response["Content-Type"] == "image/png"


def test_the_passage_stands_beside_in_words_and_in_the_alternative_text(birds: Library) -> None:
    html = html_of(shown(birds, **span(birds, "seven eggs")))
    assert '<div class="reading" hx-disable>seven eggs</div>' in html
    assert "Marked on it: seven eggs" in html


def test_the_text_is_one_link_away_and_marks_the_passage(birds: Library) -> None:
    where = span(birds, "seven eggs")
    html = html_of(shown(birds, view="text", **where))
    assert ">seven eggs</mark>" in html
    assert f"?page=2&amp;view=text&amp;start={where['start']}" in html
    assert "Picture of the page" in html


@pytest.mark.parametrize(("zoom", "width"), [("fit", 1200), ("150", 1800), ("200", 2400)])
def test_each_zoom_has_a_picture_of_its_width(birds: Library, zoom: str, width: int) -> None:
    html = html_of(shown(birds, zoom=zoom))
    assert f"zoom-{zoom}" in html
    assert f"?width={width}" in html


def test_a_zoom_that_is_none_fits(birds: Library) -> None:
    assert "zoom-fit" in html_of(shown(birds, zoom="../../etc"))


def test_neighbouring_pages_keep_zoom_and_passage(birds: Library) -> None:
    where = span(birds, "seven eggs")
    html = html_of(shown(birds, zoom="200", **where))
    assert f"page=2&amp;start={where['start']}&amp;end={where['end']}&amp;zoom=200" in html


def test_a_passage_that_goes_on_says_where(birds: Library) -> None:
    text = birds.document.newest_version.content.text  # type: ignore[union-attr]
    page = shown(birds, start=text.index("It lays"), end=text.index("It waits"))
    assert "The passage goes on to page 2." in text_of(page)


def test_within_another_page_only_the_picture_comes(birds: Library) -> None:
    html = html_of(in_place(birds, **span(birds, "seven eggs")))
    assert html.startswith('<div class="evidence"')
    assert 'id="passage"' not in html
    assert "autofocus" in html


@pytest.mark.parametrize("error", [NoPicture(), Busy()])
def test_a_page_that_cannot_be_drawn_is_shown_as_text_and_says_why(
    birds: Library, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(pages, "page_picture", fail)
    page = shown(birds, **span(birds, "seven eggs"))
    assert page.status_code == 200
    assert str(error) in text_of(page)
    assert ">seven eggs</mark>" in html_of(page)


def test_in_place_a_page_that_cannot_be_drawn_shows_the_quote(
    birds: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise NoPicture

    monkeypatch.setattr(pages, "page_picture", fail)
    assert "seven eggs" in text_of(in_place(birds, **span(birds, "seven eggs")))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("birds.docx", docx_bytes([FIRST])),
        ("birds.txt", FIRST.encode()),
        ("birds.md", f"# Birds\n\n{FIRST}".encode()),
        ("birds.html", f"<title>Birds</title><p>{FIRST}</p>".encode()),
    ],
)
def test_other_formats_show_the_passage_in_their_text(name: str, data: bytes) -> None:
    place = library(name, data)
    html = html_of(shown(place, **span(place, "seven eggs")))
    assert ">seven eggs</mark>" in html
    assert "<img" not in html


def test_who_may_not_see_the_document_sees_no_page_of_it(birds: Library) -> None:
    assert birds.statuses(birds.url("passage", 1)) == {
        "owner": 200,
        "viewer": 200,
        "stranger": 404,
        "anonymous": 302,
    }


# --- beside the answer ------------------------------------------------------------------------


def _cited(client: Client) -> tuple[str, Citation]:
    client.post(reverse("conversations"), {"question": "How many eggs does the wren lay in April?"})
    message = Message.objects.get()
    url = reverse("conversation", args=[message.conversation_id])
    return html_of(client.get(url)), message.citations.order_by("n")[0]


def test_each_source_with_a_page_opens_its_picture_in_place(birds: Library) -> None:
    html, citation = _cited(browser(birds.viewer))
    address = f"{birds.url('passage', 1)}?start={citation.start}&amp;end={citation.end}"
    assert f'hx-get="{address}"' in html
    assert f'href="{address}#passage">Open page 1' in html


def test_a_source_without_pages_offers_no_picture() -> None:
    html, _ = _cited(browser(library().viewer))
    assert "source-page" not in html


def test_words_of_a_document_stay_out_of_reach_for_htmx(birds: Library) -> None:
    html, _ = _cited(browser(birds.viewer))
    assert "<blockquote hx-disable>" in html


def test_a_source_that_can_no_longer_be_read_offers_no_picture(birds: Library) -> None:
    client = browser(birds.viewer)
    _cited(client)
    birds.collection.memberships.filter(user=birds.viewer).delete()
    url = reverse("conversation", args=[Message.objects.get().conversation_id])
    assert "source-page" not in html_of(client.get(url))
