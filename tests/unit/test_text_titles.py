"""Which titles inside files are worth showing."""

from __future__ import annotations

import pytest

from documents.text.titles import meaningful_title


@pytest.mark.parametrize("title", ["Annual report 2025", "  Leave\n policy ", "Vertrag über Miete"])
def test_a_title_that_says_something_is_kept(title: str) -> None:
    assert meaningful_title(title) == " ".join(title.split())


@pytest.mark.parametrize(
    "title",
    [
        "",
        "ab",
        "Untitled",
        "untitled 1",
        "Document1",
        "Microsoft Word - offer.doc",
        "report.odt",
        "PowerPoint Presentation",
        "2024-01-01",
    ],
)
def test_a_title_that_says_nothing_is_dropped(title: str) -> None:
    assert meaningful_title(title) == ""
