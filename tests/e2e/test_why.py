"""Why an answer is what it is, and what a refusal offers, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site, Visit

pytestmark = pytest.mark.browser

ANSWERED, REFUSED = "How many passengers does the Grey Heron carry?", "How does tungsten boil?"


def _samples(page: Any) -> None:
    """Add the sample library, and wait until it can be asked."""
    page.goto("/")
    page.click("text=Add the sample library")
    for _ in range(80):
        page.goto("/")
        if page.get_by_text("4 documents answer").count():
            return
        page.wait_for_timeout(500)
    pytest.fail("the sample library was not read")


def test_the_panel_opens_below_its_answer_and_fits_a_phone(site: Site, visit: Visit) -> None:
    page = visit(site.person("yvonne"), viewport={"width": 390, "height": 844})
    _samples(page)
    page.fill("#id_question", ANSWERED)
    page.press("#id_question", "Enter")
    page.get_by_text("Confidence:").first.click()
    expect(page.get_by_text("Of 100 answers with this number")).to_be_visible()
    page.get_by_role("link", name="Why this answer?").press("Enter")
    panel = page.locator(".why")
    expect(panel).to_contain_text("What the search ranked")
    expect(panel).to_contain_text("How far the sources carry the sentences")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script_a_refusal_leads_to_what_is_near_and_to_its_why(
    site: Site, visit: Visit
) -> None:
    page = visit(site.person("zeno"), script=False)
    _samples(page)
    page.fill("#id_question", REFUSED)
    page.click("#send")
    expect(page.locator(".near li")).to_have_count(3)
    expect(page.locator(".legend")).to_contain_text("Searched: 4 documents in Sample library")
    page.get_by_role("link", name="Why this answer?").click()
    expect(page.get_by_role("heading", name="Why this answer?")).to_be_visible()
    expect(page.locator(".why")).to_contain_text("Below the threshold")
