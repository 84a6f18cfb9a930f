"""Conversations on pages: asked again, shared, found, saved, and long ones in parts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message
from chat.turns import TURNS_SHOWN
from documents.models import Document
from tests.integration.pages import Library, browser, html_of, library, text_of

# Answering gives the connection back, which a test inside a transaction could not bear.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker"),
]

QUESTION = "How many eggs does the wren lay in April?"
KEEPER = "Who is the keeper of the garden?"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def birds(transactional_db: None) -> Library:
    return library()


@pytest.fixture
def asked(birds: Library) -> Message:
    """A question of the owner with its answer."""
    browser(birds.owner).post(reverse("conversations"), {"question": QUESTION})
    message: Message = Message.objects.get()
    return message


def _page(birds: Library, message: Message, who: str = "owner", query: str = "") -> Any:
    url = reverse("conversation", args=[message.conversation_id])
    return birds.browsers()[who].get(url + query)


def _again(birds: Library, message: Message, **data: str) -> Any:
    url = reverse("message_again", args=[message.pk])
    return browser(birds.owner).post(url, data, follow=True)


def _share(birds: Library, message: Message) -> None:
    Conversation.objects.filter(pk=message.conversation_id).update(shared_with=birds.collection)


# --- asking again ---------------------------------------------------------------------


def test_asking_again_shows_the_new_answer_and_keeps_the_old_one_below(
    birds: Library, asked: Message
) -> None:
    page = _again(birds, asked)
    newest = Message.objects.get(replaces=asked)
    assert page.redirect_chain[0][0].endswith(f"#message-{newest.pk}")
    assert "1 earlier answer" in text_of(page)
    assert f'id="message-{asked.pk}"' in html_of(page)


def test_the_earlier_answer_says_what_was_asked_when_that_was_changed(
    birds: Library, asked: Message
) -> None:
    page = _again(birds, asked, question=KEEPER)
    assert f"“{QUESTION}”" in text_of(page)
    assert "Odalys Brennt" in text_of(page)


@pytest.mark.parametrize("words", ["", "x" * 2001])
def test_words_that_cannot_be_asked_stay_in_their_open_form(
    birds: Library, asked: Message, words: str
) -> None:
    page = _again(birds, asked, question=words)
    assert page.status_code == 400
    assert '<details class="reword" open>' in html_of(page)
    assert f"{words}</textarea>" in html_of(page)
    assert Message.objects.count() == 1


def test_while_it_is_answering_asking_again_is_refused_kindly(
    birds: Library, asked: Message
) -> None:
    Message.objects.update(state=Message.State.ANSWERING, touched_at=timezone.now())
    page = _again(birds, asked)
    assert page.status_code == 409
    assert "still being written" in text_of(page)


@pytest.mark.parametrize("state", [Message.State.STOPPED, Message.State.FAILED])
def test_what_ended_early_keeps_its_text_and_can_be_asked_again(
    birds: Library, asked: Message, state: str
) -> None:
    Message.objects.update(state=state, answer="It lays se", error_code="x", error_message="Oh.")
    page = html_of(_page(birds, asked))
    assert "It lays se" in page
    assert reverse("message_again", args=[asked.pk]) in page


def test_asking_again_is_for_the_asker_alone(birds: Library, asked: Message) -> None:
    _share(birds, asked)
    url = reverse("message_again", args=[asked.pk])
    statuses = birds.statuses(url, "post")
    assert statuses == {"owner": 302, "viewer": 404, "stranger": 404, "anonymous": 302}
    assert Message.objects.count() == 2


# --- sharing --------------------------------------------------------------------------

SHARED = {"owner": 200, "viewer": 200, "stranger": 404, "anonymous": 302}
OWN = {"owner": 200, "viewer": 404, "stranger": 404, "anonymous": 302}


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("name", ["conversation", "conversation_markdown", "conversation_json"])
def test_a_shared_conversation_is_read_by_members_alone(
    birds: Library, asked: Message, name: str, is_shared: bool
) -> None:
    if is_shared:
        _share(birds, asked)
    url = reverse(name, args=[asked.conversation_id])
    assert birds.statuses(url) == (SHARED if is_shared else OWN)


@pytest.mark.parametrize("name", ["conversation_share", "conversation_delete"])
def test_what_changes_a_conversation_is_its_owners(
    birds: Library, asked: Message, name: str
) -> None:
    _share(birds, asked)
    assert birds.statuses(reverse(name, args=[asked.conversation_id])) == OWN


@pytest.mark.parametrize("name", ["conversation_share", "conversation_rename", "conversation"])
def test_no_form_of_a_reader_changes_anything(birds: Library, asked: Message, name: str) -> None:
    _share(birds, asked)
    data = {"title": "Mine", "question": "And now?", "collection": ""}
    url = reverse(name, args=[asked.conversation_id])
    assert browser(birds.viewer).post(url, data).status_code == 404
    conversation = Conversation.objects.get()
    assert (conversation.title, conversation.shared_with) == (QUESTION, birds.collection)
    assert Message.objects.count() == 1


def test_a_reader_sees_who_shares_and_no_control(birds: Library, asked: Message) -> None:
    _share(birds, asked)
    page = _page(birds, asked, "viewer")
    assert "Shared by olga with Birds" in text_of(page)
    assert "seven eggs" in text_of(page)
    for control in ('id="ask"', 'class="again"', "feedback", "Rename", "Share…"):
        assert control not in html_of(page), control


def test_an_answer_that_is_being_written_is_not_polled_by_a_reader(
    birds: Library, asked: Message
) -> None:
    _share(birds, asked)
    Message.objects.update(
        state=Message.State.ANSWERING, answer="secret", touched_at=timezone.now()
    )
    page = html_of(_page(birds, asked, "viewer"))
    assert "every 2s" not in page
    assert "secret" not in page
    part = browser(birds.viewer).get(reverse("message", args=[asked.pk]), headers=HTMX)
    assert "secret" not in html_of(part)
    assert "every 2s" not in html_of(part)


def test_before_sharing_it_is_said_what_is_shared(birds: Library, asked: Message) -> None:
    url = reverse("conversation_share", args=[asked.conversation_id])
    page = browser(birds.owner).get(url)
    assert "the words of all your questions" in text_of(page)


def test_a_conversation_is_shared_and_taken_back_by_a_form(birds: Library, asked: Message) -> None:
    url = reverse("conversation_share", args=[asked.conversation_id])
    client = browser(birds.owner)
    page = client.post(url, {"collection": birds.collection.pk}, follow=True)
    assert "The members of Birds can read this now." in text_of(page)
    assert "Shared with Birds" in text_of(page)
    client.post(url, {"collection": ""})
    assert Conversation.objects.get().shared_with is None


@pytest.mark.parametrize("collection", ["999999", "x", "-1"])
def test_it_is_not_shared_with_what_is_not_there(
    birds: Library, asked: Message, collection: str
) -> None:
    url = reverse("conversation_share", args=[asked.conversation_id])
    page = browser(birds.owner).post(url, {"collection": collection}, follow=True)
    assert "There is no such collection" in text_of(page)
    assert Conversation.objects.get().shared_with is None


def test_what_is_shared_stands_under_a_heading_of_its_own(birds: Library, asked: Message) -> None:
    _share(birds, asked)
    for url in (reverse("home"), f"{reverse('conversations')}?shared=1"):
        page = text_of(browser(birds.viewer).get(url))
        assert "Shared with you" in page
        assert QUESTION in page
    assert QUESTION not in text_of(browser(birds.viewer).get(reverse("conversations")))


# --- finding --------------------------------------------------------------------------


def _found(birds: Library, search: str, who: str = "owner", **headers: str) -> Any:
    return birds.browsers()[who].get(
        reverse("conversations"), {"search": search}, headers=headers or None
    )


def test_the_line_with_the_words_is_shown_marked_and_leads_to_its_message(
    birds: Library, asked: Message
) -> None:
    page = html_of(_found(birds, "SEVEN"))
    assert "<mark>seven</mark> eggs" in page
    assert f'href="{reverse("message", args=[asked.pk])}"' in page


def test_the_live_search_brings_the_table_that_the_page_includes(
    birds: Library, asked: Message
) -> None:
    headers = {"HX-Request": "true", "HX-Target": "found"}
    part = html_of(_found(birds, "seven", **headers)).strip()
    assert part.startswith('<div id="found"')
    assert part in html_of(_found(birds, "seven"))


def test_the_column_is_refreshed_by_its_own_request(birds: Library, asked: Message) -> None:
    headers = {"HX-Request": "true", "HX-Target": "conversations"}
    part = html_of(_found(birds, "", **headers)).strip()
    assert part.startswith('<div id="conversations"')


def test_what_is_not_found_says_how_to_search(birds: Library, asked: Message) -> None:
    assert "No conversation holds “heron”" in text_of(_found(birds, "heron"))


def test_a_reader_finds_a_shared_conversation_by_its_question_only(
    birds: Library, asked: Message
) -> None:
    _share(birds, asked)
    Conversation.objects.update(title="Birds")
    assert "<mark>April</mark>" in html_of(_found(birds, "april", "viewer"))
    assert "No conversation holds" in text_of(_found(birds, "seven", "viewer"))


@pytest.mark.parametrize("search", ["%", "\x00", "<script>", '"', "x" * 500])
def test_no_search_breaks_the_page(birds: Library, asked: Message, search: str) -> None:
    page = _found(birds, search)
    assert page.status_code == 200
    assert "<script>alert" not in html_of(page)


# --- long conversations ---------------------------------------------------------------


@pytest.fixture
def long(birds: Library) -> list[Message]:
    conversation = Conversation.objects.create(user=birds.owner, title="Long")
    return [
        Message.objects.create(
            conversation=conversation, question=f"Question {n}?", state=Message.State.COMPLETE
        )
        for n in range(2 * TURNS_SHOWN + 10)
    ]


def _shown(page: Any) -> list[str]:
    return re.findall(r'<article class="message" id="message-([0-9a-f-]{36})"', html_of(page))


def test_a_long_conversation_begins_with_its_end(birds: Library, long: list[Message]) -> None:
    page = _page(birds, long[0])
    assert _shown(page) == [str(message.pk) for message in long[-TURNS_SHOWN:]]
    assert f'href="?before={long[-TURNS_SHOWN].pk}"' in html_of(page)


def test_what_came_before_is_a_page_without_a_box_to_ask_in(
    birds: Library, long: list[Message]
) -> None:
    page = _page(birds, long[0], query=f"?before={long[10].pk}")
    assert _shown(page) == [str(message.pk) for message in long[:10]]
    assert "Show earlier questions" not in text_of(page)
    assert "To the latest question" in text_of(page)
    assert 'id="ask"' not in html_of(page)


@pytest.mark.parametrize("n", [0, 30, 70, 109])
def test_a_link_to_a_message_leads_to_the_page_that_shows_it(
    birds: Library, long: list[Message], n: int
) -> None:
    client = browser(birds.owner)
    page = client.get(reverse("message", args=[long[n].pk]), follow=True)
    assert str(long[n].pk) in _shown(page)


def test_a_border_of_another_conversation_is_none(birds: Library, long: list[Message]) -> None:
    other = Message.objects.create(
        conversation=Conversation.objects.create(user=birds.owner), question="?"
    )
    assert _page(birds, long[0], query=f"?before={other.pk}").status_code == 404
    assert _page(birds, long[0], query="?before=x").status_code == 404


def test_a_page_costs_the_same_for_many_messages_as_for_few(
    birds: Library, asked: Message, long: list[Message]
) -> None:
    for message in long[-20:]:
        Message.objects.create(
            conversation=message.conversation, question="Again?", replaces=message,
            place=message.place, state=Message.State.COMPLETE,
        )  # fmt: skip
    _again(birds, asked)
    with CaptureQueriesContext(connection) as few:
        _page(birds, asked)
    with CaptureQueriesContext(connection) as many:
        _page(birds, long[0])
    assert len(many) <= len(few)


# --- saving and copying ---------------------------------------------------------------


def test_the_copy_of_an_answer_is_inert_text_with_its_sources(
    birds: Library, asked: Message
) -> None:
    response = browser(birds.owner).get(reverse("message_export", args=[asked.pk]))
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert f"[wren](<http://testserver{birds.url('passage', 1)}" in response.content.decode()


def test_a_saved_conversation_leaves_out_a_document_that_was_deleted(
    birds: Library, asked: Message
) -> None:
    Document.objects.all().delete()
    for name in ("conversation_markdown", "conversation_json"):
        url = reverse(name, args=[asked.conversation_id])
        assert "seven" not in browser(birds.owner).get(url).content.decode()


def _fragment(birds: Library, message: Message) -> Any:
    url = f"/chat/messages/{message.pk}/"
    return browser(birds.owner).get(url, headers={"HX-Request": "true"})


def test_a_reworded_first_question_changes_the_title_on_the_page(
    birds: Library, asked: Message
) -> None:
    page = _again(birds, asked, question=KEEPER)
    assert f'<h1 id="talk-title">{KEEPER}</h1>' in html_of(page)
    newest = Message.objects.get(replaces=asked)
    fragment = browser(birds.owner).get(
        f"/chat/messages/{newest.pk}/", headers={"HX-Request": "true"}
    )
    assert f'<span hx-swap-oob="innerHTML:#talk-title">{KEEPER}</span>' in html_of(fragment)
    assert json.loads(fragment["HX-Trigger"]) == {"refresh": {"target": "#conversations"}}


def test_an_answer_to_the_question_as_it_was_leaves_the_head_alone(
    birds: Library, asked: Message
) -> None:
    url = f"/chat/messages/{asked.pk}/"
    assert "hx-swap-oob" not in html_of(
        browser(birds.owner).get(url, headers={"HX-Request": "true"})
    )
