"""Limits, cache and bell on a real Redis, also while it is not there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.core.cache import cache
from django.db import connections
from django.test import RequestFactory
from redis.exceptions import ConnectionError as NotConnected

from documents.ingest import bell
from documents.types import Status
from ragsite import limits
from ragsite.redis_cache import RedisCache
from tests.integration.factories import Api, work
from tests.integration.redis_server import RedisServer, cache_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        settings.CACHES = cache_on(running.url)
        RedisCache.rests.clear()
        limits._alone._counts.clear()
        yield running


def test_exactly_as_many_are_admitted_as_the_limit_says(redis: RedisServer, settings: Any) -> None:
    settings.RATE_LIMITS = {"anonymous": "40/h"}
    admitted: list[bool] = []

    def ask() -> None:
        asked = [RequestFactory().get("/api/x") for _ in range(20)]
        admitted.extend(limits.limit_reached(request) is None for request in asked)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (admitted.count(True), len(admitted)) == (40, 80)


def test_without_redis_a_stricter_limit_holds_and_nobody_sees_a_fault(
    ada: Api, redis: RedisServer, settings: Any
) -> None:
    settings.RATE_LIMITS = {"requests": "8/h"}
    redis.stop()
    statuses = [ada.get("/api/documents").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_a_redis_that_is_gone_is_left_alone_for_a_moment(redis: RedisServer) -> None:
    redis.stop()
    with pytest.raises(NotConnected):
        cache.get("x")
    began = time.perf_counter()
    with pytest.raises(NotConnected, match="a moment ago"):
        cache.get("x")
    assert time.perf_counter() - began < 0.05


def test_it_is_asked_again_after_its_rest(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragsite.redis_cache.REST", 0.05)
    redis.stop()
    with pytest.raises(NotConnected):
        cache.get("x")
    redis.start()
    time.sleep(0.06)
    cache.set("x", [1, "two", 3.5], 60)
    assert cache.get("x") == [1, "two", 3.5]


def test_an_upload_while_redis_is_away_is_read_all_the_same(
    ada: Api, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Celery("rung", broker=redis.url)
    broker.conf.broker_transport_options = {"socket_connect_timeout": 0.5, "max_retries": 0}
    monkeypatch.setattr(bell, "current_app", broker)
    redis.stop()
    response = ada.upload(("wren.txt", b"The wren lays seven eggs."))
    assert response.status_code == 202
    work()
    document = ada.document(response.json()["documents"][0]["id"])
    assert document["status"] == Status.READY
