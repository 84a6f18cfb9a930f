"""What a strict policy and a small budget ask of every template, stylesheet and script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
#: The two readers of the API bring their own pages.
OURS = [path for path in TEMPLATES if path.parent.name != "api"]
SCRIPTS = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
STYLES = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))


@pytest.mark.parametrize(
    "forbidden",
    [
        r"\sstyle=",
        r"<style",
        r"<script(?![^>]*\ssrc=)",
        r"\son[a-z]+=",
        r"hx-on",
        r"hx-vals=.js:",
        r"javascript:",
        r"\|safe\b",
        r"autoescape off",
        r"(?:src|href)=\"(?:https?:)?//",
    ],
)
def test_no_template_holds_what_the_policy_forbids(forbidden: str) -> None:
    assert OURS
    assert [path for path in OURS if re.search(forbidden, path.read_text())] == []


def _posts_without_token(page: str) -> bool:
    forms = re.findall(r"<form\b.*?</form>", page, re.DOTALL)
    return any('method="post"' in f and "{% csrf_token %}" not in f for f in forms)


def test_every_form_that_posts_carries_its_token() -> None:
    assert [path for path in OURS if _posts_without_token(path.read_text())] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    "forbidden",
    [
        "innerHTML",
        "outerHTML =",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        ".style.",
    ],
)
def test_no_script_makes_markup_or_code_of_text(path: Path, forbidden: str) -> None:
    assert forbidden not in path.read_text()


def test_our_own_script_stays_small() -> None:
    assert sum(len(path.read_text().splitlines()) for path in SCRIPTS) < 300


def test_the_stylesheet_fetches_nothing() -> None:
    for path in STYLES:
        assert not re.search(r"url\(|@import", path.read_text())


def test_half_of_the_templates_are_short() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in OURS)
    assert lengths[len(lengths) // 2] <= 30


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLES[0].read_text()
    )
}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        (text, ground, 4.5)
        for text in ("ink", "soft", "accent", "bad", "warn")
        for ground in ("paper", "sheet", "tint")
    ]
    + [
        ("on-accent", "accent", 4.5),
        ("ink", "mark", 4.5),
        ("paper", "bad", 4.5),
        ("edge", "sheet", 3.0),
        ("edge", "paper", 3.0),
    ],
)
def test_every_pair_of_colours_has_the_contrast_of_wcag_aa(
    theme: int, text: str, ground: str, least: float
) -> None:
    assert _contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= least
