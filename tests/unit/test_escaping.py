"""Whatever is logged is one line, and what looks like a secret is hidden in it."""

from __future__ import annotations

import pytest

from analytics.escaping import HIDDEN, hider, one_line, without_secrets

#: As a token looks. Always the same: it is part of the names of tests.
TOKEN = "G_zIZQOXKvAdinRxtBpW_ofa4nYhT4K9ybBbhqcnaB3"

STEERING = [
    "\n",
    "\r\n",
    "\x1b[31m",
    "\x00",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\u202e",
    "\ud800",
]


@pytest.mark.parametrize("text", STEERING)
def test_nothing_can_end_a_line_or_steer_a_terminal(text: str) -> None:
    shown = one_line(f"before{text}after")
    assert shown.startswith("before\\")
    assert shown.splitlines() == [shown]
    assert shown.encode().isascii()


def test_what_was_escaped_can_be_recognised() -> None:
    assert one_line("a\nb\x1b[0m\u202e") == "a\\nb\\x1b[0m\\u202e"


@pytest.mark.parametrize("text", ["plain", "Größe 漢字 😀", 'a "quoted" {brace}', "c:\\path"])
def test_harmless_text_stays(text: str) -> None:
    assert one_line(text) == text


SECRET = [
    f"Authorization: Bearer {TOKEN}",
    f"{{'Authorization': 'Bearer {TOKEN}'}}",
    f"bearer {TOKEN}",
    f"token={TOKEN}",
    f'"api_key": "{TOKEN}"',
    f"OPENAI_API_KEY={TOKEN}",
    f"password={TOKEN} more",
    f"Cookie: sessionid={TOKEN}; csrftoken=x{TOKEN}",
    f"csrfmiddlewaretoken={TOKEN}&username=ada",
    f"smtp://user:{TOKEN}@mail.example.org",
    f"/setup/{TOKEN}/",
    f"sk-{TOKEN}",
    f"unknown thing {TOKEN} in the middle",
]


@pytest.mark.parametrize("text", SECRET)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    shown = without_secrets(text)
    assert TOKEN not in shown
    assert HIDDEN in shown


ORDINARY = [
    "version 17: ready",
    "message 2bd96cf0-80f5-46dd-9a02-75376e149e94: the answer broke",
    "request b160ff4965864e06abcd87b1ab1c808b",
    "POST /api/documents/<uuid:document_id>/versions 202 in 327 ms",
    "the scheduled backup failed: There is not enough room in /data",
    "3 facts could not be written yet",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_lines_stay(text: str) -> None:
    assert without_secrets(text) == text


def test_the_secrets_of_the_settings_are_hidden_whatever_they_look_like() -> None:
    hide = hider(["a pass phrase", "short", ""])
    assert hide("it is a pass phrase, short") == f"it is {HIDDEN}, short"


def test_with_no_secrets_known_the_looks_decide() -> None:
    assert hider([])(f"token={TOKEN}") == f"token={HIDDEN}"
