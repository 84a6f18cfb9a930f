"""What every page keeps to: the policy, the token, escaped names, and a budget of queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from chat.models import Citation, Conversation, Message
from documents.models import Collection, Document
from documents.services.documents import document_upload
from tests.integration.factories import person, shelf, work
from tests.integration.pages import Library, browser, html_of, library

pytestmark = pytest.mark.django_db

HOSTILE = '"><img src=x onerror=alert(1)><b hx-get="/x" hx-trigger="load">'
PLACES = ["home", "documents", "search", "collections", "conversations", "tokens"]


@pytest.fixture
def birds(db: None) -> Library:
    return library()


def _answered(birds: Library, text: str = "It lays seven eggs. [1]") -> Message:
    """Return a question with an answer that cites the document."""
    conversation = Conversation.objects.create(user=birds.owner, title=text[:80])
    message = Message.objects.create(
        conversation=conversation,
        question=text,
        answer=text,
        state=Message.State.COMPLETE,
        sentences=[
            {
                "text": text.removesuffix(" [1]"),
                "citations": [1],
                "verdict": "supported",
                "start": 0,
                "end": len(text),
            }
        ],
    )
    Citation.objects.create(
        message=message,
        n=1,
        document=birds.document,
        title=text,
        version=1,
        start=0,
        end=8,
        quote=text,
    )
    return message


def _pages(birds: Library, message: Message) -> list[str]:
    return [
        *map(reverse, PLACES),
        birds.url("document"),
        birds.url("passage", 1),
        birds.url("document_delete"),
        reverse("collection", args=[birds.collection.pk]),
        reverse("collection_delete", args=[birds.collection.pk]),
        reverse("conversation", args=[message.conversation_id]),
        reverse("conversation_delete", args=[message.conversation_id]),
        reverse("conversation_share", args=[message.conversation_id]),
        f"{reverse('conversations')}?search=eggs",
        f"{reverse('documents_progress')}?id={birds.document.pk}",
        f"{reverse('search')}?q=eggs",
        f"{reverse('home')}?document={birds.document.pk}",
    ]


def _assert_guarded(response: Any) -> None:
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "http" not in policy
    for part in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_page_is_guarded_and_kept_out_of_caches(birds: Library) -> None:
    client = browser(birds.owner)
    for url in _pages(birds, _answered(birds)):
        response = client.get(url)
        assert response.status_code == 200, url
        _assert_guarded(response)
        assert response["Cache-Control"] == "no-store"
        assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("url", ["/login/", "/nothing-here/", "/documents/", "/admin/"])
def test_what_nobody_sees_is_guarded_too(db: None, url: str) -> None:
    _assert_guarded(browser().get(url))


def _hostile_library() -> Library:
    place = library("bad.txt", HOSTILE.encode() + b" seven eggs", title=HOSTILE, author=HOSTILE)
    Collection.objects.filter(pk=place.collection.pk).update(name=HOSTILE)
    place.document.versions.update(
        filename=f"{HOSTILE}.txt", notices=[{"code": "x", "message": HOSTILE}]
    )
    return place


def test_no_name_text_or_answer_becomes_markup_anywhere(db: None) -> None:
    place = _hostile_library()
    client = browser(place.owner)
    for url in _pages(place, _answered(place, HOSTILE)):
        page = html_of(client.get(url))
        assert "<img" not in page, url
        assert "<b " not in page, url


def test_the_reason_of_a_failure_is_escaped(birds: Library) -> None:
    birds.document.versions.update(status="failed", error_message=HOSTILE)
    for url in (reverse("documents"), birds.url("document")):
        assert "<img" not in html_of(browser(birds.owner).get(url))


def test_a_hostile_query_is_shown_as_text(birds: Library) -> None:
    client = browser(birds.owner)
    for url in (reverse("search"), reverse("home"), reverse("documents")):
        page = html_of(client.get(url, {"q": HOSTILE, "search": HOSTILE}))
        assert "<img" not in page


def test_the_administration_escapes_names(db: None) -> None:
    _hostile_library()
    client = browser(person("root", is_staff=True, is_superuser=True))
    for model in ("collection", "document", "documentversion"):
        page = html_of(client.get(reverse(f"admin:documents_{model}_changelist")))
        assert "<img src=x" not in page


def test_text_of_others_is_out_of_reach_for_htmx(birds: Library) -> None:
    message = _answered(birds)
    client = browser(birds.owner)
    conversation = html_of(client.get(reverse("conversation", args=[message.conversation_id])))
    assert '<div class="prose" hx-disable>' in conversation
    assert '<div class="reading" hx-disable>' in html_of(client.get(birds.url("passage", 1)))
    assert '<ol class="hits" hx-disable>' in html_of(client.get(reverse("search"), {"q": "eggs"}))


def _changes(birds: Library, message: Message) -> list[str]:
    return [
        reverse("document_upload"),
        reverse("samples"),
        reverse("collections"),
        reverse("conversations"),
        reverse("tokens"),
        reverse("logout"),
        reverse("login"),
        *(birds.url(name) for name in ("document_edit", "document_retry", "document_delete")),
        birds.url("version_upload"),
        *(
            reverse(name, args=[birds.collection.pk])
            for name in ("collection_rename", "collection_delete", "member_add")
        ),
        reverse("conversation", args=[message.conversation_id]),
        reverse("conversation_delete", args=[message.conversation_id]),
        reverse("conversation_share", args=[message.conversation_id]),
        reverse("conversation_rename", args=[message.conversation_id]),
        reverse("message_again", args=[message.pk]),
        reverse("feedback", args=[message.pk]),
    ]


def test_nothing_changes_without_the_token_of_the_form(birds: Library) -> None:
    client = browser(birds.owner, csrf=True)
    for url in _changes(birds, _answered(birds)):
        assert client.post(url, {}).status_code == 403, url


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_nothing_changes_from_another_site(birds: Library, origin: str) -> None:
    client = browser(birds.owner, csrf=True)
    client.get(reverse("documents"))
    token = client.cookies["csrftoken"].value
    headers = {"Origin": origin}
    for url in _changes(birds, _answered(birds)):
        data = {"csrfmiddlewaretoken": token}
        assert client.post(url, data, headers=headers).status_code == 403, url


def _counts() -> tuple[int, ...]:
    models: tuple[Any, ...] = (Document, Collection, Conversation, Message, Citation)
    return tuple(model.objects.count() for model in models)


def test_reading_changes_nothing(birds: Library) -> None:
    message = _answered(birds)
    client, before = browser(birds.owner), _counts()
    for url in [*_pages(birds, message), *_changes(birds, message)]:
        client.get(url)
        client.head(url)
    assert _counts() == before


#: Session and user are two of them.
#: One of each counts the notices that were not seen.
BUDGET = {
    "home": 10,  # with what others share, in the column
    "documents": 10,
    "search": 17,
    "collections": 5,
    "conversations": 6,  # counted for its pages; whether anything is shared
    "tokens": 4,
    "document": 8,
    "passage": 7,
    "collection": 6,
    "conversation": 13,  # with what others share, in the column
    "questions": 7,
    "notices": 6,
}


def _address(name: str, birds: Library, message: Message) -> str:
    return {
        "search": f"{reverse('search')}?q=eggs",
        "document": birds.url("document"),
        "passage": birds.url("passage", 1),
        "collection": reverse("collection", args=[birds.collection.pk]),
        "conversation": reverse("conversation", args=[message.conversation_id]),
    }.get(name) or reverse(name)


@pytest.mark.parametrize("name", BUDGET)
def test_a_page_keeps_to_its_budget_of_queries(
    birds: Library, name: str, django_assert_max_num_queries: Any
) -> None:
    message = _answered(birds)
    client = browser(birds.owner)
    with django_assert_max_num_queries(BUDGET[name]):
        client.get(_address(name, birds, message))


def test_more_documents_and_answers_cost_no_more_queries(
    birds: Library, django_assert_max_num_queries: Any
) -> None:
    for i in range(8):
        shelf(birds.owner, f"Shelf {i}")
        document_upload(
            user=birds.owner,
            data=f"Text number {i}.".encode(),
            filename=f"{i}.txt",
            collection=birds.collection,
        )
        last = _answered(birds)
    Message.objects.update(conversation=last.conversation)
    work()
    client = browser(birds.owner)
    for name in ("home", "documents", "collections", "conversation"):
        with django_assert_max_num_queries(BUDGET[name]):
            client.get(_address(name, birds, last))
