"""The library as it was, on the pages for searching and asking."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from chat.models import Message
from tests.integration.factories import Api, assert_problem
from tests.integration.pages import browser, html_of, text_of
from tests.integration.versions import QUESTION, wren_of_three

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]


@pytest.fixture
def wren(ada: Api) -> dict[str, Any]:
    return wren_of_three(ada)


def _search(api: Api, **query: str) -> Any:
    return browser(api.user).get(reverse("search"), {"q": "eggs in April", **query})


def _ask(api: Api, **more: Any) -> Any:
    data = {"question": QUESTION, **more}
    return browser(api.user).post(reverse("conversations"), data, follow=True)


# --- searching ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "said", "number"),
    [("2026-01-20", "seven", 1), ("2026-02-20T10:00", "nine", 2), ("", "eleven", 3)],
)
def test_the_search_page_shows_what_was_current_then(
    ada: Api, wren: dict[str, Any], as_of: str, said: str, number: int
) -> None:
    page = _search(ada, as_of=as_of)
    assert f"lays {said}" in text_of(page)
    assert ("Version 1; version 3 answers now" in text_of(page)) is (number == 1)
    assert ("Search what is current" in text_of(page)) is (number < 3)


@pytest.mark.parametrize(
    ("as_of", "kind", "value"),
    [
        ("2026-01-20", "date", "2026-01-20"),
        ("2026-01-20 10:00", "datetime-local", "2026-01-20T10:00"),
        ("2026-01-20T10:00:00+02:00", "text", "2026-01-20T10:00:00+02:00"),
    ],
)
def test_the_filter_shows_the_time_that_the_address_holds(
    ada: Api, wren: dict[str, Any], as_of: str, kind: str, value: str
) -> None:
    page = html_of(_search(ada, as_of=as_of))
    assert f'<input type="{kind}" name="as_of" value="{value}"' in page


def test_the_way_from_search_to_question_keeps_the_time(ada: Api, wren: dict[str, Any]) -> None:
    page = html_of(_search(ada, as_of="2026-01-20"))
    assert 'href="/?q=eggs%20in%20April&amp;as_of=2026-01-20"' in page


@pytest.mark.parametrize("as_of", ["soon", "2026-02-30", "2"])
def test_a_filter_that_is_no_time_is_explained(ada: Api, wren: dict[str, Any], as_of: str) -> None:
    page = _search(ada, as_of=as_of)
    assert page.status_code == 200
    assert 'class="note error"' in html_of(page)
    assert "make no sense together" not in text_of(page)


# --- asking ---------------------------------------------------------------------------


def test_the_composer_asks_for_a_time_under_where_to_look(ada: Api, wren: dict[str, Any]) -> None:
    page = html_of(browser(ada.user).get(reverse("home")))
    assert '<label for="id_as_of">As it was on</label> <input type="date" name="as_of"' in page


@pytest.mark.parametrize(("as_of", "said"), [("2026-01-20", "seven"), ("2026-02-20", "nine")])
def test_a_question_of_a_day_is_answered_from_that_day(
    ada: Api, wren: dict[str, Any], as_of: str, said: str
) -> None:
    page = _ask(ada, as_of=as_of)
    assert f"{said} eggs" in text_of(page)
    assert f'<input type="date" name="as_of" value="{as_of}"' in html_of(page)


def test_asking_on_stays_at_that_time(ada: Api, wren: dict[str, Any]) -> None:
    _ask(ada, as_of="2026-02-20")
    url = reverse("conversation", args=[Message.objects.get().conversation_id])
    data = {"question": "How many eggs does it lay?", "as_of": "2026-02-20"}
    page = browser(ada.user).post(url, data, follow=True)
    assert [m.scope["as_of"]["asked"] for m in Message.objects.all()] == ["2026-02-20"] * 2
    assert text_of(page).count("As of 20 February 2026") == 2


def test_a_version_of_a_document_can_be_asked_by_a_link(ada: Api, wren: dict[str, Any]) -> None:
    home = browser(ada.user).get(reverse("home"), {"document": wren["id"], "as_of": "2"})
    assert '<input type="text" name="as_of" value="2"' in html_of(home)
    page = _ask(ada, documents=[wren["id"]], as_of="2")
    assert "nine eggs" in text_of(page)


@pytest.mark.parametrize(("as_of", "status"), [("soon", 400), ("2", 400), ("2026-02-30", 400)])
def test_a_time_that_is_none_keeps_the_question_on_the_page(
    ada: Api, wren: dict[str, Any], as_of: str, status: int
) -> None:
    page = _ask(ada, as_of=as_of)
    assert page.status_code == status
    assert QUESTION in text_of(page)
    assert as_of in html_of(page)
    assert not Message.objects.exists()


def test_a_version_that_is_not_there_keeps_the_question_too(ada: Api, wren: dict[str, Any]) -> None:
    page = _ask(ada, documents=[wren["id"]], as_of="9")
    assert page.status_code == 404
    assert "The document has no version 9." in text_of(page)
    assert QUESTION in text_of(page)


def test_asking_of_what_is_current_is_one_link_away(ada: Api, wren: dict[str, Any]) -> None:
    page = html_of(_ask(ada, as_of="2026-01-20"))
    assert "Ask of what is current</a>" in page
    problem = ada.get("/api/search", q="x", as_of="soon")
    assert_problem(problem, 400)
