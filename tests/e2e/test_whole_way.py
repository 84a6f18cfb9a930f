"""The whole way of a doubt, in one go: from a sentence to the measure of a change."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site, Visit
from tests.samples import pdf_bytes

pytestmark = pytest.mark.browser

#: Milliseconds for what a worker or a sandbox does, on a machine that does other things too.
PATIENCE = 40_000
FACT = "The mill of Low Weir grinds nine sacks of rye a day."
QUESTION = "How many sacks of rye does the mill of Low Weir grind a day?"
FILE = {
    "name": "mill.pdf",
    "mimeType": "application/pdf",
    "buffer": pdf_bytes(
        [f"{FACT}\n\nThe miller is called Tove Aas.", "The weir was built in 1871."]
    ),
}


@pytest.fixture
def page(site: Site, visit: Visit) -> Any:
    """Return the page of somebody whose document has been read and who has an answer."""
    page = visit(site.person("tove"))
    page.goto("/documents/")
    page.set_input_files("#upload_files", [FILE])
    row = page.locator("#documents tr", has_text="mill")
    expect(row.locator(".state.ready")).to_be_visible(timeout=PATIENCE)
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    expect(page.locator(".message .prose:not(.streaming)")).to_contain_text("nine sacks")
    return page


def test_a_doubt_leads_from_a_sentence_to_the_measure_of_a_change(page: Any) -> None:
    page.hover(".sentence >> nth=0")
    expect(page.locator(".source.lit")).to_have_count(1)

    page.click(".source-page summary >> nth=0")
    picture = page.locator(".source-page .paper img").first
    expect(picture).to_be_visible(timeout=PATIENCE)
    assert "highlight=" in (picture.get_attribute("src") or "")

    page.locator(".judge button", has_text="Not this one").first.click()
    expect(page.locator(".judge button[aria-pressed=true]")).to_have_text("Not this one")

    page.get_by_role("link", name="Questions", exact=True).click()
    page.get_by_role("link", name="From feedback").click()
    expect(page.locator("table")).to_contain_text(QUESTION)

    page.get_by_role("link", name="Compare a change").click()
    page.fill("#id_dense_weight", "0.8")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("main")).to_contain_text("Question by question", timeout=PATIENCE)
    expect(page.locator(".compared")).to_contain_text(QUESTION)
