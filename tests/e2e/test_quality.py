"""From an answer to a comparison, and from a new version to a notice, as a person goes."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Site, Visit

pytestmark = pytest.mark.browser

TEXT = """The heron of Salt Marsh

The heron of Salt Marsh stands in the reeds at dawn. It eats four eels a day.

The warden of Salt Marsh is called Ilse Varga.
"""
QUESTION = "How many eels does the heron of Salt Marsh eat a day?"
_numbers = itertools.count()


@pytest.fixture
def reader(site: Site, tmp_path: Path) -> tuple[str, Path]:
    """Return somebody who has one document that has been read, and its file."""
    name = site.person(f"reader{next(_numbers)}")
    file = tmp_path / f"heron-{name}.txt"
    file.write_text(TEXT, encoding="utf-8")
    site.manage("ingest", str(file), "--owner", name, "--wait")
    return name, file


def _asked(page: Any) -> None:
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    page.wait_for_selector(".source blockquote")
    page.wait_for_selector(".under")


def test_a_source_marked_wrong_leads_to_a_comparison(
    visit: Visit, reader: tuple[str, Path]
) -> None:
    page = visit(reader[0])
    _asked(page)
    page.locator(".judge button", has_text="Not this one").first.click()
    page.wait_for_selector(".judge button[aria-pressed=true]")
    page.get_by_role("link", name="Questions", exact=True).click()
    page.get_by_role("link", name="From feedback").click()
    assert "Not this one" in page.inner_text("table")
    page.get_by_role("link", name=QUESTION).click()
    page.locator(".hits.judged button", has_text="Right passage").first.click()
    page.goto("/questions/")
    page.get_by_role("link", name="From feedback").click()
    page.get_by_role("link", name="Compare a change").click()
    page.fill("#id_dense_weight", "0.9")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("text=Question by question")
    page.locator(".compared summary").first.click()
    assert "Right passage at 1" in page.inner_text(".compared")
    assert "0.9 compared" in page.inner_text("main")


def test_the_same_works_without_script(visit: Visit, reader: tuple[str, Path]) -> None:
    page = visit(reader[0], script=False)
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.click("#send")
    page.locator(".judge button", has_text="Right passage").first.click()
    assert page.locator(".judge button[aria-pressed=true]").count() == 1
    page.get_by_role("link", name="Save or watch").click()
    page.get_by_role("button", name="Watch this answer").click()
    assert "You will hear when it changes." in page.inner_text("main")


def test_a_watched_answer_that_changes_is_told_under_notices(
    visit: Visit, site: Site, reader: tuple[str, Path]
) -> None:
    name, file = reader
    page = visit(name)
    _asked(page)
    page.get_by_role("link", name="Save or watch").click()
    page.get_by_role("button", name="Watch this answer").click()
    page.wait_for_selector("text=You will hear when it changes.")
    file.write_text(TEXT.replace("four eels", "five eels"), encoding="utf-8")
    site.manage("ingest", str(file), "--owner", name, "--wait")
    deadline = time.monotonic() + 30
    while "five eels" not in page.inner_text("body") and time.monotonic() < deadline:
        time.sleep(0.5)
        page.goto("/notices/")
    text = page.inner_text("main")
    assert text.index("four eels") < text.index("five eels")
    assert page.locator(".count").inner_text() == "1"
    page.get_by_role("button", name="Mark as seen", exact=True).click()
    assert page.locator(".count").count() == 0
