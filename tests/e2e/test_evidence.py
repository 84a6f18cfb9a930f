"""From an answer to the picture of the page that carries it, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site, Visit
from tests.samples import pdf_bytes

pytestmark = pytest.mark.browser

#: Milliseconds for a page to be drawn and sent, on a machine that does other things too.
PATIENCE = 20_000
KEEPER = "The last keeper was Miriam Oduya. She left the tower in 1989, when it became automatic."
FILE = {
    "name": "lighthouse.pdf",
    "mimeType": "application/pdf",
    "buffer": pdf_bytes(
        ["The lighthouse stands 41 metres above the sea.", f"{KEEPER}\n\nNobody lives there now."]
    ),
}
QUESTION = "Who was the last keeper of the lighthouse?"


def _asked(page: Any, *, script: bool = True) -> None:
    page.goto("/documents/")
    page.set_input_files("#upload_files", [FILE])
    if not script:
        page.click("#upload button[type=submit]")
    row = page.locator("#documents tr", has_text="lighthouse")
    for _ in range(80):
        if row.locator(".state.ready").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.click("#send")
    expect(page.locator(".message .prose:not(.streaming)")).to_contain_text("Miriam Oduya")


def _is_drawn(picture: Any) -> None:
    expect(picture).to_be_visible(timeout=PATIENCE)
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_source_opens_the_picture_of_its_page_beside_the_answer(site: Site, visit: Visit) -> None:
    page = visit(site.person("piet"))
    _asked(page)
    page.click(".source-page summary >> nth=0")
    _is_drawn(page.locator(".source-page .paper img").first)
    expect(page.locator(".source-page .evidence-bar").first).to_contain_text(
        "Page 2 of 2", timeout=PATIENCE
    )
    expect(page.locator(".message .prose")).to_be_in_viewport()


def test_in_the_panel_pages_are_turned_and_enlarged_in_place(site: Site, visit: Visit) -> None:
    page = visit(site.person("petra"))
    _asked(page)
    page.click(".source-page summary >> nth=0")
    page.click(".source-page a[rel=prev]")
    expect(page.locator(".source-page .evidence-bar").first).to_contain_text(
        "Page 1 of 2", timeout=PATIENCE
    )
    page.click(".source-page a[rel=next]")
    expect(page.locator(".source-page .evidence-bar").first).to_contain_text(
        "Page 2 of 2", timeout=PATIENCE
    )
    page.click(".source-page a:has-text('200')")
    _is_drawn(page.locator(".source-page .zoom-200 img"))
    expect(page.locator(".source-page .zoom-200 .spot")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"/chat/"))


def test_a_citation_leads_to_the_page_with_the_passage_in_sight(site: Site, visit: Visit) -> None:
    page = visit(site.person("paula"))
    _asked(page)
    page.locator(".prose a.cite").first.click()
    _is_drawn(page.locator(".paper img"))
    expect(page.locator("#passage")).to_be_in_viewport()
    expect(page.locator("img")).to_have_attribute("alt", re.compile("Marked on it: .*Miriam"))
    page.click("text=Text")
    expect(page.locator("mark#passage")).to_contain_text("Miriam Oduya")


def test_without_script_picture_zoom_and_pages_are_plain_links(site: Site, visit: Visit) -> None:
    page = visit(site.person("paul"), script=False)
    _asked(page, script=False)
    page.click(".source-page summary >> nth=0")
    expect(page.locator(".source-page noscript img, .source-page img").first).to_be_visible()
    page.click("text=Open page 2 >> nth=0")
    expect(page.locator(".paper img")).to_be_visible()
    page.click("text=150 %")
    expect(page.locator(".zoom-150 img")).to_be_visible()
    page.click("a[rel=prev]")
    expect(page.locator(".evidence-bar")).to_contain_text("Page 1 of 2", timeout=PATIENCE)


def test_on_a_phone_the_page_opens_within_the_sheet(site: Site, visit: Visit) -> None:
    page = visit(site.person("pia"), viewport={"width": 390, "height": 844})
    _asked(page)
    page.click("button[popovertarget^=sources]")
    page.click(".source-page summary >> nth=0")
    picture = page.locator(".source-page .paper img").first
    _is_drawn(picture)
    box = picture.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_the_keyboard_alone_opens_the_picture_and_turns_the_page(site: Site, visit: Visit) -> None:
    page = visit(site.person("pola"))
    _asked(page)
    page.locator(".source-page summary").first.focus()
    page.keyboard.press("Enter")
    _is_drawn(page.locator(".source-page .paper img").first)
    page.locator(".source-page a[rel=prev]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".source-page .frame")).to_be_focused(timeout=PATIENCE)
