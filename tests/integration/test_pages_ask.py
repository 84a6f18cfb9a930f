"""Asking without script, and what the pages make of answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from chat.models import Citation, Conversation, Feedback, Message
from documents.samples import NAME, QUESTIONS, samples_upload
from documents.services.documents import document_delete
from tests.integration.factories import person, work
from tests.integration.pages import Library, browser, html_of, library, text_of

# Answering gives the connection back, which a test inside a transaction could not bear.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker"),
]

QUESTION = "How many eggs does the wren lay in April?"


@pytest.fixture
def birds(transactional_db: None) -> Library:
    return library()


def _ask(birds: Library, question: str = QUESTION, **more: Any) -> Any:
    """Ask as a form does, and return the page it leads to."""
    data = {"question": question, **more}
    return browser(birds.owner).post(reverse("conversations"), data, follow=True)


def _message() -> Message:
    return Message.objects.get()


def test_a_new_installation_offers_documents_and_samples(transactional_db: None) -> None:
    page = text_of(browser(person()).get(reverse("home")))
    assert "A library that answers" in page
    assert "Add the sample library" in page


def test_the_sample_library_answers_each_question_it_suggests(transactional_db: None) -> None:
    user = person()
    client = browser(user)
    client.post(reverse("samples"))
    work()
    page = text_of(client.get(reverse("home")))
    for question in QUESTIONS:
        assert question in page
        answer = client.post(reverse("conversations"), {"question": question}, follow=True)
        assert 'class="cite"' in html_of(answer), question


def test_adding_the_sample_library_twice_adds_nothing(transactional_db: None) -> None:
    user = person()
    first, second = samples_upload(user=user), samples_upload(user=user)
    assert [d.pk for d in first] == [d.pk for d in second]
    assert user.collections.filter(name=NAME).count() == 1


def test_a_question_leads_to_its_answer_with_a_link_to_the_passage(birds: Library) -> None:
    response = _ask(birds)
    citation = Citation.objects.get(n=1)
    url = f"{birds.url('passage', 1)}?start={citation.start}&amp;end={citation.end}#passage"
    assert response.redirect_chain[0][0].endswith(f"#message-{_message().pk}")
    assert "seven eggs" in text_of(response)
    assert f'href="{url}"' in html_of(response)


def test_the_link_of_a_citation_shows_its_quote_marked(birds: Library) -> None:
    _ask(birds)
    citation = Citation.objects.get(n=1)
    url = f"{birds.url('passage', 1)}?start={citation.start}&end={citation.end}"
    assert f"autofocus>{citation.quote}</mark>" in html_of(browser(birds.owner).get(url))


def test_a_follow_up_stays_in_its_conversation(birds: Library) -> None:
    client = browser(birds.owner)
    _ask(birds)
    url = reverse("conversation", args=[_message().conversation_id])
    page = client.post(url, {"question": "Who feeds the young?"}, follow=True)
    assert Conversation.objects.count() == 1
    assert html_of(page).count('<article class="message"') == 3  # the template of one, too


@pytest.mark.parametrize("question", ["", "   ", "x" * 2001])
def test_a_question_that_cannot_be_asked_is_kept_and_explained(
    birds: Library, question: str
) -> None:
    response = _ask(birds, question)
    assert response.status_code == 400
    assert 'class="note error"' in html_of(response)
    assert question.strip() in text_of(response)
    assert not Message.objects.exists()


def test_what_nothing_answers_is_refused_and_leads_to_the_search(birds: Library) -> None:
    page = _ask(birds, "Which enzyme cleaves lactose?")
    assert _message().refused
    assert f'href="{reverse("search")}?q=Which%20enzyme' in html_of(page)
    assert 'class="cite"' not in html_of(page)


def test_a_question_can_be_narrowed_to_one_document(birds: Library) -> None:
    client = browser(birds.owner)
    page = client.get(f"{reverse('home')}?document={birds.document.pk}")
    hidden = f'<input type="hidden" name="documents" value="{birds.document.pk}"'
    assert hidden in html_of(page)
    _ask(birds, documents=[str(birds.document.pk)])
    assert _message().scope["documents"] == [str(birds.document.pk)]


def test_a_suggested_question_waits_in_the_box_and_is_not_asked_by_a_link(birds: Library) -> None:
    page = browser(birds.owner).get(f"{reverse('home')}?q=Who+is+Odalys%3F")
    assert "Who is Odalys?</textarea>" in html_of(page)
    assert not Message.objects.exists()


def test_the_message_is_the_fragment_that_the_conversation_includes(birds: Library) -> None:
    whole = html_of(_ask(birds))
    url = reverse("message", args=[_message().pk])
    part = html_of(browser(birds.owner).get(url, headers={"HX-Request": "true"}))
    assert part.startswith("<article")
    assert part.split("</h2>")[0] in whole


def test_a_message_opened_by_itself_leads_to_its_conversation(birds: Library) -> None:
    _ask(birds)
    response = browser(birds.owner).get(reverse("message", args=[_message().pk]))
    assert response["Location"].endswith(f"#message-{_message().pk}")


def test_an_answer_that_is_being_written_asks_for_itself_again(birds: Library) -> None:
    _ask(birds)
    Message.objects.update(state=Message.State.ANSWERING)
    url = reverse("message", args=[_message().pk])
    part = html_of(browser(birds.owner).get(url, headers={"HX-Request": "true"}))
    assert f'hx-get="{url}" hx-trigger="every 2s"' in part


def test_a_rating_is_kept_and_shown(birds: Library) -> None:
    _ask(birds)
    url = reverse("feedback", args=[_message().pk])
    page = browser(birds.owner).post(url, {"rating": "-1", "comment": "Too short"}, follow=True)
    assert Feedback.objects.get().rating == -1
    assert 'value="-1" aria-pressed="true"' in html_of(page)
    assert 'value="Too short"' in html_of(page)


@pytest.mark.parametrize("rating", ["", "0", "2", "x"])
def test_a_rating_that_is_none_is_not_kept(birds: Library, rating: str) -> None:
    _ask(birds)
    browser(birds.owner).post(reverse("feedback", args=[_message().pk]), {"rating": rating})
    assert not Feedback.objects.exists()


def test_a_conversation_is_renamed(birds: Library) -> None:
    _ask(birds)
    key = _message().conversation_id
    url = reverse("conversation_rename", args=[key])
    browser(birds.owner).post(url, {"title": "About wrens"})
    assert Conversation.objects.get().title == "About wrens"


def test_deleting_a_conversation_names_it_and_asks_once(birds: Library) -> None:
    _ask(birds)
    client = browser(birds.owner)
    url = reverse("conversation_delete", args=[_message().conversation_id])
    assert QUESTION in text_of(client.get(url))
    client.post(url)
    assert not Conversation.objects.exists()


def test_an_old_answer_says_that_its_source_is_gone(birds: Library) -> None:
    _ask(birds)
    document_delete(user=birds.owner, document=birds.document)
    url = reverse("conversation", args=[_message().conversation_id])
    page = browser(birds.owner).get(url)
    assert "A source you can no longer read" in text_of(page)
    assert "seven eggs" not in text_of(page)


def test_a_search_shows_its_passages_with_the_words_marked(birds: Library) -> None:
    page = browser(birds.viewer).get(reverse("search"), {"q": "eggs in April"})
    assert "<mark>eggs</mark>" in html_of(page)
    assert f'href="{birds.url("passage", 1)}?start=' in html_of(page)
    assert f'href="{reverse("home")}?q=eggs%20in%20April"' in html_of(page)


def test_a_stranger_finds_nothing(birds: Library) -> None:
    page = browser(birds.stranger).get(reverse("search"), {"q": "seven eggs"})
    assert "Nothing was found" in text_of(page)


@pytest.mark.parametrize(
    "query", ["q=", "q=%00", "q=%22", "q=a+AND", "q=x&mode=nonsense", "q=x&collection=fishes"]
)
def test_no_search_breaks_the_page(birds: Library, query: str) -> None:
    assert browser(birds.owner).get(f"{reverse('search')}?{query}").status_code == 200


def test_the_forms_say_what_the_installation_accepts(birds: Library) -> None:
    page = html_of(browser(birds.owner).get(reverse("documents")))
    assert f'data-max-size="{settings.MAX_FILE_SIZE}"' in page
    assert 'accept=".pdf,.txt,.docx,.md,.html,.pptx,' in page
    assert ",.xlsm," in page
