"""From a file to an answer and to the passage that carries it, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Site, Visit

pytestmark = pytest.mark.browser

LIGHTHOUSE = {
    "name": "lighthouse.txt",
    "mimeType": "text/plain",
    "buffer": (
        b"The lighthouse of Sable Point\n\n"
        b"The lighthouse stands 41 metres above the sea. Its lamp was lit for the first time in "
        b"1884.\n\n"
        b"The last keeper was Miriam Oduya. She left the tower in 1989, when it became automatic."
    ),
}
QUESTION = "Who was the last keeper of the lighthouse?"


def _upload(page: Any, *files: dict[str, Any]) -> None:
    page.goto("/documents/")
    page.set_input_files("#upload_files", list(files))


def _ready(page: Any, name: str = "lighthouse") -> Any:
    row = page.locator("#documents tr", has_text=name)
    expect(row.locator(".state.ready")).to_be_visible(timeout=40_000)
    return row


def test_with_script_a_file_is_uploaded_asked_and_its_passage_followed(
    site: Site, visit: Visit
) -> None:
    page = visit(site.person("wanda"))
    _upload(page, LIGHTHOUSE)
    _ready(page)
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    answer = page.locator(".message .prose:not(.streaming)")
    expect(answer).to_contain_text("Miriam Oduya")
    expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/$"))
    answer.locator("a.cite").first.click()
    expect(page.locator("mark#passage")).to_contain_text("Miriam Oduya")
    expect(page.locator("mark#passage")).to_be_in_viewport()


def test_without_script_the_same_works_with_forms_and_links(site: Site, visit: Visit) -> None:
    page = visit(site.person("ned"), script=False)
    _upload(page, LIGHTHOUSE)
    page.click("#upload button[type=submit]")
    expect(page.locator(".note.success")).to_contain_text("1 document was added")
    for _ in range(60):
        if page.locator("#documents .state.ready").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.click("#send")
    expect(page.locator(".message .prose")).to_contain_text("Miriam Oduya")
    page.locator(".message a.cite").first.click()
    expect(page.locator("mark#passage")).to_contain_text("Miriam Oduya")


def test_the_sentence_in_focus_lights_its_source(site: Site, visit: Visit) -> None:
    page = visit(site.person("lena"))
    _upload(page, LIGHTHOUSE)
    _ready(page)
    page.goto("/")
    page.fill("#id_question", QUESTION)
    page.click("#send")
    page.locator(".prose:not(.streaming) a.cite").first.focus()
    expect(page.locator('.source[data-n="1"]')).to_have_class(re.compile("lit"))
    page.locator("#id_question").focus()
    expect(page.locator(".source.lit")).to_have_count(0)


def test_a_refused_file_says_why_beside_one_that_is_taken(site: Site, visit: Visit) -> None:
    page = visit(site.person("rosa"))
    empty = {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}
    _upload(page, empty, LIGHTHOUSE)
    expect(page.locator(".uploads .failed")).to_have_text("The file is empty.")
    _ready(page)


def test_files_dropped_anywhere_are_uploaded(site: Site, visit: Visit) -> None:
    page = visit(site.person("dora"))
    page.goto("/documents/")
    transfer = page.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            for (const name of ["first.txt", "second.txt"])
                transfer.items.add(new File([`The text of ${name}.`], name));
            return transfer;
        }"""
    )
    page.dispatch_event("main", "dragover", {"dataTransfer": transfer})
    expect(page.locator("body")).to_have_class(re.compile("dropping"))
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    _ready(page, "first")
    _ready(page, "second")


def test_a_question_that_fails_keeps_its_text(site: Site, visit: Visit) -> None:
    page = visit(site.person("fred"))
    page.route("**/api/chat", lambda route: route.abort())
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    expect(page.locator(".message .note.error")).to_contain_text("could not be reached")
    expect(page.locator("#id_question")).to_have_value(QUESTION)


def _streamed(*pieces: str) -> str:
    """Return the script of a ``fetch`` that answers with these pieces and then waits."""
    return """pieces => {
        const encoder = new TextEncoder();
        const fetched = window.fetch;
        window.fetch = (url, options) => url !== "/api/chat" ? fetched(url, options)
            : Promise.resolve(new Response(new ReadableStream({
                start(controller) {
                    for (const piece of pieces)
                        for (const byte of encoder.encode(piece))
                            controller.enqueue(new Uint8Array([byte]));
                    options.signal.addEventListener("abort",
                        () => controller.error(new DOMException("stopped", "AbortError")));
                },
            })));
    }"""


SOURCES = 'event: sources\r\ndata: {"sources": [], "message_id": "", "conversation_id": ""}\r\n\r\n'
HOSTILE = "Ünïcode 🕯 <img src=x onerror=alert(1)> <script>alert(1)</script>"


def test_a_stream_split_at_every_byte_is_shown_as_text_and_can_be_stopped(
    site: Site, visit: Visit
) -> None:
    page = visit(site.person("sven"))
    deltas = [f'event: delta\ndata: {{"text": "{HOSTILE}"}}\n\n', ": still here\n\n"]
    page.evaluate(_streamed(), [SOURCES, *deltas])
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    expect(page.locator(".prose.streaming")).to_have_text(HOSTILE)
    assert page.locator(".message img, .message script").count() == 0
    expect(page.locator("#stop")).to_be_focused()
    page.click("#stop")
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#id_question")).to_have_value(QUESTION)


def test_an_error_in_the_stream_is_told_and_keeps_the_question(site: Site, visit: Visit) -> None:
    page = visit(site.person("erik"))
    error = 'event: error\ndata: {"detail": "The model is busy.", "code": "model_busy"}\n\n'
    page.evaluate(_streamed(), [SOURCES, error])
    page.fill("#id_question", QUESTION)
    page.press("#id_question", "Enter")
    expect(page.locator(".message [role=alert]")).to_have_text("The model is busy.")
    expect(page.locator("#id_question")).to_have_value(QUESTION)


def test_the_first_screen_offers_samples_and_then_waits_for_them(site: Site, visit: Visit) -> None:
    page = visit(site.person("nora"))
    page.click("text=Add the sample library")
    page.click("text=How many days of leave do new employees have?", timeout=40_000)
    page.press("#id_question", "Enter")
    expect(page.locator(".prose:not(.streaming)")).to_contain_text("26 days")


def test_after_signing_out_the_way_back_shows_nothing(site: Site, visit: Visit) -> None:
    page = visit(site.person("otto"))
    _upload(page, LIGHTHOUSE)
    _ready(page)
    page.click(".account summary")
    page.click("text=Sign out")
    expect(page).to_have_url(re.compile("/login/"))
    page.go_back()
    expect(page.locator("body")).not_to_contain_text("lighthouse")


@pytest.mark.parametrize("script", [True, False])
def test_no_page_is_wider_than_a_phone(site: Site, visit: Visit, script: bool) -> None:
    name = site.person(f"phone{script}".lower())
    page = visit(name, script=script, viewport={"width": 390, "height": 844})
    for path in ("/", "/documents/", "/search/?q=lamp", "/collections/", "/tokens/", "/chat/"):
        page.goto(path)
        box = page.locator("main").bounding_box()
        assert box["x"] + box["width"] <= 390, path
        if script:
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_keyboard_alone_is_enough_to_ask(site: Site, visit: Visit) -> None:
    page = visit(site.person("kim"))
    _upload(page, LIGHTHOUSE)
    _ready(page)
    page.goto("/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "id_question":
            break
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_contain_text("Answer: The last keeper was Miriam Oduya")
