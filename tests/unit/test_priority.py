"""What gives way on a busy processor, and what does not."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import pytest

from documents.extract.process import NICENESS
from documents.ingest import priority
from documents.ingest.priority import ahead, behind, stand_back

T = TypeVar("T")
#: What the tests themselves were started with.
OURS = os.nice(0)
LATER = min(OURS + NICENESS, 19)


def nothing() -> None:
    """Need no more than that."""


def niceness() -> int:
    """Return that of the thread that asks."""
    return os.nice(0)


def apart(work: Callable[[], T]) -> T:
    """Do something in a thread of its own: what gives way once gives way for ever."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "_lanes", None)


def test_a_process_that_does_not_stand_back_does_everything_itself() -> None:
    assert ahead(threading.get_ident) == behind(threading.get_ident) == threading.get_ident()


def test_who_stands_back_gives_way() -> None:
    def work() -> int:
        stand_back(nothing)
        return niceness()

    assert apart(work) == LATER
    assert niceness() == OURS


def test_what_is_done_ahead_has_the_first_priority() -> None:
    def work() -> int:
        stand_back(nothing)
        return ahead(niceness)

    assert apart(work) == OURS


def test_what_is_computed_meanwhile_gives_way() -> None:
    def work() -> tuple[int, int, int]:
        stand_back(nothing)
        return ahead(lambda: (niceness(), behind(niceness), niceness()))

    assert apart(work) == (OURS, LATER, OURS)


def test_what_gives_way_already_computes_for_itself() -> None:
    def work() -> bool:
        stand_back(nothing)
        return behind(threading.get_ident) == threading.get_ident()

    assert apart(work)


def test_ahead_of_ahead_is_ahead() -> None:
    def work() -> int:
        stand_back(nothing)
        return ahead(lambda: ahead(niceness))

    assert apart(work) == OURS


def test_behind_of_behind_is_behind() -> None:
    def work() -> int:
        stand_back(nothing)
        return ahead(lambda: behind(lambda: behind(niceness)))

    assert apart(work) == LATER


def test_a_fault_comes_back_as_it_is() -> None:
    def fails() -> None:
        raise KeyError("wren")

    def work() -> str:
        stand_back(nothing)
        with pytest.raises(KeyError) as raised:
            ahead(lambda: behind(fails))
        return str(raised.value)

    assert apart(work) == "'wren'"


@pytest.mark.parametrize("work", [niceness, "not callable"])
def test_the_thread_that_writes_is_left_tidy(work: Any) -> None:
    """Its connection to the database goes back with each task, however that ends."""
    tidied: list[int] = []

    def asked() -> list[int]:
        stand_back(lambda: tidied.append(threading.get_ident()))
        with contextlib.suppress(TypeError):
            ahead(work)
        return tidied

    assert len(apart(asked)) == 1
    assert tidied != [threading.get_ident()]


def test_both_lanes_know_what_the_work_is_for() -> None:
    asked: ContextVar[str] = ContextVar("asked", default="")

    def work() -> str:
        stand_back(nothing)
        asked.set("by ada")
        return ahead(lambda: asked.get() + behind(asked.get))

    assert apart(work) == "by adaby ada"
