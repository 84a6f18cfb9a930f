"""One page of a PDF drawn, and where its characters are."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from documents.errors import CorruptFile, NotFound, PasswordRequired
from documents.extract.pdf_page import Drawing, Wanted, draw, picture_size
from documents.types import PAGE_UNITS, Box
from tests.samples import encrypted_pdf_bytes, form_pdf_bytes, pdf_bytes, pdf_of_contents

#: A black square of 50 points, whose lower left corner is at (100, 700), on A4.
SQUARE = pdf_of_contents([b"0 g 100 700 50 50 re f"])
SIZE = (595, 842)


def changed(data: bytes, *, rotate: int = 0, **boxes: tuple[float, float, float, float]) -> bytes:
    """Return the file with its first page rotated and its boxes set."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    page = writer.pages[0]
    page.rotate(rotate)
    for name, edges in boxes.items():
        setattr(page, name, RectangleObject(edges))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def dark(drawing: Drawing) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is black, in pixels."""
    step = len(drawing.pixels) // (drawing.width * drawing.height)
    rows = [
        drawing.pixels[y * drawing.width * step :][: drawing.width * step : step]
        for y in range(drawing.height)
    ]
    inked = [y for y, row in enumerate(rows) if min(row) < 128]
    columns = [x for x in range(drawing.width) if any(rows[y][x] < 128 for y in inked)]
    return columns[0], inked[0], columns[-1] + 1, inked[-1] + 1


def inked(drawing: Drawing) -> tuple[float, ...]:
    """Return where the black is as shares of the picture, exact to a pixel."""
    left, top, right, bottom = dark(drawing)
    return (
        left / drawing.width,
        top / drawing.height,
        right / drawing.width,
        bottom / drawing.height,
    )


def lettered(drawing: Drawing) -> tuple[float, ...]:
    """Return the box around all characters as shares of the page."""
    letters = drawing.letters
    boxes = [box for i in range(len(letters.text)) if (box := letters.box(i))]
    whole: Box = boxes[0]
    for box in boxes[1:]:
        whole = whole.joined(box)
    return (
        whole.left / letters.width,
        whole.top / letters.height,
        whole.right / letters.width,
        whole.bottom / letters.height,
    )


def near(one: Any, other: Any, within: float = 0.006) -> bool:
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


# --- pictures -------------------------------------------------------------------------


def test_a_page_is_drawn_in_the_asked_width_and_its_own_proportions() -> None:
    drawing = draw(SQUARE, Wanted(1, width=600))
    assert (drawing.width, drawing.height) == (600, 849)
    assert len(drawing.pixels) == 3 * 600 * 849


def test_a_mark_on_the_page_is_where_it_is_on_paper() -> None:
    share = (100 / 595, (842 - 750) / 842, 150 / 595, (842 - 700) / 842)
    assert near(inked(draw(SQUARE, Wanted(1, width=600))), share)


def test_for_recognition_a_page_is_grey_and_of_the_asked_density() -> None:
    drawing = draw(SQUARE, Wanted(1, dpi=144))
    assert (drawing.width, drawing.height) == (1190, 1684)
    assert len(drawing.pixels) == 1190 * 1684
    share = (100 / 595, (842 - 750) / 842, 150 / 595, (842 - 700) / 842)
    assert near(inked(drawing), share)


def test_what_is_written_in_a_form_is_drawn_and_read() -> None:
    drawing = draw(form_pdf_bytes(value="Ada"), Wanted(1, width=600))
    assert "Ada" in drawing.letters.text


def test_a_file_that_opens_without_a_password_is_drawn() -> None:
    drawing = draw(encrypted_pdf_bytes("Open words", user_password=""), Wanted(1, width=600))
    assert "Open words" in drawing.letters.text


# --- characters -----------------------------------------------------------------------

TEXT = pdf_of_contents([b"BT /F1 40 Tf 150 600 Td (HOME) Tj ET"])


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (100, 550, 400, 700)])
def test_the_boxes_lie_on_the_ink_however_a_page_is_turned_and_cropped(
    rotate: int, crop: tuple[float, float, float, float] | None
) -> None:
    boxes = {"cropbox": crop} if crop else {}
    drawing = draw(changed(TEXT, rotate=rotate, **boxes), Wanted(1, width=600))
    assert near(lettered(drawing), inked(drawing))


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, "upper left"), (90, "upper right"), (180, "lower right"),
                           (270, "lower left")]
)  # fmt: skip
def test_a_turned_page_is_shown_upright_as_its_rotation_says(rotate: int, corner: str) -> None:
    left, top, right, bottom = lettered(draw(changed(TEXT, rotate=rotate), Wanted(1, width=600)))
    across = "left" if left + right < 1 else "right"
    assert f"{'upper' if top + bottom < 1 else 'lower'} {across}" == corner


def test_a_page_whose_box_begins_elsewhere_is_drawn_from_there() -> None:
    moved = changed(TEXT, mediabox=(100, 500, 400, 700), cropbox=(100, 500, 400, 700))
    drawing = draw(moved, Wanted(1, width=600))
    assert (drawing.width, drawing.height) == (600, 400)
    assert near(lettered(drawing), inked(drawing))


def test_text_beyond_the_crop_has_no_place() -> None:
    page = changed(TEXT, cropbox=(300, 100, 500, 300))
    letters = draw(page, Wanted(1, width=600)).letters
    assert all(letters.box(i) is None for i in range(len(letters.text)))


def test_the_longer_side_has_the_units_of_a_page() -> None:
    letters = draw(SQUARE, Wanted(1, width=600)).letters
    assert (letters.height, letters.width) == (PAGE_UNITS, round(PAGE_UNITS * 595 / 842))


def test_every_character_has_its_four_edges() -> None:
    letters = draw(pdf_bytes(["First line\nSecond line"]), Wanted(1, width=600)).letters
    assert len(letters.edges) == 4 * len(letters.text)
    assert [letters.box(i) for i, c in enumerate(letters.text) if c == "\n"] == [None]


# --- sizes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "width", "expected"),
    [
        ((595, 842), 1200, (1200, 1698)),
        ((842, 595), 1200, (1200, 848)),
        ((595, 842), 2400, (2400, 3396)),
        ((14_400, 14_400), 1200, (1200, 1200)),
        ((1, 1), 1200, (1200, 1200)),
        ((100, 1000), 1200, (200, 2000)),
        ((1, 14_400), 1200, (1, 2000)),
        ((14_400, 1), 1200, (1200, 1)),
        ((0, 0), 1200, (1200, 1200)),
    ],
)
def test_a_picture_is_bounded_whatever_the_page(
    page: tuple[float, float], width: int, expected: tuple[int, int]
) -> None:
    assert picture_size(*page, Wanted(1, width=width)) == expected


@pytest.mark.parametrize("page", [(14_400, 14_400), (1, 14_400), (14_400, 1), (3_000, 200)])
def test_a_picture_for_recognition_is_bounded_too(page: tuple[float, float]) -> None:
    width, height = picture_size(*page, Wanted(1, dpi=300))
    assert width * height <= 20_100_000


@pytest.mark.parametrize("edges", [(0, 0, 14_400, 14_400), (0, 0, 1, 1), (0, 0, 14_400, 3)])
def test_extreme_pages_are_drawn(edges: tuple[float, float, float, float]) -> None:
    drawing = draw(changed(TEXT, mediabox=edges, cropbox=edges), Wanted(1, width=600))
    assert 0 < drawing.width <= 600
    assert 0 < drawing.height <= 1000


# --- what cannot be drawn -----------------------------------------------------------------


@pytest.mark.parametrize("page", [0, -1, 2, 10**9])
def test_a_page_that_there_is_not_is_not_found(page: int) -> None:
    with pytest.raises(NotFound):
        draw(SQUARE, Wanted(page, width=600))


def test_a_file_that_is_no_pdf_is_corrupt() -> None:
    with pytest.raises(CorruptFile):
        draw(b"nothing of the kind", Wanted(1, width=600))


def test_a_file_with_a_password_is_refused() -> None:
    with pytest.raises(PasswordRequired):
        draw(encrypted_pdf_bytes(), Wanted(1, width=600))
