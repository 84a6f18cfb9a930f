"""What is made of tesseract's table, without running it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from documents.extract import recognition
from documents.extract.pages import Picture
from documents.extract.recognition import (
    RecognisedText,
    RecognitionFailed,
    Word,
    blocks_of,
    letters_of,
    packed,
    recognise,
    unpacked,
)
from documents.text.placing import boxes_of_span
from documents.types import Block, Box, PageLetters

HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)
PICTURE = Picture(200, 100, bytes(range(200)) * 100, PageLetters(1000, 500, "", ()))


def row(text: str, place: str = "1 1 1", box: str = "20 10 40 20", sure: str = "95.5") -> str:
    block, paragraph, line = place.split()
    return "\t".join(["5", "1", block, paragraph, line, "1", *box.split(), sure, text])


def read(*rows: str, turn: int = 0, monkeypatch: pytest.MonkeyPatch) -> RecognisedText:
    """Return what is recognised when tesseract answers with these rows."""

    def answer(pixels: Any, options: Any, seconds: float) -> bytes:
        if "osd" in options:
            return f"Rotate: {turn}\nOrientation confidence: 9.50\n".encode()
        return "\n".join([HEAD, *rows]).encode()

    monkeypatch.setattr(recognition, "_tesseract", answer)
    return recognise(PICTURE, "eng")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    recognition.missing.cache_clear()
    yield
    recognition.missing.cache_clear()


# --- the table --------------------------------------------------------------------------


def test_a_word_has_its_text_its_place_and_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = read(row("wren"), monkeypatch=monkeypatch)
    assert text.words == (Word("wren", Box(100, 50, 300, 150), 95.5, 0, 0),)


@pytest.mark.parametrize(
    ("turn", "box"),
    [
        (0, Box(100, 50, 300, 150)),  # the pixels 20-60 of 200 across, 10-30 of 100 down
        (90, Box(50, 200, 150, 400)),  # upright it is 100 wide and 200 high
        (180, Box(700, 350, 900, 450)),
        (270, Box(850, 100, 950, 300)),
    ],
)
def test_a_place_on_the_upright_picture_is_found_on_the_page(
    monkeypatch: pytest.MonkeyPatch, turn: int, box: Box
) -> None:
    text = read(row("wren"), turn=turn, monkeypatch=monkeypatch)
    assert text.turned == turn
    assert text.words[0].box == box


def test_the_upright_picture_is_turned_clockwise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def answer(pixels: Any, options: Any, seconds: float) -> bytes:
        seen.append(pixels)
        return b"Rotate: 90\nOrientation confidence: 9\n" if "osd" in options else b""

    monkeypatch.setattr(recognition, "_tesseract", answer)
    recognise(PICTURE, "eng")
    first, upright = seen
    assert upright.shape == (200, 100)
    assert np.array_equal(upright[0], first[::-1, 0])  # what was on the left is on top


@pytest.mark.parametrize(
    "bad",
    ["", "wren", "5\t1", row("wren", box="a 1 2 3"), row("wren", sure="-"), row("  "),
     row("wren", sure="12.0"), HEAD],
)  # fmt: skip
def test_a_row_that_is_no_word_is_left_out(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    words = read(row("The"), bad, row("heron"), monkeypatch=monkeypatch).words
    assert [word.text for word in words] == ["The", "heron"]


def test_places_outside_of_the_page_are_brought_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = read(row("wren", box="-50 -50 900 900"), monkeypatch=monkeypatch)
    assert text.words[0].box == Box(0, 0, 1000, 500)


@pytest.mark.parametrize(
    "rows",
    [[row("wren", sure="40")], [row("~"), row("|")], [row("a")], [],
     [row("w", sure="96"), row("garbageofablot", sure="30")]],
)  # fmt: skip
def test_what_is_not_sure_to_be_text_is_none(
    monkeypatch: pytest.MonkeyPatch, rows: list[str]
) -> None:
    assert read(*rows, monkeypatch=monkeypatch).words == ()


def test_a_blank_page_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "_tesseract", lambda *_: pytest.fail("looked at"))
    blank = Picture(2, 2, b"\xff" * 4, PageLetters(10, 10, "", ()))
    assert recognise(blank, "eng") == RecognisedText(10, 10)


@pytest.mark.parametrize(
    "answer",
    [b"", b"Rotate: 45\nOrientation confidence: 9\n", b"Rotate: 90\n",
     b"Rotate: 90\nOrientation confidence: 0.40\n"],
)  # fmt: skip
def test_a_page_stays_as_it_is_when_its_upper_side_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(recognition, "_tesseract", lambda *_: answer)
    assert recognition._rotation(np.zeros((2, 2), np.uint8)) == 0


def test_a_page_stays_as_it_is_when_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bytes:
        raise RecognitionFailed

    monkeypatch.setattr(recognition, "_tesseract", fail)
    assert recognition._rotation(np.zeros((2, 2), np.uint8)) == 0


# --- what is made of the words ---------------------------------------------------------------


def word(text: str, paragraph: int, line: int, left: int = 0) -> Word:
    return Word(text, Box(left, 100 * line, left + 90, 100 * line + 80), 95.0, paragraph, line)


PAGE = RecognisedText(
    1000,
    1400,
    (word("The", 0, 0), word("wren", 0, 0, 100), word("sings.", 0, 1), word("Next", 1, 2)),
    90,
)


def test_words_become_paragraphs_with_their_lines() -> None:
    assert blocks_of(PAGE.words) == (Block("The wren\nsings."), Block("Next"))


def test_a_quote_is_found_on_a_recognised_page() -> None:
    text = "The wren sings.\n\nNext"
    boxes = boxes_of_span(letters_of(PAGE), text, 4, 15)
    assert boxes == (PAGE.words[1].box, PAGE.words[2].box)


def test_every_letter_stands_where_its_word_does() -> None:
    letters = letters_of(PAGE)
    assert letters.text == "The wren\nsings.\nNext\n"
    assert len(letters.edges) == 4 * len(letters.text)
    assert letters.box(5) == PAGE.words[1].box
    assert letters.box(3) is None


def test_what_is_kept_comes_back_the_same() -> None:
    assert unpacked(packed(PAGE)) == PAGE


def test_long_words_count_more_for_how_sure_a_page_is() -> None:
    short, long = Word("a", Box(0, 0, 1, 1), 10, 0, 0), Word("wren", Box(0, 0, 1, 1), 90, 0, 0)
    assert RecognisedText(1, 1, (short, long)).confidence == pytest.approx(74)
    assert RecognisedText(1, 1).confidence == 0


# --- what is there -----------------------------------------------------------------------------


def languages(monkeypatch: pytest.MonkeyPatch, listed: bytes) -> None:
    done = subprocess.CompletedProcess([], 0, stdout=b"List of languages (2):\n" + listed)
    monkeypatch.setattr(recognition.shutil, "which", lambda _: "/usr/bin/tesseract")  # type: ignore[attr-defined]
    monkeypatch.setattr(recognition.subprocess, "run", lambda *_, **__: done)  # type: ignore[attr-defined]


def test_without_the_program_it_is_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    assert recognition.missing("eng") == "tesseract"


def test_with_all_languages_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    languages(monkeypatch, b"eng\nosd\ndeu\n")
    assert recognition.missing("eng+deu") == ""


def test_a_language_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    languages(monkeypatch, b"eng\nosd\n")
    assert recognition.missing("eng+deu") == "tesseract's language deu"
