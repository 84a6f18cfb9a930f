"""What is known of the packages is judged by exceptions that have a date."""

from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2030, 5, 1)


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_audit", ROOT / "script" / "_audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_audit"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _report(*ids: str) -> dict[str, Any]:
    known = {"id": ids[0], "aliases": list(ids[1:]), "fix_versions": ["1.1"]} if ids else None
    vulns = [known] if known else []
    return {"dependencies": [{"name": "tiny", "version": "1.0", "vulns": vulns}]}


def test_what_no_exception_covers_is_told(audit: ModuleType) -> None:
    found = audit.weaknesses(_report("GHSA-1", "CVE-1"))
    (bad,) = audit.unaccepted(found, audit.exceptions("CVE-2 until 2031-01-01 other"), TODAY)
    assert str(bad) == "tiny 1.0: CVE-1, GHSA-1, mended in 1.1"


@pytest.mark.parametrize(("until", "is_accepted"), [("2030-05-01", True), ("2030-04-30", False)])
def test_an_exception_holds_until_its_day(audit: ModuleType, until: str, is_accepted: bool) -> None:
    accepted = audit.exceptions(f"# none\nCVE-1 until {until} not reached from here\n")
    found = audit.weaknesses(_report("GHSA-1", "CVE-1"))
    assert (audit.unaccepted(found, accepted, TODAY) == []) is is_accepted


@pytest.mark.parametrize("line", ["CVE-1", "CVE-1 until 2030-01-01", "CVE-1 until 2030-13-01 why"])
def test_an_exception_without_a_day_or_a_reason_is_refused(audit: ModuleType, line: str) -> None:
    with pytest.raises(audit.BadException):
        audit.exceptions(line)


def test_the_exceptions_of_this_product_can_be_read(audit: ModuleType) -> None:
    audit.exceptions((ROOT / "audit-exceptions.txt").read_text())


#: What pip-audit reports where a mirror answers in the place of the service.
_SKIPPED = {"dependencies": [{"name": "tiny", "skip_reason": "not found, could not be audited"}]}


def _audited(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, report: Any
) -> int:
    (tmp_path / "exceptions").write_text("")
    monkeypatch.setattr(audit, "looked_up", lambda _: report)
    return int(audit.main("requirements.txt", str(tmp_path / "exceptions")))


@pytest.mark.parametrize(
    ("report", "code"), [(_report(), 0), (_report("CVE-1"), 1), (None, 2), (_SKIPPED, 2)]
)
def test_the_exit_code_tells_what_came_of_it(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, report: Any, code: int
) -> None:
    assert _audited(audit, monkeypatch, tmp_path, report) == code


def test_without_its_tool_nothing_is_looked_up_and_that_is_told(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "_ARGUMENTS", ("--no-such-option",))
    assert audit.main("requirements.txt", str(ROOT / "audit-exceptions.txt")) == 2
    assert "nothing was looked up" in capsys.readouterr().err
