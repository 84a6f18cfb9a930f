"""The load test's own parts: its limits, its documents, its reading of a log."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.load.__main__ import bad_lines
from tests.load.beside import Phase, p95, ratios
from tests.load.fixture import Fixture, Person, fare, question, text
from tests.load.verdict import Row, faults, limit, table


def row(
    name: str = "GET /api/search", *, count: int = 100, failures: int = 0, p95: float = 500
) -> Row:
    return Row(name, count, failures, p95 / 2, p95, p95, p95)


def test_a_ratio_is_told_for_what_was_measured_twice() -> None:
    alone, beside = Phase(answers=[100.0] * 20), Phase(answers=[150.0] * 19 + [400.0])
    assert ratios(alone, beside) == "answer p50 1.50, answer p95 4.00"
    assert "search" not in beside.told()


def test_the_95th_percentile_of_few_is_the_largest() -> None:
    assert p95([3.0, 9.0, 1.0]) == 9.0
    assert p95([float(n) for n in range(100)]) == 95.0


def test_a_load_within_its_limits_has_no_fault() -> None:
    assert faults([row(), row("POST /api/chat", p95=2_900)]) == []


def test_a_route_that_is_too_slow_is_named() -> None:
    (fault,) = faults([row(p95=1_001), row("GET /api/documents")])
    assert fault.startswith("GET /api/search: p95 1001 ms")


def test_one_failure_is_too_many() -> None:
    assert faults([row(failures=1)]) == ["1 of 100 requests failed, 0.0% may."]


def test_a_share_of_failures_may_be_allowed() -> None:
    assert faults([row(failures=1)], failures=0.01) == []


def test_a_slower_machine_gets_longer() -> None:
    assert faults([row(p95=1_900)], slower=2.0) == []


def test_a_load_that_asked_nothing_has_failed() -> None:
    assert faults([row(count=0)]) == ["Nothing was asked."]


@pytest.mark.parametrize(
    ("name", "milliseconds"),
    [
        ("GET /documents/", 1_000),
        ("POST /api/chat (first byte)", 3_000),
        ("POST /api/documents/upload", 2_000),
        ("until ready", 30_000),
    ],
)
def test_a_route_has_the_limit_of_its_kind(name: str, milliseconds: float) -> None:
    assert limit(name) == milliseconds


def test_the_table_has_a_line_for_each_route() -> None:
    lines = table([row(), row("DELETE /api/documents/{id}")]).splitlines()
    assert len(lines) == 4
    assert "| GET /api/search | 100 | 0 | 250 | 500 |" in lines[2]


def test_a_fixture_is_read_as_it_was_saved(tmp_path: Path) -> None:
    saved = Fixture([Person("token", "session")], ["id"], ["Why?"])
    saved.save(tmp_path / "fixture.json")
    assert Fixture.load(tmp_path / "fixture.json") == saved


def test_a_fixture_is_for_its_owner_alone(tmp_path: Path) -> None:
    Fixture([Person("token")], [], []).save(tmp_path / "fixture.json")
    assert stat.S_IMODE((tmp_path / "fixture.json").stat().st_mode) == 0o600


def test_every_document_answers_its_own_question() -> None:
    for number in range(64):
        harbour, goods, price = fare(number)
        assert goods in question(number)
        assert harbour in question(number)
        assert f"{price} pence" in text(number)


def test_no_two_documents_are_alike() -> None:
    assert len({text(number) for number in range(200)}) == 200


def test_a_locked_database_is_found_in_the_log() -> None:
    said = "Ready on x\nOperationalError: database is locked\nStopping."
    assert bad_lines(said) == ["OperationalError: database is locked"]


def test_an_ordinary_log_has_no_bad_line() -> None:
    assert bad_lines("Ready on x\nStopping.\nworker: Cold shutdown (MainProcess)") == []
