"""The question that a container's health check asks."""

from __future__ import annotations

import pytest

from ragsite.ops.alive import host_name


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        ("docs.example.org,localhost", "docs.example.org"),
        (".example.org", "example.org"),
        (" docs.example.org ,other", "docs.example.org"),
        ("[::1]", "[::1]"),
        ("", "localhost"),
    ],
)
def test_the_health_check_asks_for_a_name_that_the_site_answers_to(
    allowed: str, asked: str
) -> None:
    assert host_name(allowed) == asked
