"""Work knows for whom it is done, across threads of the event loop and tasks of asyncio."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async

from analytics.belonging import place, user_id
from documents.origin import Origin, begin, bound, current, end, headers


def test_outside_of_everything_work_belongs_to_nobody() -> None:
    assert current() == Origin()
    assert headers() == {}


def test_a_bound_origin_ends_with_its_block() -> None:
    with bound(Origin("outer")):
        with bound(Origin("inner-one")):
            assert headers() == {"X-Request-ID": "inner-one"}
        assert current().request_id == "outer"
    assert current() == Origin()


async def test_an_origin_goes_along_into_threads_and_tasks() -> None:
    with bound(Origin("a-request")):
        thread = await sync_to_async(current)()
        task = await asyncio.create_task(asyncio.to_thread(current))
    assert thread.request_id == task.request_id == "a-request"


async def test_an_origin_begun_in_a_thread_holds_afterwards() -> None:
    await sync_to_async(begin)(Origin("begun-inside"))
    assert current().request_id == "begun-inside"
    end()


async def test_two_at_once_do_not_mix() -> None:
    async def one(name: str) -> bool:
        begin(Origin(name))
        await asyncio.sleep(0)
        return current().request_id == name

    assert all(await asyncio.gather(*(one(f"request-{n}") for n in range(20))))


MATCHED = SimpleNamespace(method="GET", resolver_match=SimpleNamespace(route="api/x/<int:pk>"))
PLACES = [
    (Origin(request=MATCHED), "GET /api/x/<int:pk>"),
    (Origin(request=SimpleNamespace(method="GET", path="/anybodys text")), "GET (unknown)"),
    (Origin(task="documents.tasks.drain"), "documents.tasks.drain"),
    (Origin(), ""),
]


@pytest.mark.parametrize(("origin", "expected"), PLACES)
def test_a_place_is_a_route_or_a_task_and_never_an_address(origin: Origin, expected: str) -> None:
    assert place(origin) == expected


def test_a_user_is_told_only_where_the_request_knows_it_already() -> None:
    token = SimpleNamespace(user=SimpleNamespace(pk=7))
    assert user_id(Origin(request=SimpleNamespace(api_token=token))) == 7
    assert user_id(Origin(request=SimpleNamespace(_cached_user=SimpleNamespace(pk=8)))) == 8
    assert user_id(Origin(request=SimpleNamespace())) is None
