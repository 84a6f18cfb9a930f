"""Conversations worth keeping, in a real browser: asked again, reworded, copied, shared, found."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site, Visit
from tests.e2e.test_ask import LIGHTHOUSE, QUESTION, SOURCES, _ready, _streamed, _upload

pytestmark = pytest.mark.browser

LAMP = "When was the lamp lit for the first time?"
ANSWER = ".message .body > .prose:not(.streaming)"


def _asked(page: Any, question: str = QUESTION) -> None:
    """Ask, with the lighthouse in the library, and wait for the answer."""
    _upload(page, LIGHTHOUSE)
    _ready(page)
    page.goto("/")
    page.fill("#id_question", question)
    page.press("#id_question", "Enter")
    expect(page.locator(ANSWER)).to_contain_text("Miriam Oduya")


def test_an_answer_is_asked_for_again_and_the_earlier_one_stays(site: Site, visit: Visit) -> None:
    page = visit(site.person("again"))
    _asked(page)
    page.click("text=Ask again")
    page.click(".earlier summary")
    expect(page.locator(".message")).to_have_count(1)
    expect(page.locator(".earlier summary")).to_have_text("1 earlier answer")
    expect(page.locator(".earlier-answer .prose")).to_contain_text("Miriam Oduya")
    page.click("text=Ask again")
    expect(page.locator(".earlier summary")).to_have_text("2 earlier answers")


def test_a_question_is_reworded_in_its_place(site: Site, visit: Visit) -> None:
    page = visit(site.person("edith"))
    _asked(page)
    page.click(".reword summary")
    page.fill(".reword textarea", LAMP)
    page.press(".reword textarea", "Enter")
    expect(page.locator(ANSWER)).to_contain_text("1884")
    expect(page.locator(".message .question")).to_have_text(LAMP)
    page.reload()
    expect(page.locator(".message .question")).to_have_text(LAMP)


def test_without_script_asking_again_and_rewording_are_forms(site: Site, visit: Visit) -> None:
    name = site.person("plain")
    _asked(visit(name))
    page = visit(name, script=False)
    page.goto("/chat/")
    page.click(".table .title")
    page.click("text=Ask again")
    expect(page.locator(".earlier summary")).to_have_text("1 earlier answer")
    page.click(".reword summary")
    page.fill(".reword textarea", LAMP)
    page.click("text=Ask this instead")
    expect(page.locator(".message .question")).to_have_text(LAMP)
    expect(page.locator(ANSWER)).to_contain_text("1884")


def test_a_failed_second_try_leaves_the_first_answer_and_the_new_words(
    site: Site, visit: Visit
) -> None:
    page = visit(site.person("retry"))
    _asked(page)
    page.route("**/api/chat", lambda route: route.abort())
    page.click(".reword summary")
    page.fill(".reword textarea", LAMP)
    for _ in range(2):
        page.press(".reword textarea", "Enter")
        expect(page.locator("#send")).to_be_visible()
        expect(page.locator(".message [role=alert]")).to_have_count(1)
    expect(page.locator(".message .note.error")).to_contain_text("could not be reached")
    expect(page.locator(ANSWER)).to_contain_text("Miriam Oduya")
    expect(page.locator(".reword textarea")).to_have_value(LAMP)


def test_escape_stops_and_the_answer_before_comes_back(site: Site, visit: Visit) -> None:
    page = visit(site.person("esc"))
    _asked(page)
    page.evaluate(_streamed(), [SOURCES, 'event: delta\ndata: {"text": "So"}\n\n'])
    page.click("text=Ask again")
    expect(page.locator(".prose.streaming")).to_have_text("So")
    page.keyboard.press("Escape")
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator(ANSWER)).to_contain_text("Miriam Oduya")


def test_an_answer_is_copied_with_its_sources(site: Site, visit: Visit) -> None:
    page = visit(site.person("copy"), permissions=["clipboard-read", "clipboard-write"])
    _asked(page)
    page.click("a.copy")
    expect(page.locator("a.copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Miriam Oduya" in copied
    assert f"1. [lighthouse](<{site.url}/documents/" in copied


def test_without_a_clipboard_the_answer_is_selected(site: Site, visit: Visit) -> None:
    page = visit(site.person("select"))
    _asked(page)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.click("a.copy")
    expect(page.locator("a.copy")).to_contain_text("Selected")
    assert "Miriam Oduya" in page.evaluate("getSelection().toString()")


def test_without_script_the_copy_is_a_page_of_text(site: Site, visit: Visit) -> None:
    name = site.person("reader")
    _asked(visit(name))
    page = visit(name, script=False)
    page.goto("/chat/")
    page.click(".table .title")
    page.click("a.copy")
    expect(page.locator("body")).to_contain_text("**Sources**")


def test_a_conversation_is_shared_to_be_read_and_no_more(site: Site, visit: Visit) -> None:
    owner, reader = site.person("olive"), site.person("rufus")
    page, other = visit(owner), visit(reader)
    _asked(page)
    _let_in(page, reader)
    place = _shared(page)
    other.goto("/chat/?shared=1")
    other.click(".table .title")
    expect(other).to_have_url(place)
    expect(other.locator(".shared-note")).to_contain_text("Shared by olive")
    expect(other.locator(ANSWER)).to_contain_text("Miriam Oduya")
    for own in ("#ask", ".again", ".feedback", "text=Rename", "text=Share…"):
        assert other.locator(own).count() == 0, own
    other.locator("a.cite").first.focus()
    expect(other.locator('.source[data-n="1"]')).to_have_class(re.compile("lit"))
    page.click(".shared-note a")
    page.select_option("#id_collection", label="Nobody")
    page.click("text=Save")
    assert other.goto(place).status == 404


def _let_in(page: Any, name: str) -> None:
    """Make this person a member of the collection with the lighthouse."""
    place = page.url
    page.goto("/collections/")
    page.click("main table a")
    page.fill("input[name=username]:visible", name)
    page.press("input[name=username]:visible", "Enter")
    expect(page.locator("main")).to_contain_text(name)
    page.goto(place)


def _shared(page: Any) -> str:
    """Share the conversation with the only collection, and return its address."""
    place = str(page.url)
    page.click(".talk-head summary")
    page.click("text=Share…")
    expect(page.locator("main")).to_contain_text("the words of all your questions")
    page.select_option("#id_collection", index=1)
    page.click("text=Save")
    expect(page).to_have_url(place)
    return place


@pytest.mark.parametrize("script", [True, False])
def test_a_conversation_is_found_by_the_words_of_its_answer(
    site: Site, visit: Visit, script: bool
) -> None:
    name = site.person(f"finder{script}".lower())
    _asked(visit(name))
    page = visit(name, script=script)
    page.goto("/chat/")
    page.fill("#id_search", "MIRIAM oduya")
    if not script:
        page.click("button:has-text('Find')")
    expect(page.locator(".match mark").first).to_have_text("Miriam")
    page.click(".match")
    expect(page).to_have_url(re.compile(r"#message-[0-9a-f-]{36}$"))


def test_the_menu_saves_the_conversation_as_a_file(site: Site, visit: Visit) -> None:
    page = visit(site.person("saver"))
    _asked(page)
    page.reload()
    page.click(".talk-head summary")
    with page.expect_download() as saved:
        page.click("text=Save as Markdown")
    assert re.match(r"who-was-the-last-keeper.*\.md$", saved.value.suggested_filename)
    assert "Miriam Oduya" in saved.value.path().read_text()
