"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where ``CI`` is set, a test that is skipped has failed: nothing may go unchecked there."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {reason}"
    return report


@pytest.fixture(autouse=True)
def _nothing_is_written_beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep what was noted until a test writes it: no thread of ours outlives a test."""
    from django.conf import settings  # noqa: PLC0415  # not before pytest-django has set up

    from analytics.recording import recorder  # noqa: PLC0415

    monkeypatch.setattr(settings, "RECORD_IN_BACKGROUND", False, raising=False)
    yield
    recorder._waiting.clear()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the browser: its files take longest, and would keep one process busy."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)
