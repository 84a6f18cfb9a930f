"""A search can tell how it came to its results, in every door, and never more than is visible."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from documents.models import EmbeddingSpace
from documents.search.hybrid import search
from documents.search.tuning import Tuning
from documents.selectors import active_space
from documents.types import Mode, Outcome
from tests.integration.factories import Api, work
from tests.integration.pages import browser, html_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_transaction")]

TEXTS = [f"The {bird} lays {n} eggs in a nest.".encode() for n, bird in
         enumerate(("wren", "heron", "robin"), start=3)]  # fmt: skip


@pytest.fixture
def eggs(ada: Api) -> Api:
    for number, text in enumerate(TEXTS):
        ada.upload((f"bird{number}.txt", text))
    work()
    return ada


def test_nothing_is_told_where_it_was_not_asked_for(eggs: Api) -> None:
    assert search(eggs.user, "eggs of the wren").trace is None
    assert "trace" not in eggs.get("/api/search", q="eggs").json()


def test_a_trace_shows_what_each_channel_ranked_and_what_was_shown(eggs: Api) -> None:
    result = search(eggs.user, "How many eggs does the wren lay?", limit=1, explain=True)
    trace = result.trace
    assert trace is not None
    assert trace.terms == ("mani", "egg", "wren", "lai")
    assert (trace.keyword, trace.semantic) == (3, 3)
    first, *others = trace.candidates
    assert (first.chunk_id, first.keyword_rank) == (result.hits[0].chunk_id, 1)
    assert first.outcome is Outcome.USED
    assert {item.outcome for item in others} == {Outcome.BEYOND_LIMIT}


def test_every_step_has_its_time(eggs: Api) -> None:
    trace = search(eggs.user, "eggs", explain=True).trace
    assert trace is not None
    assert {"scope", "keyword", "semantic", "fusion", "reading", "ranking"} <= set(trace.timings)


@pytest.mark.parametrize(
    ("mode", "empty"), [(Mode.KEYWORD, "semantic"), (Mode.SEMANTIC, "keyword")]
)
def test_a_channel_that_was_not_asked_ranks_nothing(eggs: Api, mode: Mode, empty: str) -> None:
    trace = search(eggs.user, "eggs", mode=mode, explain=True).trace
    assert trace is not None
    assert trace.candidates
    assert all(getattr(item, f"{empty}_rank") is None for item in trace.candidates)


def test_the_api_gives_the_trace_to_both_methods(eggs: Api) -> None:
    asked = eggs.get("/api/search", q="eggs", explain="true").json()["trace"]
    sent = eggs.post("/api/search", {"q": "eggs", "explain": True}).json()["trace"]
    assert asked["candidates"] == sent["candidates"]
    assert {item["outcome"] for item in asked["candidates"]} == {"used"}


def test_a_trace_holds_nothing_of_other_people(eggs: Api, bob: Api) -> None:
    bob.upload(("own.txt", b"A single egg of my own."))
    work()
    trace = bob.get("/api/search", q="eggs nest wren", explain="true").json()["trace"]
    assert [item["document"]["title"] for item in trace["candidates"]] == ["own"]
    assert "heron" not in json.dumps(trace)


def test_a_stale_index_tells_nothing_either(eggs: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.search.hybrid.visible_chunks", lambda *_: {})
    trace = search(eggs.user, "eggs", explain=True).trace
    assert trace is not None
    assert trace.candidates == ()


def test_the_page_leads_to_the_explanation_and_shows_it(eggs: Api) -> None:
    address = reverse("search")
    plain = browser(eggs.user).get(address, {"q": "eggs & nest"})
    assert "?q=eggs+%26+nest&amp;explain=1" in html_of(plain)
    shown = browser(eggs.user).get(address, {"q": "eggs & nest", "explain": "1"})
    assert "Words looked for" in text_of(shown)
    assert "Shown" in text_of(shown)


def test_the_command_prints_the_explanation(eggs: Api) -> None:
    out = StringIO()
    call_command("search", "eggs of the wren", "--explain", "--limit", "1", stdout=out)
    assert "Looked for: egg, wren" in out.getvalue()
    assert "(beyond_limit)" in out.getvalue()


# --- the weight of the semantic channel -------------------------------------------------


def _weight(user: Any, tuning: Tuning) -> float:
    trace = search(user, "eggs", tuning=tuning, explain=True).trace
    assert trace is not None
    return trace.dense_weight


def test_a_space_records_the_weight_of_its_model(eggs: Api) -> None:
    space = active_space()
    assert space is not None
    assert space.dense_weight == pytest.approx(0.3)


def test_a_search_goes_by_the_weight_of_the_space(eggs: Api) -> None:
    EmbeddingSpace.objects.update(dense_weight=0.6)
    assert _weight(eggs.user, Tuning()) == pytest.approx(0.6)
    EmbeddingSpace.objects.update(dense_weight=None)
    assert _weight(eggs.user, Tuning()) == pytest.approx(0.3)


def test_a_weight_can_be_set_for_one_search(eggs: Api) -> None:
    assert _weight(eggs.user, Tuning(dense_weight=0.0)) == 0.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        Tuning(dense_weight=1.5)
