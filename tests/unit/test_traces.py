"""What may be told of an exception: where it went, never with what."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.db import OperationalError

from analytics.traces import Trace, said, trace_of
from chat.errors import ModelTimeout

CANARY = "canary-4711"


def module(source: str, name: str = "chat.made_up") -> ModuleType:
    made = ModuleType(name)
    exec(compile(source, f"/somewhere/{name}.py", "exec"), made.__dict__)
    return made


def caught(function: Callable[..., Any], *args: Any) -> Exception:
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def fails(value: str) -> None:
    raise ValueError(f"invalid: {value}")


def text(trace: Trace) -> str:
    return "\n".join(trace.lines())


def test_a_trace_names_file_line_function_and_source() -> None:
    shown = text(trace_of(caught(fails, CANARY)))
    assert "tests/unit/test_traces.py:" in shown
    assert " in fails" in shown
    assert 'raise ValueError(f"invalid: {value}")' in shown
    assert shown.endswith("ValueError")


def test_a_trace_holds_no_value() -> None:
    trace = trace_of(caught(fails, CANARY))
    assert CANARY not in text(trace) + trace.title + trace.said


def test_a_trace_tells_what_it_came_from() -> None:
    def outer() -> None:
        try:
            fails(CANARY)
        except ValueError as error:
            raise RuntimeError(CANARY) from error

    trace = trace_of(caught(outer))
    assert [trace.kind, *(cause.kind for cause in trace.causes)] == ["RuntimeError", "ValueError"]
    lines = text(trace).splitlines()
    assert lines.index("ValueError") < lines.index("which led to") < lines.index("RuntimeError")


def test_the_parts_of_a_group_are_told() -> None:
    def together() -> None:
        raise ExceptionGroup("several", [caught(fails, CANARY), KeyError(CANARY)])

    trace = trace_of(caught(together))
    assert {cause.kind for cause in trace.causes} == {"ValueError", "KeyError"}
    assert CANARY not in text(trace)


def test_a_chain_without_end_is_cut() -> None:
    error: BaseException = ValueError()
    for _ in range(100):
        following = ValueError()
        following.__cause__ = error
        error = following
    assert text(trace_of(error)).count("which led to") == 5


def test_a_deep_recursion_is_shortened() -> None:
    def down(n: int) -> None:
        down(n + 1)

    shown = text(trace_of(caught(down, 0)))
    assert len(shown.splitlines()) < 120
    assert " more …" in shown


FAULT = "def work(x):\n    return helper(x)\ndef helper(x):\n    raise {}(x)\n"


def test_the_same_fault_has_the_same_fingerprint_whatever_its_line_and_value() -> None:
    one = trace_of(caught(module(FAULT.format("ValueError")).work, "a"))
    two = trace_of(caught(module("\n\n\n" + FAULT.format("ValueError")).work, CANARY))
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 32


def test_another_type_or_another_way_has_another_fingerprint() -> None:
    ways = [
        caught(module(FAULT.format("ValueError")).work, ""),
        caught(module(FAULT.format("KeyError")).work, ""),
        caught(module(FAULT.format("ValueError")).helper, ""),
        caught(module(FAULT.format("ValueError"), "chat.other").work, ""),
    ]
    assert len({trace_of(error).fingerprint for error in ways}) == 4


def test_how_deep_a_recursion_went_does_not_matter() -> None:
    down = module("def down(n):\n    if n == 0:\n        raise ValueError\n    down(n - 1)\n").down
    assert trace_of(caught(down, 3)).fingerprint == trace_of(caught(down, 9)).fingerprint


def test_frames_of_libraries_do_not_split_a_group() -> None:
    library = module("def call(f):\n    f()\n", "somelib.inner").call
    own = module("def work(call):\n    call(fail)\ndef fail():\n    raise ValueError\n").work
    direct = module("def work(call):\n    fail()\ndef fail():\n    raise ValueError\n").work
    with_library = trace_of(caught(own, library))
    assert with_library.fingerprint == trace_of(caught(direct, library)).fingerprint


def test_the_title_names_the_last_function_of_ours() -> None:
    own = module("def work(x):\n    return int(x)\n").work
    assert trace_of(caught(own, CANARY)).title == "ValueError in chat.made_up.work"


SAID = [
    (OSError(28, "No space left on device", f"/data/{CANARY}"), "No space left on device"),
    (AttributeError("'NoneType' object has no attribute 'pk'"), None),
    (OperationalError("database is locked"), "database is locked"),
    (sqlite3.IntegrityError("UNIQUE constraint failed: a.b"), "UNIQUE constraint failed: a.b"),
    (OperationalError("no such table: chat_message"), "no such table: chat_message"),
    (OperationalError(f'syntax error near "{CANARY}"'), "syntax error …"),
    (OperationalError(f'fts5: syntax error near "{CANARY}"'), "fts5…"),
    (OperationalError(f"no such column: {CANARY}"), "no such column…"),
    (OperationalError(f"it is so [{CANARY}]"), "it is so …"),
    (AttributeError(f"'{CANARY} is text' has no meaning"), ""),
    (ImportError(f'cannot import "{CANARY}"'), ""),
    (ValueError(CANARY), ""),
    (KeyError(CANARY), ""),
    (UnicodeEncodeError("utf-8", CANARY, 0, 1, "surrogates"), ""),
    (ModelTimeout(CANARY), "model_timeout"),
    (SystemExit(CANARY), ""),
]


@pytest.mark.parametrize(("error", "expected"), SAID, ids=lambda value: type(value).__name__)
def test_a_message_is_told_only_where_it_cannot_quote_a_person(
    error: BaseException, expected: str | None
) -> None:
    assert said(error) == (str(error) if expected is None else expected)
    assert CANARY not in said(error)
