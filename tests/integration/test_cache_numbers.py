"""How often the caches had what was asked for, as administrators see it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics.caching import CacheUse, caches
from analytics.models import Durations
from analytics.recording import recorder
from documents import page_cache
from documents.caching import Cached, tell
from tests.integration.factories import Api, person
from tests.integration.pages import browser, text_of
from tests.samples import pdf_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _watched(settings: Any, tmp_path: Path) -> None:
    settings.REQUEST_LOG_DAYS, settings.RECORD_IN_BACKGROUND = 1, False
    settings.PAGES_DIR = tmp_path
    recorder.flush()
    Durations.objects.all().delete()


@pytest.fixture
def boss() -> Any:
    return person("boss", is_staff=True)


def use(kind: Cached) -> CacheUse:
    recorder.flush()
    since = timezone.now() - timedelta(minutes=5)
    return next(each for each in caches(since) if each.name == kind.value)


def asked(kind: Cached = Cached.SEARCH, hits: int = 3, misses: int = 1) -> None:
    for number in range(hits + misses):
        tell(kind, hit=number < hits)


def test_hits_and_misses_are_counted() -> None:
    asked(Cached.ANSWER, hits=3, misses=1)
    found = use(Cached.ANSWER)
    assert (found.hits, found.misses, found.hit_rate) == (3, 1, 0.75)


def test_a_cache_that_nobody_asked_has_no_rate() -> None:
    assert use(Cached.EMBEDDING).hit_rate is None


def test_where_nothing_is_watched_nothing_is_noted(settings: Any) -> None:
    settings.REQUEST_LOG_DAYS = 0
    asked()
    assert use(Cached.SEARCH).asked == 0


def test_the_metrics_tell_them(boss: Any) -> None:
    asked()
    recorder.flush()
    told = Api(boss).get("/api/metrics").json()["caches"]
    assert {"name": "search", "hits": 3, "misses": 1, "hit_rate": 0.75} in told
    assert {each["name"] for each in told} == {kind.value for kind in Cached}


def test_programs_that_watch_are_told_since_the_beginning(boss: Any) -> None:
    asked()
    recorder.flush()
    lines = Api(boss).get("/metrics").content.decode().splitlines()
    assert 'ragsite_cache_lookups_total{cache="search",outcome="hit"} 3.0' in lines
    assert 'ragsite_cache_lookups_total{cache="search",outcome="miss"} 1.0' in lines


def test_the_dashboard_shows_them(boss: Any) -> None:
    asked()
    recorder.flush()
    assert "Searches 4 3 75 %" in text_of(browser(boss).get("/dashboard"))


def test_a_search_through_the_api_is_counted(ada: Api) -> None:
    ada.ready()
    for _ in range(3):
        ada.found("wren eggs")
    assert use(Cached.SEARCH).asked == 3
    assert use(Cached.SEARCH).hits == 2


def test_pictures_of_pages_are_counted(ada: Api) -> None:
    document = ada.ready("birds.pdf", pdf_bytes(["The wren lays seven eggs."]))
    for _ in range(2):
        picture = ada.get(f"/api/documents/{document['id']}/versions/1/pages/1.png")
        assert picture.status_code == 200
    assert (use(Cached.PAGE).hits, use(Cached.PAGE).misses) == (1, 1)
    assert page_cache.kept_versions()
