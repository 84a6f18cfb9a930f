"""Tokens of answers are added up, where there are any."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.metrics import answered
from chat.models import Conversation, Message
from tests.integration.factories import Api, person
from tests.integration.pages import browser

pytestmark = pytest.mark.django_db


def answer(**usage: int) -> None:
    conversation = Conversation.objects.create(user=person(f"asker{Message.objects.count()}"))
    Message.objects.create(conversation=conversation, question="?", usage=usage)


def test_the_tokens_of_all_answers_are_added_up() -> None:
    answer(prompt_tokens=100, completion_tokens=20)
    answer(prompt_tokens=11, completion_tokens=2)
    answer()
    found = answered(timezone.now() - timedelta(hours=1))
    assert (found["prompt_tokens"], found["completion_tokens"]) == (111, 22)


def test_the_dashboard_and_the_numbers_stand_with_answers() -> None:
    answer(prompt_tokens=100, completion_tokens=20)
    boss = person("boss", is_staff=True)
    assert browser(boss).get("/dashboard").status_code == 200
    assert Api(boss).get("/api/metrics").json()["answers"]["prompt_tokens"] == 100
