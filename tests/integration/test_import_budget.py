"""What the web process loads at its start has a budget."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Modules in memory once the application stands; 1626 when this was written, some of which only
#: what tests need brings along (requests, jinja2).
MOST_MODULES = 1700
LOAD = "import json, sys, ragsite.asgi; print(json.dumps(sorted(sys.modules)))"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_no_heavy_package_is_loaded(loaded: set[str]) -> None:
    lines = (Path(__file__).parent / "import_budget.txt").read_text(encoding="utf-8").splitlines()
    heavy = [line for line in lines if line and not line.startswith("#")]
    assert [name for name in heavy if name in loaded] == []


def test_the_number_of_modules_stays_within_its_budget(loaded: set[str]) -> None:
    assert len(loaded) <= MOST_MODULES


def test_the_views_are_loaded_before_the_first_request(loaded: set[str]) -> None:
    assert {"ragsite.urls", "documents.urls", "chat.urls"} <= loaded
