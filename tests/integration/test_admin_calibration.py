"""The page of the administration that shows how far the confidence can be believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chat.answer.calibration import shipped
from chat.models import Conversation, Feedback, Message
from chat.ratings import rated_by_confidence
from tests.integration.factories import person

pytestmark = pytest.mark.django_db

PAGE = "/admin/chat/feedback/calibration/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("root", is_staff=True, is_superuser=True))
    return client


def rate(confidence: float, rating: int, **fields: Any) -> None:
    """Keep an answer of this confidence with its rating."""
    conversation = Conversation.objects.create(user=person(f"u{Message.objects.count()}"))
    message = Message.objects.create(conversation=conversation, confidence=confidence, **fields)
    Feedback.objects.create(message=message, rating=rating)


def test_the_index_leads_to_the_page(admin: Client) -> None:
    assert reverse("admin:chat_calibration") == PAGE
    assert f'href="{PAGE}"' in admin.get("/admin/").content.decode()


def test_the_curve_is_there_as_a_picture_and_as_numbers(admin: Client) -> None:
    html = admin.get(PAGE).content.decode()
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in html
    assert 'role="img"' in html
    assert str(shipped()["shipped"]["errors"]["width_10"]) in html
    assert "style=" not in html.split("<svg", 1)[1].split("</svg>", 1)[0]


def test_the_threshold_that_is_set_is_the_live_one(admin: Client, settings: LazySettings) -> None:
    settings.SIMILARITY_THRESHOLD = 0.37
    assert "below a relevance of 0.37" in admin.get(PAGE).content.decode()


def test_ratings_are_counted_by_confidence(admin: Client) -> None:
    for confidence, rating in ((0.91, 1), (0.95, 1), (1.0, -1), (0.42, -1)):
        rate(confidence, rating)
    rate(0.0, -1, refused=True)
    found = [(each.low, each.good, each.bad) for each in rated_by_confidence()]
    assert found == [(0.4, 0, 1), (0.9, 2, 1)]
    assert "67 %" in admin.get(PAGE).content.decode()


def test_ratings_cost_one_query_however_many_there_are() -> None:
    rate(0.9, 1)
    with CaptureQueriesContext(connection) as captured:
        rated_by_confidence()
    assert len(captured) == 1


def test_without_ratings_the_page_says_so(admin: Client) -> None:
    assert "Nobody has rated an answer yet." in admin.get(PAGE).content.decode()


@pytest.mark.parametrize(("staff", "status"), [(False, 403), (True, 403)])
def test_who_may_not_see_ratings_does_not_see_the_page(staff: bool, status: int) -> None:
    client = Client()
    client.force_login(person("uwe", is_staff=staff))
    assert client.get(PAGE, follow=True).status_code == status


def test_a_stranger_is_sent_to_sign_in() -> None:
    response = Client().get(PAGE)
    assert response.status_code == 302
    assert reverse("login") in response["Location"]
