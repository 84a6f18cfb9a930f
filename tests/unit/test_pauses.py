"""A stream that is silent is noticed, and loses nothing by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from chat.services.pauses import with_pauses


async def letters(*pauses: float) -> AsyncGenerator[str, None]:
    """Yield a letter after each pause, in seconds."""
    for number, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        yield "abc"[number]


async def read(events: AsyncGenerator[str, None], seconds: float) -> list[str | None]:
    async with aclosing(events) as source, aclosing(with_pauses(source, seconds)) as found:
        return [event async for event in found]


async def test_a_stream_without_pauses_comes_as_it_is() -> None:
    assert await read(letters(0, 0, 0), 1.0) == ["a", "b", "c"]


async def test_each_silence_is_told_and_nothing_is_lost() -> None:
    found = await read(letters(0, 0.05, 0), 0.02)
    assert [event for event in found if event] == ["a", "b", "c"]
    assert found[0] == "a"
    assert found[1] is None


async def test_a_fault_of_the_stream_comes_through() -> None:
    async def broken() -> AsyncGenerator[str, None]:
        yield "a"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await read(broken(), 1.0)


async def test_leaving_in_a_silence_ends_the_stream() -> None:
    ended = []

    async def endless() -> AsyncGenerator[str, None]:
        try:
            await asyncio.sleep(3600)
            yield "never"
        finally:
            ended.append(True)

    async with aclosing(endless()) as source, aclosing(with_pauses(source, 0.01)) as found:
        assert await anext(found) is None
    assert ended == [True]
